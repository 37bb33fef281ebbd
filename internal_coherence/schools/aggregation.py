"""From teachers to schools: one table of every school's scale means, with what may not be shown left out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, check_option
from internal_coherence.moments.grouping import Groups, SchoolMoments, group, school_moments
from internal_coherence.records import Record
from internal_coherence.responses import Responses, score
from internal_coherence.schools.disclosure.gates import Audience, Gates, check_audience
from internal_coherence.schools.response_rates import response_rates

Array = NDArray[np.float64]
Rule = Literal["teacher_scores", "item_means"]
RULES: Final[tuple[str, ...]] = get_args(Rule)
ANSWERS_ALIKE: Final = "the answers are too alike to be shown"
"""So few teachers differ from the rest, or from the end of the scale, that a mean would tell what each one answered."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SchoolTable(Record):
    """Schools by scales.

    Parameters
    ----------
    audience : {"district", "research"}
        Whom the table is for.
    rule : {"teacher_scores", "item_means"}
        What a school's score is.
    min_answered : int or float
        How much of a scale a teacher's score needs.
    gates : Gates
        What had to hold.
    wave : str or None
        Of the answers.
    status : {"reconstructed", "user"}
        Of the instrument.
    """

    _table: pd.DataFrame
    audience: Audience
    rule: Rule
    min_answered: float
    gates: Gates
    wave: str | None
    status: str

    def to_frame(self) -> pd.DataFrame:
        """Return the table, unrounded.

        Returns
        -------
        DataFrame
            One row a school and scale: ``school, scale, n, n_roster, response_rate, mean, sd, se, withheld``. Where
            ``withheld`` gives a reason, the numbers that it protects are missing.
        """
        return self._table.copy()

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values.

        Returns
        -------
        dict
            The rows under ``table``, and the decisions.
        """
        record = Record.to_dict(self)
        return {"table": record.pop("_table"), **record}

    def to_csv(self, path: str | Path) -> Path:
        """Write the table as CSV that a spreadsheet opens without running anything in it.

        Parameters
        ----------
        path : path
            The file to write.

        Returns
        -------
        Path
        """
        from internal_coherence.report import write_csv

        return write_csv(self._table, path)

    def _repr_html_(self) -> str:
        from internal_coherence.report import school_table

        return school_table(self)

    def __repr__(self) -> str:
        n_schools = self._table["school"].nunique()
        hidden = n_schools - self._table.loc[self._table["withheld"] == "", "school"].nunique()
        return (
            f"<SchoolTable: {n_schools} schools × {self._table['scale'].nunique()} scales, {hidden} schools withheld>"
        )


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
        raise ModelError("a table of all schools is for audience='district' or 'research'; a school reads its profile")
    check_option("rule", rule, RULES)
    responses = responses.one_wave("aggregate")
    gates = gates or Gates()
    scores = score(responses, min_answered=min_answered)
    groups = group(responses.school, len(scores))
    moments = school_moments(scores.to_numpy(), groups)
    means = moments.mean if rule == "teacher_scores" else _item_means(responses, groups)
    table = _long_table(responses, moments, means)
    table["withheld"] = withheld_reasons(responses, scores.to_numpy(), groups, moments, gates).ravel()
    if audience != "research":
        table = _without_withheld(table, gates)
    return SchoolTable(
        _table=table,
        audience=audience,
        rule=rule,
        min_answered=min_answered,
        gates=gates,
        wave=responses.waves[0] if responses.waves else None,
        status=responses.instrument.status,
    )


def withheld_reasons(
    responses: Responses, scores: Array, groups: Groups, moments: SchoolMoments, gates: Gates
) -> NDArray[np.object_]:
    """Return why each school's mean on each scale may not be shown.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    scores : (n, q) array
        Teachers' scores on the response scale.
    groups, moments : Groups, SchoolMoments
        Of the scores.
    gates : Gates
        What must hold.

    Returns
    -------
    (J, q) array of str
        Empty where the mean may be shown.
    """
    scales = responses.instrument.scales
    low, high = (np.array([getattr(scale, end) for scale in scales]) for end in ("low", "high"))
    apart = [moments.size - groups.sums((scores == end).astype(np.float64)) for end in (low, high)]
    alike = (np.minimum(*apart) < gates.min_cell) | (moments.sum_of_squares < 1e-12 * moments.size)
    reasons: NDArray[np.object_] = np.where(alike, ANSWERS_ALIKE, "").astype(object)
    few = gates.reason_to_withhold(0)
    reasons[moments.size < gates.min_teachers] = few
    for j, reason in enumerate(school_reasons(responses, gates)):
        if reason:
            reasons[j] = reason
    return reasons


def school_reasons(responses: Responses, gates: Gates) -> list[str]:
    """Return why each school, in order, may not be reported at all; empty where it may.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    gates : Gates
        What must hold.

    Returns
    -------
    list of str
    """
    rates = response_rates(responses)
    known = rates["response_rate"].notna()
    return [
        gates.reason_to_withhold(int(n), float(rate) if on else None, on_roster=responses.roster is None or bool(on))
        for n, rate, on in zip(rates["n"], rates["response_rate"], known, strict=True)
    ]


def _long_table(responses: Responses, moments: SchoolMoments, means: Array) -> pd.DataFrame:
    """Lay the statistics out, one row a school and scale."""
    rates = response_rates(responses).reindex(list(moments.labels))
    scales = [scale.key for scale in responses.instrument.scales]
    size, ss = moments.size, moments.sum_of_squares
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.where(size > 1, np.sqrt(ss / (size - 1)), np.nan)
        se = sd / np.sqrt(size)
    J, q = means.shape
    return pd.DataFrame(
        {
            "school": np.repeat(np.array(moments.labels, dtype=object), q),
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


def _without_withheld(table: pd.DataFrame, gates: Gates) -> pd.DataFrame:
    """Take out the numbers that are protected: all of a withheld row's, and the spread of few teachers."""
    shown = table.copy()
    hidden = shown["withheld"] != ""
    shown.loc[hidden, "mean"] = np.nan
    shown.loc[hidden | (shown["n"] < gates.min_distribution), ["sd", "se"]] = np.nan
    shown.loc[shown["n"] < gates.min_teachers, ["n", "response_rate"]] = np.nan
    return shown
