"""`Moments`: how many, their mean and their covariance. All that most statistics need, and all that a paper prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from internal_coherence.errors import ImproperSolutionWarning, ModelError, check_option, closest, listing, warn
from internal_coherence.moments.given import given_moments
from internal_coherence.moments.levels import LEVELS, MISSING, Level, Missing, level_moments
from internal_coherence.moments.one_pass import ScoreMoments
from internal_coherence.moments.pairs import PairMoments
from internal_coherence.moments.saturated import SaturatedNormal
from internal_coherence.moments.tables import Items, ItemTable, item_table
from internal_coherence.moments.trouble import INDEFINITE, smallest_eigenvalue, trouble
from internal_coherence.records import Record, plain

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Moments(Record):
    """The sufficient statistics of some items.

    Made by `Moments.from_data` or, of a covariance matrix from a paper, by `Moments.from_cov`.

    Parameters
    ----------
    names : tuple of str
        Of the k items.
    missing : {"listwise", "pairwise", "em", "given"}
        How missing answers were treated; "given" for a matrix that was handed in.
    level : {"total", "within", "between"}
        Of teachers, of teachers about their school's mean, or of schools.
    scores : ScoreMoments or None
        Of the teachers' means over the items that they answered; None if not known.
    pairs : PairMoments
        Counts, means and cross-products, pair by pair.
    n_groups : (k, k) array
        Schools behind each pair; 1 at the total level, where there is one mean.
    schools : tuple of str
        Which schools, where the level is not total.
    fit : SaturatedNormal or None
        The EM algorithm's report, log-likelihood included.
    """

    names: tuple[str, ...]
    missing: Missing | Literal["given"]
    level: Level
    scores: ScoreMoments | None
    pairs: PairMoments
    n_groups: Array
    schools: tuple[str, ...] = ()
    fit: SaturatedNormal | None = None

    @classmethod
    def from_data(
        cls,
        data: Items,
        *,
        missing: Missing = "listwise",
        level: Level = "total",
        school: ArrayLike | pd.Series | None = None,
    ) -> Moments:
        """Compute the moments of items.

        Parameters
        ----------
        data : DataFrame or (n, k) array, or Responses
            Rows are teachers, NaN is missing. `Responses` of one wave give all their items, and their schools.
        missing : {"listwise", "pairwise", "em"}
            From the teachers who answered every item; each covariance from those who answered both; or the maximum
            likelihood estimate under a normal distribution from everyone who answered anything.
        level : {"total", "within", "between"}
            Of teachers; pooled within schools; or between schools, a school counting by its teachers.
        school : (n,) array or Series, optional
            Each row's school, for the levels within and between.

        Returns
        -------
        Moments

        Raises
        ------
        ModelError
            For an option that does not exist, or a level without schools.
        ResponseError
            For items that are not a table of finite numbers, or where nothing is left to compute.

        Warns
        -----
        ImproperSolutionWarning
            If pairwise covariances contradict each other: the matrix is not positive definite, and stays so.

        Notes
        -----
        Divisors: n − 1 at the total level, n − J within J schools (Muthén's S_PW), and between them (J − 1)·n/J, so
        that equal schools give the plain covariance of their means (Muthén's S_B divided by the mean size). Then the
        sums of cross-products within and between add up to the total. EM divides by n, as maximum likelihood does
        (``lavaan``'s saturated model with ``missing = "ml"``). Muthén (1994); Dempster, Laird & Rubin (1977).

        Examples
        --------
        >>> import internal_coherence as ic
        >>> teachers = ic.example_responses().select(wave=2025)
        >>> m = ic.Moments.from_data(teachers, missing="pairwise", level="within")
        >>> m.cov.shape
        (50, 50)
        """
        check_option("missing", missing, MISSING)
        check_option("level", level, LEVELS)
        return moments_of_table(item_table(data, "Moments", school=school), missing, level)

    @classmethod
    def from_cov(
        cls,
        cov: ArrayLike | pd.DataFrame,
        n: int | ArrayLike | None,
        mean: ArrayLike | None = None,
        names: Sequence[str] | None = None,
    ) -> Moments:
        """Take a covariance or correlation matrix as it is.

        Parameters
        ----------
        cov : (k, k) array or DataFrame
            Covariances, with divisor n − 1, or correlations.
        n : int, (k, k) array, or None
            Teachers, or those behind each pair; None if the paper does not say: then there are no intervals.
        mean : (k,) array, optional
            Means of the items.
        names : sequence of str, optional
            Of the items; by default the columns of the frame, or "item 1", "item 2", …

        Returns
        -------
        Moments

        Raises
        ------
        ModelError
            If the matrix is not square, symmetric and finite, has a negative variance, or n is below 2.

        Warns
        -----
        ImproperSolutionWarning
            If the matrix is not positive definite.

        Examples
        --------
        >>> import internal_coherence as ic
        >>> m = ic.Moments.from_cov([[1, 0.5], [0.5, 1]], n=200)
        >>> round(ic.alpha(m).alpha, 3)
        0.667
        """
        if isinstance(cov, pd.DataFrame) and names is None:
            names = [str(c) for c in cov.columns]
        pairs = given_moments(cov, n, mean)
        k = len(pairs.n)
        labels = tuple(f"item {i + 1}" for i in range(k)) if names is None else tuple(str(x) for x in names)
        if isinstance(cov, pd.DataFrame) and [str(i) for i in cov.index] not in ([*labels], [str(i) for i in range(k)]):
            raise ModelError(f"the rows of the matrix are {listing(cov.index)}, its columns {listing(labels)}")
        if len(labels) != k or len(set(labels)) != k:
            raise ModelError(f"names must be {k} different names; got {listing(labels)}")
        made = cls(
            names=labels,
            missing="given",
            level="total",
            scores=None,
            pairs=pairs,
            n_groups=np.ones((k, k)),
        )
        return made._said()

    @property
    def n_rows(self) -> int | None:
        """Teachers that count: those who answered every item (listwise) or any item; None if not known."""
        if self.scores is not None:
            return self.scores.n
        return None if np.isnan(self.pairs.n).any() else int(self.pairs.n.max())

    @property
    def n(self) -> int | NDArray[np.intp] | None:
        """Teachers (schools at the level between): a number, a matrix of pairs under pairwise, None if not known."""
        if self.n_rows is None:
            return None
        counts = (self.n_groups if self.level == "between" else self.pairs.n).astype(np.intp)
        if self.missing == "em":
            return self.n_rows
        return int(counts[0, 0]) if (counts == counts[0, 0]).all() and self.missing != "pairwise" else counts

    @property
    def n_units(self) -> int | None:
        """The number that a standard error counts; None if not known.

        Teachers; schools at the level between; within schools the teachers less one for each school but one, since
        every school's mean was taken away.
        """
        if self.level == "between":
            return int(self.n_groups.max())
        return self.n_rows if self.n_rows is None else self.n_rows - int(self.n_groups.max()) + 1

    @property
    def counts(self) -> Array:
        """Teachers (schools at the level between) who answered each item, (k,)."""
        return np.diag(self.n_groups if self.level == "between" else self.pairs.n)

    @property
    def mean(self) -> Array:
        """Means of the items, (k,): over all who answered an item, weighted by school size at the level between."""
        means: Array = np.diagonal(self.pairs.mean)
        return means

    @property
    def df(self) -> Array:
        """What the sums of cross-products are divided by, (k, k)."""
        if self.missing == "em":
            return self.pairs.n
        if self.level == "between":
            between: Array = self.pairs.n - self.pairs.n / np.maximum(self.n_groups, 1)
            return between
        return np.where(np.isnan(self.pairs.n), 1.0, self.pairs.n - self.n_groups)

    @property
    def cov(self) -> Array:
        """Covariances, (k, k); NaN where too few answered both items."""
        df = self.df
        cov: Array = np.divide(self.pairs.cross, df, out=np.full(df.shape, np.nan), where=df > 0)
        return cov

    @property
    def cor(self) -> Array:
        """Correlations, (k, k), each with the standard deviations of those who answered both; NaN if one does not vary."""
        spread = self.pairs.square * self.pairs.square.T
        cor: Array = np.divide(self.pairs.cross, np.sqrt(spread), out=np.full(spread.shape, np.nan), where=spread > 0)
        return cor

    @property
    def converged(self) -> bool:
        """False if the EM algorithm ran out of steps, so that the moments are NaN."""
        return self.fit is None or self.fit.converged

    @property
    def log_likelihood(self) -> float:
        """Of the saturated normal model under EM; NaN otherwise."""
        return float("nan") if self.fit is None else self.fit.log_likelihood

    def select(self, items: Sequence[str]) -> Moments:
        """Return the moments of some of the items, in the order given.

        Parameters
        ----------
        items : sequence of str
            Their names.

        Returns
        -------
        Moments
            Who answered any of the chosen items is not known, so n counts those who answered the one that most did.

        Raises
        ------
        ModelError
            For a name that is not there.
        """
        if unknown := [str(i) for i in items if str(i) not in self.names]:
            hint = closest(unknown[0], self.names)
            raise ModelError(f"no item {listing(unknown)} in these moments; there are {listing(self.names)}{hint}")
        if len(set(items)) < len(items):
            raise ModelError("an item is chosen twice")
        place = np.ix_(*[[self.names.index(str(i)) for i in items]] * 2)
        return replace(
            self,
            names=tuple(str(i) for i in items),
            scores=None,
            pairs=self.pairs.at(place),
            n_groups=self.n_groups[place],
        )

    def merge(self, other: Moments) -> Moments:
        """Return the moments of both sets of rows together, as if they had been computed at once.

        Parameters
        ----------
        other : Moments
            Of other teachers: the same items, level and missing policy. Within and between schools, of other schools.

        Returns
        -------
        Moments

        Raises
        ------
        ModelError
            If the two can't be merged: EM estimates, other items, or schools that stand in both.
        """
        for what in ("names", "missing", "level"):
            if getattr(self, what) != getattr(other, what):
                msg = f"moments of different {what} can't be merged: {getattr(self, what)} and {getattr(other, what)}"
                raise ModelError(msg)
        if self.missing == "em":
            raise ModelError("EM estimates can't be merged; estimate again from the joined data")
        if self.n_rows is None or other.n_rows is None:
            raise ModelError("moments without n can't be merged")
        if shared := set(self.schools) & set(other.schools):
            raise ModelError(f"schools in both: {listing(sorted(shared))}; within and between need whole schools")
        together = self.pairs.merge(other.pairs)
        groups = self.n_groups if self.level == "total" else self.n_groups + other.n_groups
        if self.level == "within":
            pooled = (self.pairs.cross + other.pairs.cross, self.pairs.square + other.pairs.square)
            together = replace(together, cross=pooled[0], square=pooled[1])
        return replace(
            self,
            scores=None if self.scores is None or other.scores is None else self.scores.merge(other.scores),
            pairs=together,
            n_groups=groups,
            schools=self.schools + other.schools,
        )

    def trouble(self) -> str:
        """Say what keeps the covariances from being used as they are; empty if nothing does.

        Returns
        -------
        str
        """
        return trouble(self.cov, self.counts, self.names)

    def smallest_eigenvalue(self) -> float:
        """Return the smallest eigenvalue of the covariances, each item scaled by its variance.

        Returns
        -------
        float
            0 if some items determine others; below 0 only if no complete data could have these moments; NaN if
            some covariance is missing or an item does not vary.
        """
        return smallest_eigenvalue(self.cov)

    def _said(self) -> Moments:
        """Return these moments, having warned if no complete data could have them."""
        if (least := self.smallest_eigenvalue()) < -INDEFINITE:
            message = (
                f"these {self.missing} covariances are not positive definite (smallest eigenvalue of the correlations"
                f" {least:.2g}); they are used as they are, and what needs an inverse will fail"
            )
            warn(message, ImproperSolutionWarning)
        return self

    def to_frame(self) -> pd.DataFrame:
        """Return the means, standard deviations and covariances, a row an item.

        Returns
        -------
        DataFrame
            Indexed by ``item``; columns ``n``, ``mean``, ``sd``, then one an item.
        """
        cov = self.cov
        head = pd.DataFrame({"n": self.counts, "mean": self.mean, "sd": np.sqrt(np.diag(cov))})
        table = pd.concat([head, pd.DataFrame(cov, columns=list(self.names))], axis=1)
        return table.set_axis(pd.Index(self.names, name="item"), axis=0)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values: what a paper would print.

        Returns
        -------
        dict
        """
        shown = {name: getattr(self, name) for name in ("names", "missing", "level", "n", "mean", "cov")}
        return {**plain(shown), "log_likelihood": plain(self.log_likelihood), "converged": self.converged}

    def __repr__(self) -> str:
        n = self.n
        count = "not known" if n is None else str(n)
        if isinstance(n, np.ndarray):
            count = f"{n.min()}–{n.max()} a pair" if n.min() < n.max() else str(n.max())
        of = "schools" if self.level == "between" else "teachers"
        return f"<Moments of {len(self.names)} items, {self.level}, n = {count} ({of}), {self.missing}>"


def moments_of_table(table: ItemTable, missing: Missing, level: Level = "total") -> Moments:
    """Compute the moments of items that have been checked.

    Parameters
    ----------
    table : ItemTable
        The answers.
    missing : {"listwise", "pairwise", "em"}
        How missing answers are treated.
    level : {"total", "within", "between"}
        Of what.

    Returns
    -------
    Moments

    Raises
    ------
    ModelError
        If the level needs schools that are not known, or there is no EM for it.
    """
    found = level_moments(table, missing, level)
    return Moments(
        names=table.names,
        missing=missing,
        level=level,
        scores=found.scores,
        pairs=found.pairs,
        n_groups=found.n_groups,
        schools=found.schools,
        fit=found.fit,
    )._said()
