"""`ordering_sensitivity`: everything that could be wrong about an order's check, asked at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pandas as pd

from internal_coherence.errors import ModelError, ResponseError
from internal_coherence.ordering.doubt.claims import Doubted, turning_point
from internal_coherence.ordering.doubt.confounded_arrows import confounding_of
from internal_coherence.ordering.doubt.confounding_record import UnmeasuredConfounding
from internal_coherence.ordering.doubt.indirect_effects import CorrelatedErrors, correlated_errors_of
from internal_coherence.ordering.doubt.measurement_error import (
    IgnoredSchools,
    ImperfectReliability,
    ignored_schools,
    imperfect_reliability,
)
from internal_coherence.ordering.doubt.method_factor import CommonMethod, common_method
from internal_coherence.ordering.doubt.split_samples import SplitSampleOrdering, split_sample_ordering
from internal_coherence.ordering.doubt.who_answered import SelectiveResponse, selective_response
from internal_coherence.ordering.evidence import Level
from internal_coherence.ordering.graphs import Graph
from internal_coherence.ordering.orders import Order
from internal_coherence.records import Record
from internal_coherence.responses import Responses

if TYPE_CHECKING:
    from matplotlib.axes import Axes

T = TypeVar("T")
Row = tuple[str, str, str, float, float]
COLUMNS: Final = ("doubt", "about", "measure", "now", "value")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class OrderingSensitivity(Record):
    """How wrong an order's check could be.

    Parameters
    ----------
    order : str
        Its key.
    graph : Graph
        Its stages and arrows.
    confounding : UnmeasuredConfounding
        How strong something unmeasured must be to explain an arrow away.
    indirect : CorrelatedErrors
        What is left of indirect effects with something unmeasured behind mediator and outcome.
    method : CommonMethod
        What is left of associations without a method factor.
    halves : SplitSampleOrdering or None
        Between schools, with nobody telling of both cause and effect; None where that can't be.
    reliability : ImperfectReliability
        What the reliability of stages decides.
    schools : IgnoredSchools
        What schools decide.
    response : SelectiveResponse or None
        What those who did not answer could decide; None where response rates are not known.
    alpha : float
        Of two-sided tests.
    notes : tuple of str
        What could not be asked, and why.
    """

    order: str
    graph: Graph
    confounding: UnmeasuredConfounding
    indirect: CorrelatedErrors
    method: CommonMethod
    halves: SplitSampleOrdering | None
    reliability: ImperfectReliability
    schools: IgnoredSchools
    response: SelectiveResponse | None
    alpha: float
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return every doubt in a row: how much of it would change a conclusion.

        Returns
        -------
        DataFrame
            ``doubt, about`` (an arrow, a path, or an implied independence), ``measure``, ``now`` (what was found: an estimate, or a
            reliability) and ``value``: the amount of the measure. Where a measure is of what changes a decision, NaN says that
            nothing tried does.
        """
        rows = [*self._of_arrows(), *self._of_paths(), *self._of_method(), *self._of_halves(), *self._of_tests()]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def plot(self, ax: Axes | None = None, *, arrow: tuple[str, str] | None = None) -> Axes:
        """Draw what an arrow would be by how much something unmeasured explains of cause and effect.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.
        arrow : (str, str), optional
            Cause and effect; by default the one that is explained away most easily.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_confounding

        return draw_confounding(self.confounding, ax, arrow=arrow)

    def _of_arrows(self) -> Iterator[Row]:
        for row in _rows(self.confounding.arrows):
            about = f"{row.cause} → {row.effect}"
            for measure in ("partial_r2", "robustness_value", "robustness_value_alpha"):
                yield "unmeasured confounding", about, measure.replace("_", " "), row.estimate, getattr(row, measure)
        for row in _rows(self.confounding.benchmarks):
            about = f"{row.cause} → {row.effect} | {row.given}"
            measure = f"estimate with a confounder {row.strength:g} times {row.benchmark}"
            yield "unmeasured confounding", about, measure, row.estimate, row.adjusted_estimate

    def _of_paths(self) -> Iterator[Row]:
        for row in _rows(self.indirect.paths):
            about = f"{row.cause} → {row.mediator} → {row.effect}"
            yield "correlated errors", about, "correlation at which it vanishes", row.estimate, row.vanishing_rho

    def _of_method(self) -> Iterator[Row]:
        table = self.method.associations
        table = table[(table["taken_out"] != "marker") & (table["loading"] != self.method.loading)]
        for by, part in table.groupby(["first", "second", "given"], sort=False):
            p, loading = part["pvalue"].to_numpy(), part["loading"].to_numpy()
            now = float(part["estimate"].iloc[0])
            turn = turning_point(loading, p, start=0.0, rejected=bool(p[0] < self.alpha), alpha=self.alpha)
            yield "common method", _association(*by), "loading that changes the decision", now, turn

    def _of_halves(self) -> Iterator[Row]:
        if self.halves is not None:
            for row in _rows(self.halves.associations):
                about = _association(row.first, row.second, row.given)
                yield (
                    "shared raters",
                    about,
                    "between schools, nobody telling of both",
                    row.with_shared_raters,
                    row.estimate,
                )

    def _of_tests(self) -> Iterator[Row]:
        for row in _rows(self.reliability.turning):
            about = f"{_association(row.first, row.second, row.given)}; {row.stage}"
            yield "reliability", about, "reliability that changes the decision", row.found, row.turns_at
        for row in _rows(self.schools.tests):
            about = _association(row.first, row.second, row.given)
            yield "schools ignored", about, "design effect", row.estimate, row.design_effect
        if self.response is not None:
            for row in _rows(self.response.turning):
                about = f"{_association(row.first, row.second, row.given)}; {row.stage}"
                yield "selective response", about, "shift in SD that changes the decision", 0.0, row.turns_at

    def __repr__(self) -> str:
        arrows = self.confounding.arrows
        weakest = arrows.sort_values("robustness_value").iloc[0]
        told = f"{weakest['cause']} → {weakest['effect']}, falls to what explains {weakest['robustness_value']:.3f} of both"
        not_asked = "; see .notes" if self.notes else ""
        return f"<OrderingSensitivity {self.order!r}: of {len(arrows)} arrows the weakest, {told}{not_asked}>"


def ordering_sensitivity(
    responses: Responses, order: Order, *, at: Level = "within", alpha: float = 0.05, marker: str | None = None
) -> OrderingSensitivity:
    """Ask how wrong the check of an order could be, and for what reasons.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    order : Order
    at : {"within", "between"}
        Where arrows and paths are doubted: among teachers of a school, or among schools.
    alpha : float
        Of two-sided tests.
    marker : str, optional
        A scale that has nothing to do with the order's stages, for `common_method`.

    Returns
    -------
    OrderingSensitivity

    Raises
    ------
    ModelError, ResponseError
        As `check_ordering`. Halves of schools and selective response are left out, with a note, where the survey does not allow them.

    Notes
    -----
    Each part has a function of its own, with more choices: `unmeasured_confounding`, `correlated_errors`, `common_method`,
    `split_sample_ordering`, `imperfect_reliability`, `ignored_schools`, `selective_response`.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> truth = {("leadership", "team_support"): 0.5, ("team_support", "collective_efficacy"): 0.5}
    >>> district = ic.simulate_responses(n_schools=40, teachers=20, graph=truth, rng=1)
    >>> order = ic.Order.from_text("leadership -> team_support -> collective_efficacy")
    >>> ic.ordering_sensitivity(district, order)
    <OrderingSensitivity 'mine': of 2 arrows the weakest, team_support → collective_efficacy, falls to what explains 0.387 of both;
    see .notes>
    """
    doubted = Doubted.of(responses, order, "ordering_sensitivity")
    covariance, notes = doubted.covariance(at), list[str]()
    confounding = confounding_of(covariance, doubted.measured, doubted.graph, alpha=alpha)
    one_wave = doubted.responses
    halves = _or_why(lambda: split_sample_ordering(one_wave, order), "halves of schools", notes)
    response = _or_why(lambda: selective_response(one_wave, order, alpha=alpha), "selective response", notes)
    method = common_method(one_wave, order, marker=marker)
    return OrderingSensitivity(
        order=order.key,
        graph=order.graph(),
        confounding=confounding,
        indirect=correlated_errors_of(covariance, doubted.measured, doubted.graph),
        method=method,
        halves=halves,
        reliability=imperfect_reliability(one_wave, order, alpha=alpha),
        schools=ignored_schools(one_wave, order),
        response=response,
        alpha=alpha,
        notes=(*notes, *method.notes, *(response.notes if response else ())),
    )


def _or_why(asked: Callable[[], T], what: str, notes: list[str]) -> T | None:
    """Return the answer, or None and the reason why there is none."""
    try:
        return asked()
    except (ModelError, ResponseError) as reason:
        notes.append(f"{what}: {reason}")
        return None


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    return iter(table.itertuples(index=False))


def _association(first: object, second: object, given: object) -> str:
    return f"{first}, {second}" + (f" | {given}" if given else "")
