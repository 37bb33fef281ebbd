"""Teachers whose answers may be careless: flags to look at, never a removal."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from internal_coherence.errors import ImproperSolutionWarning, ModelError, check_option
from internal_coherence.measurement.careless import carelessness as signs
from internal_coherence.measurement.careless.as_given import AsGiven, of_frame, of_responses
from internal_coherence.measurement.careless.screening_rules import INDICES, ScreeningCutoffs, flagged
from internal_coherence.measurement.entrance import ItemTable
from internal_coherence.moments.levels import MISSING, Missing
from internal_coherence.moments.sufficient import moments_of_table
from internal_coherence.records import Record, plain
from internal_coherence.responses import Responses

Array = NDArray[np.float64]
SINGULAR: Final = 1e-10
"""A smallest eigenvalue of the correlations below this is 0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Screening(Record):
    """Signs of careless answering. The table of teachers is for the analyst's eyes only; all else is counts.

    Parameters
    ----------
    n, n_items, n_scales : int
        Teachers, items, and scales behind the even–odd consistency.
    cutoffs : ScreeningCutoffs
        What was flagged.
    missing : {"pairwise", "em", "listwise"}
        How the covariances behind Mahalanobis' distance were estimated.
    notes : tuple of str
        Why an index could not be computed; empty if all could.
    """

    _table: pd.DataFrame
    _summary: pd.DataFrame
    n: int
    n_items: int
    n_scales: int
    cutoffs: ScreeningCutoffs
    missing: Missing
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the indices and flags of every teacher, for the analyst only: it must not be passed on.

        Returns
        -------
        DataFrame
            On the index of the answers: ``longstring irv mahalanobis mahalanobis_df mahalanobis_p even_odd completion``,
            a column ``flag_…`` for each index, and ``n_flags``.
        """
        return self._table.copy()

    def summary(self) -> pd.DataFrame:
        """Return how many teachers each index flags.

        Returns
        -------
        DataFrame
            Rows ``longstring irv mahalanobis even_odd completion``, ``any`` and ``two_or_more``; columns ``rule``,
            ``cutoff``, ``n_computed`` (teachers that have the index), ``n_flagged`` and ``share`` of those.
        """
        return self._summary.copy()

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values; teachers are left out.

        Returns
        -------
        dict
        """
        return {"summary": plain(self._summary), **Record.to_dict(self)}

    def __repr__(self) -> str:
        flagged = self._summary["n_flagged"]
        parts = ", ".join(f"{name} {flagged[name]}" for name in INDICES)
        return f"<Screening of {self.n} teachers: flagged {flagged['any']}, {flagged['two_or_more']} twice or more ({parts})>"


def screen_responses(
    data: Responses | pd.DataFrame | ArrayLike,
    *,
    scales: Mapping[str, Sequence[str]] | None = None,
    reversed: Sequence[str] = (),
    bounds: tuple[float, float] | None = None,
    missing: Missing = "pairwise",
    longstring: float | None = 0.5,
    irv_fence: float | None = 1.5,
    mahalanobis_p: float | None = 0.001,
    even_odd: float | None = 0.30,
    completion: float | None = 0.5,
) -> Screening:
    """Flag teachers whose answers look careless; nobody is removed, and no flag is proof.

    Parameters
    ----------
    data : Responses, or (n, k) DataFrame or array
        Of one wave. In a frame the answers *as given*, in the order of the questionnaire; NaN missing.
    scales : mapping of str to sequence of str, optional
        For a frame or array: the items of each scale, for the even–odd consistency. `Responses` know theirs.
    reversed : sequence of str, optional
        For a frame or array: the items worded against their scale.
    bounds : (low, high), optional
        For a frame with reversed items: the lowest and highest code allowed.
    missing : {"pairwise", "em", "listwise"}
        How means and covariances behind Mahalanobis' distance are estimated. The distance is over each teacher's
        answered items.
    longstring : int or float, optional
        Flag as many identical answers in a row: a share of the items (``0.5``), or a number of them (``12``). As all
        cut-offs, None flags nobody.
    irv_fence : float, optional
        Flag an intra-individual response variability that lies this many interquartile ranges or more below the lower
        quartile; one of 0 is always flagged.
    mahalanobis_p : float, optional
        Flag a squared distance that chi-square exceeds with a probability below this.
    even_odd : float, optional
        Flag an even–odd consistency below this.
    completion : float, optional
        Flag a share of answered items below this.

    Returns
    -------
    Screening
        ``.summary()`` counts; ``.to_frame()`` has a row for every teacher and is for the analyst only.

    Raises
    ------
    ResponseError
        For a frame of items that were turned round already, or scales of items that do not exist.
    ModelError
        For an option or a cut-off that makes no sense.

    Notes
    -----
    *Longstring*: the longest run of identical codes as given, before any reversal; a missing answer ends a run.
    Johnson (2005); half of the items is Curran's (2016) rule of thumb for a long questionnaire. *IRV*: the standard
    deviation of a teacher's codes as given, divisor n − 1; Dunn, Heggestad, Shanock & Theilgard (2018). No cut-off
    holds for all questionnaires; ours is Tukey's fence. *Mahalanobis*: D² with as many degrees of freedom as answered
    items; Meade & Craig (2012). Answers are not normal, so more than the nominal share are flagged.
    *Even–odd consistency*: each scale's mean over its first, third, … and over its second, fourth, … item, all coded in
    one direction, correlated across scales within a teacher, stepped up by Spearman–Brown; Meade & Craig (2012), with
    the .30 of Jackson (1976) as in Johnson (2005). It needs three scales; `Responses` of several formats are put on
    0–1 first, so that formats do not pass for consistency.

    In R: ``careless::longstring``, ``irv``, ``mahad`` and ``evenodd`` (version 1.2 turns its sign).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.screen_responses(ic.example_responses().select(wave=2025))
    <Screening of 593 teachers: flagged ...>
    """
    cutoffs = ScreeningCutoffs(
        longstring=longstring,
        irv_fence=irv_fence,
        mahalanobis_p=mahalanobis_p,
        even_odd=even_odd,
        completion=completion,
    )
    check_option("missing", missing, MISSING)
    if isinstance(data, Responses):
        if scales is not None or reversed or bounds is not None:
            raise ModelError("scales=, reversed= and bounds= are for a frame; Responses know theirs")
        answers = of_responses(data.one_wave("screen_responses"))
    else:
        answers = of_frame(data, scales or {}, reversed, bounds)
    n, k = answers.table.X.shape
    indices, notes = _indices(answers, missing)
    flags, summary = flagged(indices, cutoffs, k)
    return Screening(
        _table=pd.concat([indices, flags], axis=1),
        _summary=summary,
        n=n,
        n_items=k,
        n_scales=len(answers.scales),
        cutoffs=cutoffs,
        missing=missing,
        notes=notes,
    )


def _indices(answers: AsGiven, missing: Missing) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return every index of every teacher, and why one could not be computed."""
    n, k = answers.table.X.shape
    mean, precision, singular = _centre(answers.table, missing)
    longstring, answered = np.empty((2, n), dtype=np.intp)
    irv, D2, even_odd = np.full((3, n), np.nan)
    for start in range(0, n, signs.ROWS):
        rows = slice(start, start + signs.ROWS)
        X = answers.table.X[rows]
        longstring[rows] = signs.longest_run(X)
        irv[rows] = signs.response_variability(X)
        answered[rows] = np.count_nonzero(~np.isnan(X), axis=1)
        if not singular:
            D2[rows] = signs.squared_distances(X - mean, precision)
        if len(answers.scales) >= signs.FEWEST_SCALES:
            even_odd[rows] = signs.consistency(*signs.half_means(answers.coded(rows), answers.scales))
    notes = [f"mahalanobis: {singular}"] if singular else []
    if len(answers.scales) < signs.FEWEST_SCALES:
        known = f"there are {len(answers.scales)}" if answers.scales else "none are known"
        notes.append(f"even_odd: needs {signs.FEWEST_SCALES} scales of two items or more; {known}")
    table = {
        "longstring": longstring,
        "irv": irv,
        "mahalanobis": D2,
        "mahalanobis_df": answered,
        "mahalanobis_p": chdtrc(answered, D2),
        "even_odd": even_odd,
        "completion": answered / k,
    }
    return pd.DataFrame(table, index=answers.table.index), tuple(notes)


def _centre(table: ItemTable, missing: Missing) -> tuple[Array, Array, str]:
    """Return the items' means, the inverse of their covariances, and why there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImproperSolutionWarning)  # the note says it
        moments = moments_of_table(table, missing)
    why = moments.trouble()
    if not why and moments.smallest_eigenvalue() < SINGULAR:
        why = "the covariances are singular: too few teachers for so many items, or some items determine others"
    return moments.mean, np.asarray(moments.cov if why else np.linalg.inv(moments.cov)), why
