"""`Alignment`: factor means and variances of many groups on one scale, and what is not the same in all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from internal_coherence.errors import check_level, check_option
from internal_coherence.latent.alignment.invariant_groups import p_values
from internal_coherence.latent.alignment.metric import Method
from internal_coherence.records import Record

Array = NDArray[np.float64]
Shown = Literal["means", "parameters"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Alignment(Record):
    """An alignment.

    Parameters
    ----------
    factors, groups : tuple of str
        Names.
    reference : str
        The group whose factor means are 0 and variances 1; empty under ``method="free"``.
    method : {"fixed", "free"}
        How the metric was fixed.
    epsilon : float
        ε of the loss.
    unit : {"raw", "pooled_sd"}
        In what unit of the items the loss was taken.
    estimator, missing : str
        Of the configural model.
    n, n_excluded : int
        Rows used, and left out for missing answers, in the groups that are in.
    n_clusters : int
        Schools within which rows may go together; 0 if rows are taken as independent.
    means : DataFrame
        A row a factor and group: ``factor, group, n, mean, se, variance, variance_se, rank, significantly_smaller``; rank 1 is
        the largest mean, and the last column names the groups whose mean is smaller with p < .05, each pair by itself.
    parameters : DataFrame
        A row a factor, item, kind (``"loading"``, ``"intercept"``) and group: ``configural``, ``estimate`` and ``se`` of the
        aligned parameter, its ``difference`` from the average of the invariant groups and that one's ``pvalue``, and whether
        the group is among these, ``invariant``.
    invariance : DataFrame
        A row a factor, item and kind: ``average`` over the invariant groups, ``r_squared``, ``n_invariant``,
        ``n_noninvariant``, ``loss`` (what it adds to the loss), ``noninvariant_groups``; the other groups are the invariant set.
    search : DataFrame
        A row a factor: ``loss``, ``converged``, ``n_starts``, ``n_agreeing`` (starts that ended at this minimum),
        ``next_loss`` (that of the next deepest, NaN if all agree), ``reference_pull`` (by how many standard deviations the
        reference group's mean moves against the others' for being held at 0; NaN under ``"free"``).
    fits : DataFrame
        A row a group: ``group, n, n_excluded, chisq, df, pvalue, cfi, rmsea, srmr, note`` of the configural model.
    left_out : DataFrame
        ``group, n, reason`` of groups whose configural model failed.
    notes : tuple of str
        What was warned of.
    """

    factors: tuple[str, ...]
    groups: tuple[str, ...]
    reference: str
    method: Method
    epsilon: float
    unit: str
    estimator: str
    missing: str
    n: int
    n_excluded: int
    n_clusters: int
    means: pd.DataFrame
    parameters: pd.DataFrame
    invariance: pd.DataFrame
    search: pd.DataFrame
    fits: pd.DataFrame
    left_out: pd.DataFrame
    notes: tuple[str, ...]
    _mean_cov: tuple[Array, ...]

    @property
    def noninvariant_share(self) -> float:
        """The share of all loadings and intercepts, each in each group, that are not invariant; NaN without standard errors."""
        flags = self.parameters.loc[self.parameters["pvalue"].notna(), "invariant"]
        return float(1 - flags.mean()) if len(flags) else float("nan")

    @property
    def starts_agree(self) -> bool:
        """Whether every start ended at the same minimum, for every factor."""
        return bool((self.search["n_agreeing"] == self.search["n_starts"]).all())

    def pairwise(self, factor: str | None = None) -> pd.DataFrame:
        """Return every two groups' difference of factor means.

        Parameters
        ----------
        factor : str, optional
            Which; by default the first.

        Returns
        -------
        DataFrame
            ``factor, first, second, difference, se, z, pvalue, p_holm``; the first of a pair has the larger mean. Holm's p
            allows for all pairs of this factor being looked at.

        Raises
        ------
        ModelError
            For a factor that is not there.
        """
        name = self._factor(factor)
        table = self.means[self.means["factor"] == name].reset_index(drop=True)
        order = np.argsort(-table["mean"].to_numpy(), kind="stable")
        value = table["mean"].to_numpy()[order]
        cov = self._mean_cov[self.factors.index(name)][np.ix_(order, order)]
        i, j = np.triu_indices(len(order), 1)
        difference, variance = value[i] - value[j], np.diag(cov)[i] + np.diag(cov)[j] - 2 * cov[i, j]
        se = np.sqrt(np.where(variance < 0, np.nan, variance))
        p = p_values(difference, variance)
        labels = table["group"].to_numpy()[order]
        return pd.DataFrame(
            {
                "factor": name,
                "first": labels[i],
                "second": labels[j],
                "difference": difference,
                "se": se,
                "z": difference / np.where(se > 0, se, np.nan),
                "pvalue": p,
                "p_holm": holm(p),
            }
        )

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return the factor means and variances with limits.

        Parameters
        ----------
        level : float
            Of the limits of the means.

        Returns
        -------
        DataFrame
            `means` without its last column, with ``lower`` and ``upper`` after ``se``.
        """
        check_level(level)
        table = self.means.drop(columns="significantly_smaller")
        reach = float(ndtri((1 + level) / 2)) * table["se"]
        at = list(table.columns).index("se")
        table.insert(at + 1, "lower", table["mean"] - reach)
        table.insert(at + 2, "upper", table["mean"] + reach)
        return table

    def plot(self, ax: Any = None, *, factor: str | None = None, of: Shown = "means") -> Any:
        """Draw the groups' means in order, or what is not invariant.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        factor : str, optional
            Which; by default the first.
        of : {"means", "parameters"}
            The means with 95 % intervals; or loadings and intercepts by groups, those that are not invariant marked.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_alignment

        return draw_alignment(self, ax, factor=factor, of=of)

    def _factor(self, factor: str | None) -> str:
        check_option("factor", self.factors[0] if factor is None else factor, self.factors)
        return self.factors[0] if factor is None else factor

    def __repr__(self) -> str:
        share = f"{100 * self.noninvariant_share:.1f} % of parameters not invariant"
        agreeing, of = min(
            zip(self.search["n_agreeing"], self.search["n_starts"], strict=True), key=lambda pair: pair[0] / pair[1]
        )
        starts = f"{agreeing} of {of} starts agree"
        lost = f", {len(self.left_out)} left out" if len(self.left_out) else ""
        return (
            f"<Alignment ({self.method}) of {len(self.factors)} factor{'s' * (len(self.factors) > 1)} in"
            f" {len(self.groups)} groups{lost}: {share}; {starts}; n = {self.n}>"
        )


def holm(p: Array) -> Array:
    """Return p values adjusted by Holm's method.

    Parameters
    ----------
    p : (m,) array

    Returns
    -------
    (m,) array
    """
    order = np.argsort(p)
    stepped = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    found = np.empty(len(p))
    found[order] = stepped
    return found
