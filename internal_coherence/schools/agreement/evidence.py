"""May a school's mean speak for the school? Agreement, differences between schools and the mean's reliability, together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from internal_coherence.errors import ModelError, ResponseError
from internal_coherence.records import ByScale, Record
from internal_coherence.responses import Responses, score
from internal_coherence.schools.agreement.deviations import AverageDeviation, average_deviation
from internal_coherence.schools.agreement.evidence_in_words import WHAT_EACH_SUPPORTS, reading
from internal_coherence.schools.agreement.nulls import NullChoice
from internal_coherence.schools.agreement.within_group import Agreement, rwg_j
from internal_coherence.schools.variance.intraclass import icc1, icc2
from internal_coherence.schools.variance.intraclass_record import IntraclassCorrelation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class AggregationEvidence(Record):
    """What speaks for a school's mean as the school's, scale by scale, and what does not. For the analyst.

    Parameters
    ----------
    by_scale : DataFrame
        A row a scale: ``scale, n_teachers, n_missing, n_schools, n_without, median_size``; r_WG(J) against uniform
        answering (``rwg_j_mean, rwg_j_median, share_at_least_70, n_at_floor``) and against the other null distribution (the
        same with its name at the end); ``ad_m_mean``, its customary bound ``ad_m_bound`` and the
        ``share_within_bound`` of schools; ``icc1, F, p_value, icc2`` of the scale scores; ``reading``, in words.
    by_school : DataFrame
        A row a scale and school: ``scale, grpid, gsize, rwg_j``, r_WG(J) against the other null, ``ad_m``. Not gated.
    null : str
        The other null distribution.
    """

    by_scale: pd.DataFrame
    by_school: pd.DataFrame
    null: str

    def to_frame(self) -> pd.DataFrame:
        """Return the table by scale.

        Returns
        -------
        DataFrame
        """
        return self.by_scale.copy()

    def in_words(self) -> str:
        """Return a paragraph a scale, and what each part of the evidence supports.

        Returns
        -------
        str
        """
        paragraphs = zip(self.by_scale["scale"], self.by_scale["reading"], strict=True)
        return "\n".join([*(f"{scale}: {words}" for scale, words in paragraphs), WHAT_EACH_SUPPORTS])

    def __repr__(self) -> str:
        table = self.by_scale
        return (
            f"<AggregationEvidence: {len(table)} scales, median r_WG(J) {_span(table['rwg_j_median'])},"
            f" ICC(1) {_span(table['icc1'])}, ICC(2) {_span(table['icc2'])}; no threshold decides>"
        )


def aggregation_evidence(responses: Responses, *, null: NullChoice = "slight_skew") -> AggregationEvidence:
    """Bring together what there is to say on whether a school's mean may speak for the school.

    Parameters
    ----------
    responses : Responses
        Of one wave.
    null : {"slight_skew", "moderate_skew", "heavy_skew", "triangular"}, float or (A,) array
        The null distribution besides the uniform one, as in `rwg_j`.

    Returns
    -------
    AggregationEvidence
        For the analyst: neither table is gated.

    Raises
    ------
    ResponseError
        If the responses are of several waves, or not Responses.
    ModelError
        For a null distribution that does not exist, or is the uniform one again.

    Notes
    -----
    Three questions that are often taken for one. Do teachers of a school agree (r_WG(J), AD_M)? Do schools differ
    (ICC(1), F)? Is the mean of so many teachers reliable (ICC(2))? Schools can agree within and all be alike, or differ
    reliably in their means with little agreement within. Bliese (2000); LeBreton & Senter (2008).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> evidence = ic.aggregation_evidence(ic.example_responses().select(wave=2025))
    >>> evidence.to_frame()[["scale", "n_schools", "rwg_j_median", "icc1", "icc2"]].head(2).round(2)
                 scale  n_schools  rwg_j_median  icc1  icc2
    0       leadership         24          0.31  0.13  0.79
    1  public_learning         24          0.33  0.15  0.81
    """
    if not isinstance(responses, Responses):
        raise ResponseError("aggregation_evidence takes Responses: it needs scales, their format and the schools")
    if isinstance(null, str) and null == "uniform":
        raise ModelError("null='uniform' is compared with anyway; choose another beside it")
    one = responses.one_wave("aggregation_evidence")
    agreement = cast("ByScale[Agreement]", rwg_j(one))
    deviation, scores = cast("ByScale[AverageDeviation]", average_deviation(one)), score(one)
    rows, schools, name = [], [], ""
    for scale, uniform in agreement.items():
        other, away = uniform.under(null), deviation[scale]
        name = other.null
        row = _agreement_row(uniform, "") | _agreement_row(other, f"_{name}") | _deviation_row(away)
        row = _size_row(uniform) | row | _variance_row(scores[scale], one.school)
        rows.append({"scale": scale, **row, "reading": reading(row, name)})
        table = uniform.by_school[["grpid", "gsize", "rwg_j"]]
        table = table.assign(**{f"rwg_j_{name}": other.by_school["rwg_j"], "ad_m": away.by_school["ad_m"]})
        schools.append(table.assign(scale=scale))
    by_school = pd.concat(schools, ignore_index=True)
    return AggregationEvidence(
        by_scale=pd.DataFrame(rows), by_school=by_school[["scale", *by_school.columns.drop("scale")]], null=name
    )


def _size_row(agreement: Agreement) -> dict[str, Any]:
    sizes = agreement.by_school["gsize"].to_numpy()
    return {
        "n_teachers": agreement.n,
        "n_missing": agreement.n_missing,
        "n_schools": agreement.n_schools,
        "n_without": agreement.n_without,
        "median_size": float(np.median(sizes[sizes >= 2])) if agreement.n_schools else float("nan"),
    }


def _agreement_row(agreement: Agreement, end: str) -> dict[str, Any]:
    found = {
        "rwg_j_mean": agreement.mean,
        "rwg_j_median": agreement.median,
        "share_at_least_70": agreement.share(),
        "n_at_floor": agreement.n_at_floor,
    }
    return {f"{name}{end}": value for name, value in found.items()}


def _deviation_row(deviation: AverageDeviation) -> dict[str, Any]:
    return {
        "ad_m_mean": deviation.mean,
        "ad_m_bound": deviation.bound,
        "share_within_bound": deviation.share_within_bound(),
    }


def _variance_row(scores: pd.Series, school: pd.Series) -> dict[str, Any]:
    """Return how schools differ; NaN where there is one school only, or no two teachers of one."""
    try:
        one, two = (cast("IntraclassCorrelation", icc(scores, school)) for icc in (icc1, icc2))
    except ResponseError:
        return dict.fromkeys(("icc1", "F", "p_value", "icc2"), float("nan"))
    return {"icc1": one.estimate, "F": one.F, "p_value": one.p_value, "icc2": two.estimate}


def _span(values: pd.Series) -> str:
    return f"{values.min():.2f} to {values.max():.2f}"
