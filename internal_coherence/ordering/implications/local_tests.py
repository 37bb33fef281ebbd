"""Tests of what an order implies: each independence, and all together, teachers of a school going together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc, nctdtrinc, stdtr, stdtrit

from internal_coherence.ordering.evidence import StageCovariance, covariance_by_school, error_by_school
from internal_coherence.ordering.graphs import Independence
from internal_coherence.ordering.implications.functions import fisher_z
from internal_coherence.records import Record

Array = NDArray[np.float64]
Verdict = Literal["contradicted", "compatible", "cannot tell", "untestable"]
COLUMNS: Final = (
    *("level", "implication", "first", "second", "given", "estimate", "ci_lower", "ci_upper", "statistic", "df"),
    *("pvalue", "pvalue_holm", "pvalue_bh", "detectable", "verdict"),
)
POWER: Final = 0.80
MOST_BETWEEN: Final = 3
"""Implications between schools up to which F holds its level."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointTest(Record):
    """All implications of an order together.

    Parameters
    ----------
    level : str
        Within schools, between them, or both.
    method : {"hotelling", "bonferroni", ""}
        F of all together; or the smallest p of the single tests times their number, where schools are too few for F, or it does not
        hold its level: between schools, with more than three implications. Empty where there are none.
    n_implications, n_schools : int
        q and J.
    statistic, df, df_residual : float
        F = W (J − q)/(q (J − 1)) of Wald's W, as Hotelling's T² of J schools; NaN where J ≤ q.
    pvalue : float
        By the method.
    fisher_c, fisher_df, fisher_pvalue : float
        −2 Σ log p of the single tests, against χ² with 2q degrees of freedom.
    """

    level: str
    method: Literal["hotelling", "bonferroni", ""]
    n_implications: int
    n_schools: int
    statistic: float
    df: int
    df_residual: int
    pvalue: float
    fisher_c: float
    fisher_df: int
    fisher_pvalue: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Associations:
    """Partial correlations that an order says are 0, on Fisher's scale.

    Parameters
    ----------
    claims : tuple of Independence
        q of them.
    z : (q,) array
        Fisher's transformation of each partial correlation.
    moved : (J, q) array
        What each school adds to it.
    """

    claims: tuple[Independence, ...]
    z: Array
    moved: Array

    @classmethod
    def of(cls, covariance: StageCovariance, claims: Sequence[Independence]) -> Associations:
        """Estimate them.

        Parameters
        ----------
        covariance : StageCovariance
        claims : sequence of Independence
            Of its stages.

        Returns
        -------
        Associations
        """
        place = {stage: k for k, stage in enumerate(covariance.stages)}
        z, moved = np.empty(len(claims)), np.empty((covariance.n_schools, len(claims)))
        for c, claim in enumerate(claims):
            given = [place[stage] for stage in claim.given]
            ends = place[claim.first], place[claim.second]
            z[c], moved[:, c] = fisher_z(covariance.matrix, covariance.contributions, *ends, given)
        return cls(claims=tuple(claims), z=z, moved=moved)

    @property
    def n_schools(self) -> int:
        """Schools, J."""
        return len(self.moved)

    @property
    def se(self) -> Array:
        """Standard errors, (q,)."""
        return error_by_school(self.moved)

    @property
    def pvalues(self) -> Array:
        """Two-sided, by t with J − 1 degrees of freedom, (q,)."""
        return np.asarray(2 * stdtr(self.n_schools - 1, -np.abs(self.z / self.se)), dtype=np.float64)

    def wald(self) -> float:
        """Return Wald's statistic of all together; NaN where there are no more schools than implications."""
        if not len(self.z) or self.n_schools <= len(self.z):
            return float("nan")
        return float(self.z @ np.linalg.solve(covariance_by_school(self.moved), self.z))

    def joint(self, level: str) -> JointP:
        """Return how likely so much violation is by chance, all together, where it was found at a level.

        Parameters
        ----------
        level : str
            Only within schools does F hold its level whatever their number.

        Returns
        -------
        JointP
        """
        by_f = level == "within" or len(self.z) <= MOST_BETWEEN
        return joint_pvalue(self.wald(), self.pvalues, self.n_schools, by_f=by_f)


def local_tests(found: Associations, level: str, *, alpha: float, matters: float) -> pd.DataFrame:
    """Test each implication alone.

    Parameters
    ----------
    found : Associations
    level : str
        What the rows are called.
    alpha : float
        Of all together.
    matters : float
        The smallest partial correlation that would matter: what the data could not have found, they do not speak for.

    Returns
    -------
    DataFrame
        A row an implication, as `OrderingResult.local_tests` documents.
    """
    q, df = len(found.claims), found.n_schools - 1
    if not q:
        return pd.DataFrame(columns=list(COLUMNS))
    from statsmodels.stats.multitest import multipletests

    se, p = found.se, found.pvalues
    reach = stdtrit(df, 1 - alpha / 2) * se
    holm, bh = (multipletests(p, alpha, method)[1] for method in ("holm", "fdr_bh"))
    detectable = np.tanh(nctdtrinc(df, 1 - POWER, stdtrit(df, 1 - alpha / q / 2)) * se)
    return pd.DataFrame(
        {
            "level": level,
            "implication": [str(claim) for claim in found.claims],
            "first": [claim.first for claim in found.claims],
            "second": [claim.second for claim in found.claims],
            "given": [", ".join(claim.given) for claim in found.claims],
            "estimate": np.tanh(found.z),
            "ci_lower": np.tanh(found.z - reach),
            "ci_upper": np.tanh(found.z + reach),
            "statistic": found.z / se,
            "df": df,
            "pvalue": p,
            "pvalue_holm": holm,
            "pvalue_bh": bh,
            "detectable": detectable,
            "verdict": [
                "contradicted" if small < alpha else "compatible" if least <= matters else "cannot tell"
                for small, least in zip(holm, detectable, strict=True)
            ],
        }
    )


def joint_test(found: Associations, level: str) -> JointTest:
    """Test all implications together.

    Parameters
    ----------
    found : Associations
    level : str
        What the test is called.

    Returns
    -------
    JointTest
    """
    q, J, nan = len(found.claims), found.n_schools, float("nan")
    p = found.joint(level)
    C = float(-2 * np.log(np.maximum(found.pvalues, 1e-300)).sum()) if q else nan
    return JointTest(
        level=level,
        method=p.method,
        n_implications=q,
        n_schools=J,
        statistic=p.statistic,
        df=q,
        df_residual=J - q,
        pvalue=p.pvalue,
        fisher_c=C,
        fisher_df=2 * q,
        fisher_pvalue=float(chdtrc(2 * q, C)) if q else nan,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JointP:
    """How likely so much violation is by chance, all implications taken together."""

    method: Literal["hotelling", "bonferroni", ""]
    statistic: float
    pvalue: float


def joint_pvalue(wald: float, pvalues: Array, n_schools: int, *, by_f: bool) -> JointP:
    """Join tests that rest on the same schools.

    Parameters
    ----------
    wald : float
        Wald's statistic of all.
    pvalues : (q,) array
        Of each alone.
    n_schools : int
        J.
    by_f : bool
        Whether F holds its level here.

    Returns
    -------
    JointP

    Notes
    -----
    F needs what schools add to be near normal, and unrelated to the estimates. With few schools and many functions of variances
    between them it is not, and F rejects too often: at 60 schools and 15 implications in .2 of surveys.
    """
    q, J, nan = len(pvalues), n_schools, float("nan")
    if not q:
        return JointP(method="", statistic=nan, pvalue=nan)
    F = wald * (J - q) / (q * (J - 1)) if q < J else nan
    if by_f and q < J:
        return JointP(method="hotelling", statistic=F, pvalue=float(fdtrc(q, J - q, F)))
    return JointP(method="bonferroni", statistic=F, pvalue=min(1.0, q * float(pvalues.min())))


def together(parts: Sequence[Associations], schools: Sequence[Sequence[str]]) -> Associations:
    """Put the implications of several levels side by side; the same schools add to all.

    Parameters
    ----------
    parts : sequence of Associations
        One a level.
    schools : sequence of sequence of str
        Their schools.

    Returns
    -------
    Associations
    """
    names = sorted({name for own in schools for name in own})
    place = {name: j for j, name in enumerate(names)}
    moved = np.zeros((len(names), sum(len(part.z) for part in parts)))
    start = 0
    for part, own in zip(parts, schools, strict=True):
        moved[[place[name] for name in own], start : start + len(part.z)] = part.moved
        start += len(part.z)
    return Associations(
        claims=tuple(claim for part in parts for claim in part.claims),
        z=np.concatenate([part.z for part in parts]),
        moved=moved,
    )


def verdict_of(tests: pd.DataFrame, joint: JointTest, alpha: float) -> Verdict:
    """Return what the tests of one level say of the order.

    Parameters
    ----------
    tests : DataFrame
        Of `local_tests`.
    joint : JointTest
    alpha : float

    Returns
    -------
    {"contradicted", "compatible", "cannot tell", "untestable"}
        *Contradicted* by the joint test. *Compatible* only if each violation that matters would have been found with 80 % power, and
        none was.
    """
    if not len(tests):
        return "untestable"
    if joint.pvalue < alpha:
        return "contradicted"
    return "compatible" if (tests["verdict"] == "compatible").all() and joint.pvalue >= alpha else "cannot tell"
