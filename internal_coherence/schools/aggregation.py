"""From teachers to schools: one table of every school's scale means, with what may not be shown left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import DisclosureError, check_option
from internal_coherence.moments.grouping import Groups, group
from internal_coherence.moments.spread import SchoolSpread, school_spread
from internal_coherence.records import ByScale
from internal_coherence.responses import Responses, score
from internal_coherence.responses.record import check_responses
from internal_coherence.schools.agreement.indices import rwg_j_from_variance
from internal_coherence.schools.agreement.ratings import complete
from internal_coherence.schools.disclosure.gates import Audience, Gates, check_audience
from internal_coherence.schools.disclosure.spreads import spreads_hidden
from internal_coherence.schools.disclosure.withholding import withheld_reasons
from internal_coherence.schools.response_rates import response_rates
from internal_coherence.schools.school_table import RULES, Rule, SchoolTable
from internal_coherence.schools.shrinkage.borrowing import of_components
from internal_coherence.schools.shrinkage.school_means_record import SchoolMeans
from internal_coherence.schools.variance.components import components_of
from internal_coherence.schools.variance.intraclass_estimates import Asked, correlations_of

Array = NDArray[np.float64]
SCALE_COLUMNS: Final = (
    "scale", "n", "n_schools", "mean", "icc1", "icc1_lower", "icc1_upper", "F", "p_value", "icc2", "icc2_lower",
    "icc2_upper", "tau2", "sigma2", "rwg_j",
)  # fmt: skip


def aggregate(
    responses: Responses,
    *,
    audience: Audience = "district",
    rule: Rule = "teacher_scores",
    min_answered: float = 0.5,
    gates: Gates | None = None,
) -> SchoolTable:
    """Mean, spread and standard error of every scale in every school.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    audience : {"district", "research"}
        To a district, schools that do not pass the gates are withheld; a researcher, who holds the answers anyway, sees
        them all, and in ``withheld`` what a district would not see.
    rule : {"teacher_scores", "item_means"}
        The school's score: the mean of its teachers' scale scores, or the mean of its item means. They differ where
        answers are missing.
    min_answered : int or float
        How much of a scale a teacher's score needs, as in `score`.
    gates : Gates, optional
        What must hold before a number is shown.

    Returns
    -------
    SchoolTable

    Raises
    ------
    ResponseError
        For responses of several waves.
    DisclosureError, ModelError
        For an audience that a table of all schools is not for, or an unknown rule.

    Notes
    -----
    ``sd`` is that of the teachers' scores (divisor n − 1) and ``se`` is sd/√n; they do not depend on the rule. Mean and
    SD of few teachers together tell nearly every score, so a district sees them from ``min_distribution`` teachers on.

    Empirical-Bayes means are of teachers' scores. Beside means of items they would tell on the few who answered too little
    to have a score, so with ``rule="item_means"`` a district does not get them. r_WG(J) is that of teachers who answered
    every item; a district sees it where these are ``min_distribution`` or more.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> table = ic.aggregate(ic.example_responses().select(wave=2025))
    >>> table
    <SchoolTable: 24 schools × 11 scales, 2 schools withheld>
    >>> table.to_frame().query("scale == 'leadership' and withheld != ''")[["school", "withheld"]]
          school                              withheld
    209   Poplar        fewer than 5 teachers answered
    231   Spruce  response rate 50.0% is below 65%
    """
    check_audience(audience)
    if audience == "school":
        msg = "a table of all schools is for audience='district' or 'research'; a school reads its profile"
        raise DisclosureError(msg)
    check_option("rule", rule, RULES)
    check_responses(responses, "aggregate")
    responses = responses.one_wave("aggregate")
    gates = gates or Gates()
    scores = score(responses, min_answered=min_answered).to_numpy()
    groups = group(responses.school, len(scores))
    spread = school_spread(scores, groups)
    reasons = withheld_reasons(responses, scores, groups, spread, gates)
    if rule == "item_means":
        few = (reasons == "") & (_fewest_answers(responses, groups) < gates.min_teachers)
        reasons[few] = f"fewer than {gates.min_teachers} teachers answered an item of it"
    usable = spread if audience == "research" else spread.where(reasons == "")
    means = _shrunken(responses, usable, audience)
    raw = spread.mean if rule == "teacher_scores" else _item_means(responses, groups)
    shown_means = means if rule == "teacher_scores" or audience == "research" else ByScale[SchoolMeans]({})
    table = _long_table(responses, spread, raw).assign(
        **_from_all(shown_means, responses, spread.labels),
        rwg_j=_agreement(responses, groups, 0 if audience == "research" else gates.min_distribution).ravel(),
        withheld=reasons.ravel(),
    )
    if audience != "research":
        table = _without_withheld(table, spreads_hidden(spread.size, reasons == "", gates), gates)
    return SchoolTable(
        by_scale=_by_scale(responses, usable, means, table),
        means=shown_means,
        audience=audience,
        rule=rule,
        min_answered=min_answered,
        gates=gates,
        wave=responses.waves[0] if responses.waves else None,
        status=responses.instrument.status,
        _table=table,
    )


def _shrunken(responses: Responses, spread: SchoolSpread, audience: Audience) -> ByScale[SchoolMeans]:
    """Return the empirical-Bayes means on every scale that two schools or more, one of them of two teachers, have."""
    found = {}
    for a, scale in enumerate(responses.instrument.scales):
        own = spread.columns([a])
        own = own.schools(own.size[:, 0] > 0)
        if len(own.labels) > 1 and (own.size > 1).any():
            [components] = components_of(own, "reml", np.zeros(1, dtype=np.intp))
            found[scale.key] = of_components(scale.key, own, 0, components, audience=audience)
    return ByScale(found)


def _from_all(means: ByScale[SchoolMeans], responses: Responses, labels: Sequence[str]) -> dict[str, Array]:
    """Return the columns that borrow from the other schools, one number a school and scale."""
    of = {"eb_mean": "mean", "eb_se": "se", "reliability": "reliability"}
    nobody = pd.DataFrame(columns=["school", *of.values()], dtype=float)
    tables = [
        (means[scale.key].to_frame() if scale.key in means else nobody).set_index("school").reindex(list(labels))
        for scale in responses.instrument.scales
    ]
    return {name: np.stack([table[column] for table in tables], axis=1).ravel() for name, column in of.items()}


def _agreement(responses: Responses, groups: Groups, fewest: int) -> Array:
    """Return r_WG(J) against answers spread evenly, by school and scale; NaN for a scale of one item.

    It tells how far the answers of those who answered every item differ, so it is NaN for fewer than `fewest` of them.
    """
    items, columns = responses.items, []
    for scale in responses.instrument.scales:
        ratings = complete(items[list(scale.item_keys)].to_numpy(), groups)
        null_variance = (scale.items[0].n_options ** 2 - 1) / 12
        found = rwg_j_from_variance(ratings.mean_item_variance(), ratings.n_items, null_variance)
        columns.append(np.where((ratings.n_items > 1) & (ratings.size >= fewest), found, np.nan))
    return np.stack(columns, axis=1)


def _by_scale(
    responses: Responses, spread: SchoolSpread, means: ByScale[SchoolMeans], table: pd.DataFrame
) -> pd.DataFrame:
    """Return one row a scale, of the schools that are shown."""
    agreement = table.groupby("scale")["rwg_j"].mean()
    none = np.zeros(1, dtype=np.intp)
    rows = []
    for a, scale in enumerate(responses.instrument.scales):
        row: dict[str, object] = {"scale": scale.key, "n": int(spread.size[:, a].sum())}
        row["n_schools"] = int((spread.size[:, a] > 0).sum())
        if scale.key in means:
            components = means[scale.key].components
            row |= {"mean": components.mean, "tau2": components.tau2, "sigma2": components.sigma2}
            for kind in ("icc1", "icc2"):
                [found] = correlations_of(spread.columns([a]), Asked(kind=kind), none)
                limits = found.confidence_interval()
                row |= {kind: found.estimate, f"{kind}_lower": limits.lower, f"{kind}_upper": limits.upper}
            row |= {"F": found.F, "p_value": found.p_value}
        rows.append(row | {"rwg_j": agreement[scale.key]})
    return pd.DataFrame(rows, columns=list(SCALE_COLUMNS))


def _long_table(responses: Responses, spread: SchoolSpread, means: Array) -> pd.DataFrame:
    """Lay the statistics out, one row a school and scale."""
    rates = response_rates(responses).reindex(list(spread.labels))
    scales = [scale.key for scale in responses.instrument.scales]
    size, ss = spread.size, spread.sum_of_squares
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.where(size > 1, np.sqrt(ss / (size - 1)), np.nan)
        se = sd / np.sqrt(size)
        means = np.where(size > 0, means, np.nan)
    J, q = means.shape
    return pd.DataFrame(
        {
            "school": np.repeat(np.array(spread.labels, dtype=object), q),
            "scale": np.array(scales * J, dtype=object),
            "n": size.ravel(),
            "n_roster": np.repeat(rates["n_roster"].to_numpy(), q),
            "response_rate": np.repeat(rates["response_rate"].to_numpy(), q),
            "mean": means.ravel(),
            "sd": sd.ravel(),
            "se": se.ravel(),
        }
    )


def _item_means(responses: Responses, groups: Groups) -> Array:
    """Return the mean of item means by school and scale; NaN where an item has no answer."""
    items = responses.items
    of_item = school_item_means(items.to_numpy(), groups)
    place = {key: k for k, key in enumerate(items.columns)}
    by_scale = [
        of_item[:, [place[key] for key in scale.item_keys]].mean(axis=1) for scale in responses.instrument.scales
    ]
    return np.stack(by_scale, axis=1)


def _fewest_answers(responses: Responses, groups: Groups) -> Array:
    """Return how many teachers answered the least answered item of each scale in each school."""
    answered = groups.sums(responses.items.notna().to_numpy(dtype=np.float64))
    place = {key: k for k, key in enumerate(responses.items.columns)}
    scales = responses.instrument.scales
    return np.stack([answered[:, [place[key] for key in s.item_keys]].min(axis=1) for s in scales], axis=1)


def school_item_means(X: Array, groups: Groups) -> Array:
    """Return each school's mean of each item over those who answered it.

    Parameters
    ----------
    X : (n, p) array
        NaN is missing.
    groups : Groups
        Of the n rows.

    Returns
    -------
    (J, p) array
        NaN where nobody answered.
    """
    present = ~np.isnan(X)
    count = groups.sums(present.astype(np.float64))
    with np.errstate(invalid="ignore"):
        means: Array = groups.sums(np.where(present, X, 0.0)) / np.where(count > 0, count, np.nan)
    return means


def _without_withheld(table: pd.DataFrame, spread_hidden: NDArray[np.bool_], gates: Gates) -> pd.DataFrame:
    """Take out the numbers that are protected: all of a withheld row's, and the spread of few teachers."""
    shown = table.copy()
    hidden = shown["withheld"] != ""
    shown.loc[hidden, ["mean", "eb_mean", "eb_se", "reliability"]] = np.nan
    shown.loc[hidden | spread_hidden.ravel(), ["sd", "se", "rwg_j"]] = np.nan
    shown.loc[shown["n"] < gates.min_teachers, ["n", "response_rate"]] = np.nan
    return shown
