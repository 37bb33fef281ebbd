"""`SemFit`: a fitted model, and everything that is asked of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, check_option
from internal_coherence.latent.fit.candidates import modification_table
from internal_coherence.latent.fit.estimates import estimate_table, r_squared, standardized_table
from internal_coherence.latent.fit.factor_scoring import ScoreMethod, latent_scores
from internal_coherence.latent.fit.goodness import Judged, all_measures
from internal_coherence.latent.fit.monte_carlo import monte_carlo_table
from internal_coherence.latent.fit.released import parted, wald
from internal_coherence.latent.fit.residual_errors import in_errors, residual_errors
from internal_coherence.latent.fit.residual_matrices import Unit, residuals_of
from internal_coherence.latent.inference.testing import p_value
from internal_coherence.latent.model.building import equalities, equations
from internal_coherence.latent.solving import Fitted
from internal_coherence.latent.table.par_table import ParTable
from internal_coherence.records import Record, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from internal_coherence.report import FitReading

Array = NDArray[np.float64]
Residual = Literal["raw", "cor.bentler", "cor.bollen", "normalized", "standardized"]
UNKNOWN: Final = (
    *("chisq", "df", "pvalue", "baseline_chisq", "cfi", "tli", "logl", "aic", "bic", "rmsea", "rmsea_ci_lower"),
    *("rmsea_ci_upper", "rmsea_pvalue", "srmr", "chisq_scaled", "df_scaled", "cfi_robust", "rmsea_robust"),
)
"""Measures that are asked for most, of a fit that did not converge."""
RESIDUALS: Final[tuple[str, ...]] = get_args(Residual)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SemFit(Record):
    """A model of latent variables, fitted.

    Parameters
    ----------
    table : ParTable
        The model.
    estimator : str
        As it was asked for.
    missing : {"listwise", "pairwise", "fiml"}
        How missing answers were treated.
    auxiliary : tuple of str
        Variables beside the model that told of missing answers; left out of the tables of estimates.
    converged : bool
        Whether a minimum was found; if not, all that rests on one is NaN.
    trouble : str
        Why not; empty if it was.
    n_steps : int
        Steps of the optimiser.
    n, n_excluded : int
        Rows used, and left out for missing answers.
    n_clusters : int
        Schools within which rows may go together; 0 if they are taken as independent.
    observed, latent, groups : tuple of str
        Names.
    notes : tuple of str
        What was warned of.
    """

    table: ParTable
    estimator: str
    missing: str
    auxiliary: tuple[str, ...]
    converged: bool
    trouble: str
    n_steps: int
    n: int
    n_excluded: int
    n_clusters: int
    observed: tuple[str, ...]
    latent: tuple[str, ...]
    groups: tuple[str, ...]
    notes: tuple[str, ...]
    _fitted: Fitted
    _judged: Judged | None
    _vcov: Array
    _index: pd.Index | None = None

    @property
    def df(self) -> int:
        """Degrees of freedom; −1 if the fit did not converge."""
        return -1 if self._judged is None else self._judged.df

    @property
    def chisq(self) -> float:
        """The standard test statistic."""
        return float("nan") if self._judged is None else self._judged.test.chisq

    @property
    def vcov(self) -> Array:
        """Covariances of the free parameters' estimates, in the order of ``table.rows["free"]``."""
        return self._vcov

    @property
    def coef(self) -> Array:
        """The free parameters' estimates, in the order of ``table.rows["free"]``."""
        return self._fitted.theta

    def fit_measures(self) -> pd.Series:
        """Return all measures of fit.

        Returns
        -------
        Series
            Under lavaan's names, with underscores for dots.
        """
        if self._judged is None:
            return pd.Series({"npar": float(self._fitted.n_free)} | dict.fromkeys(UNKNOWN, np.nan))
        return pd.Series(all_measures(self._judged))

    def parameter_estimates(self, level: float = 0.95) -> pd.DataFrame:
        """Return the estimates with standard errors, limits and standardised values.

        Parameters
        ----------
        level : float
            Of the limits.

        Returns
        -------
        DataFrame
            ``lhs, op, rhs, group, label, est, se, z, pvalue, ci_lower, ci_upper, std_lv, std_all``.
        """
        return estimate_table(self.table, self._fitted, self._vcov, _checked(level), self.auxiliary)

    def standardized_solution(
        self, type: Literal["std_all", "std_lv"] = "std_all", level: float = 0.95
    ) -> pd.DataFrame:  # lavaan's name
        """Return the standardised solution with its own standard errors.

        Parameters
        ----------
        type : {"std_all", "std_lv"}
            Give variance 1 to all variables, or to the latent ones only.
        level : float
            Of the limits.

        Returns
        -------
        DataFrame
            ``lhs, op, rhs, group, label, est_std, se, z, pvalue, ci_lower, ci_upper``.
        """
        check_option("type", type, ("std_all", "std_lv"))
        which: Literal["lv", "all"] = "all" if type == "std_all" else "lv"
        return standardized_table(self.table, self._fitted, self._vcov, which, _checked(level), self.auxiliary)

    def monte_carlo_limits(
        self, level: float = 0.95, draws: int = 20_000, rng: np.random.Generator | int | None = None
    ) -> pd.DataFrame:
        """Return limits of what ``:=`` defines by drawing the estimates from their normal distribution.

        Parameters
        ----------
        level : float
            Of the limits.
        draws : int
            How many; 100 or more.
        rng : Generator or int, optional
            By which they are drawn; a number for the same limits every time.

        Returns
        -------
        DataFrame
            ``lhs, est, se, ci_lower, ci_upper``. The limits need not lie evenly about the estimate, as those of
            `parameter_estimates`, by the delta method, do; for products, such as indirect effects, they hold better.

        Raises
        ------
        ModelError
            If the model defines nothing, or did not converge.

        Notes
        -----
        ``semTools::monteCarloCI(fit)``. MacKinnon, Lockwood & Williams (2004); Preacher & Selig (2012).
        """
        fitted = self._solved("Monte Carlo limits")
        if not self.table.definitions:
            raise ModelError("this model defines nothing by ':='; write for instance 'indirect := a*b'")
        if draws < 100:
            raise ModelError(f"draws={draws} are too few for limits; 100 at the least, some ten thousand to be steady")
        generator = np.random.default_rng(rng)
        return monte_carlo_table(self.table, fitted.theta, self._vcov, _checked(level), int(draws), generator)

    def r_squared(self) -> pd.DataFrame:
        """Return the share of every dependent variable's variance that the model explains.

        Returns
        -------
        DataFrame
            ``group, variable, r_squared``.
        """
        fitted = self._solved("R²")
        rows = [
            {"group": label, "variable": name, "r_squared": value}
            for g, label in enumerate(self.groups)
            for name, value in r_squared(fitted, g).items()
        ]
        return pd.DataFrame(rows, columns=["group", "variable", "r_squared"])

    def residuals(self, type: Residual = "cor.bentler", group: int | str = 1) -> pd.DataFrame:  # lavaan's name
        """Return what is observed less what the model says, of the covariances.

        Parameters
        ----------
        type : {"raw", "cor.bentler", "cor.bollen", "normalized", "standardized"}
            As they are; in standard deviations observed; as differences of correlations; in standard errors of the observed
            moments; or in standard errors of the residuals themselves, which are near standard normal if the model holds.
        group : int or str
            Which group, by its number from 1, as in the tables, or its name.

        Returns
        -------
        DataFrame
            Variables by variables; where the model speaks of means, a last row ``mean``. Standardised residuals that can't be
            anything but 0 are 0.

        Raises
        ------
        ModelError
            If the fit did not converge, for a group that is not there, and for standardised residuals of estimators without a theory
            of them, or of incomplete answers under a robust estimator with equalities or several groups.

        Notes
        -----
        ``lavaan::residuals(fit, type = )``. Under robust estimators standard errors come from the rows, or the schools, as the
        estimates' own do.
        """
        check_option("type", type, RESIDUALS)
        g = self._group(group)
        fitted = self._solved("residuals")
        p = fitted.problem
        unit: Unit = "raw" if type in ("normalized", "standardized") else type  # type: ignore[assignment]  # one of the others
        found = residuals_of(fitted.implied[g], p.samples[g], unit, means=p.rams[g].has_means)
        cov, mean = found.cov, found.mean
        if type == "cor.bollen":  # a mean has no correlation; it is left in standard deviations
            mean = residuals_of(fitted.implied[g], p.samples[g], "cor.bentler", means=p.rams[g].has_means).mean
        if type in ("normalized", "standardized"):
            errors = residual_errors(fitted, g, self._vcov, of_fit=type == "standardized")
            cov, mean = in_errors(cov, errors.cov), in_errors(mean, errors.mean)
        names = list(self.observed)
        table = pd.DataFrame(cov, index=names, columns=names)
        if p.rams[g].has_means:
            table.loc["mean"] = mean
        return table.drop(index=list(self.auxiliary), columns=list(self.auxiliary))

    def _group(self, group: int | str) -> int:
        if isinstance(group, str):
            check_option("group", group, self.groups)
            return self.groups.index(group)
        if not 1 <= group <= len(self.groups):
            raise ModelError(f"group={group} is not there; the groups are 1 to {len(self.groups)}")
        return group - 1

    def modification_indices(self) -> pd.DataFrame:
        """Return by how much χ² would fall if a parameter that is fixed to 0 were free, and where it would go.

        Returns
        -------
        DataFrame
            ``lhs, op, rhs, group, mi, epc, sepc_lv, sepc_all``: the index, the expected change, and that standardised.

        Notes
        -----
        ``lavaan::modindices(fit, sort. = FALSE)``. Of many indices the largest is large by chance too; a parameter that no theory
        names is better left where it is.
        """
        found = modification_table(self.table, self._solved("modification indices"))
        return found[~found["lhs"].isin(self.auxiliary) & ~found["rhs"].isin(self.auxiliary)].reset_index(drop=True)

    def score_test(self) -> pd.DataFrame:
        """Test the equalities: each alone, the others kept, and all together.

        Returns
        -------
        DataFrame
            ``lhs, op, rhs, chisq, df, pvalue``; the last row is the joint test.

        Raises
        ------
        ModelError
            If nothing is held equal.

        Notes
        -----
        ``lavaan::lavTestScore``.
        """
        fitted = self._solved("score tests")
        constraints = fitted.problem.constraints
        if constraints is None:
            raise ModelError("nothing in this model is held equal, so there is nothing to test")
        J, equal = constraints.jacobian(fitted.theta), equalities(self.table)
        named = [(self._name(a), self._name(b)) for a, b in equal.pairs]
        named += [(str(expression), "0") for expression in equal.expressions]
        alone = [parted(fitted, J, [k]) for k in range(len(J))]
        together = parted(fitted, J, None)
        rows = [(a, "==", b, x, 1, p_value(x, 1)) for (a, b), x in zip(named, alone, strict=True)]
        rows.append(("all", "==", "", together, len(J), p_value(together, len(J))))
        return pd.DataFrame(rows, columns=["lhs", "op", "rhs", "chisq", "df", "pvalue"])

    def wald_test(self, constraints: str) -> pd.DataFrame:
        """Test by Wald's statistic whether labelled parameters satisfy equations.

        Parameters
        ----------
        constraints : str
            One a line, ``"a == b"``, of labels of the model.

        Returns
        -------
        DataFrame
            One row: ``chisq, df, pvalue``.

        Raises
        ------
        ModelError
            For labels that are not there, and equations that follow from each other or from the model.

        Notes
        -----
        ``lavaan::lavTestWald``.
        """
        fitted = self._solved("a Wald test")
        asked = equations(self.table, constraints)
        chisq, df = wald(self._vcov, asked.residual(fitted.theta), asked.jacobian(fitted.theta))
        return pd.DataFrame({"chisq": [chisq], "df": [df], "pvalue": [p_value(chisq, df)]})

    def _solved(self, what: str) -> Fitted:
        if not self.converged:
            raise ModelError(f"{what}: this fit did not converge; {self.trouble}")
        return self._fitted

    def _name(self, parameter: int) -> str:
        row = next(row for row in self.table.entries if row.free == parameter + 1)
        return f"{row.name} in {self.groups[row.group - 1]}" if len(self.groups) > 1 else row.name

    def factor_scores(self, method: ScoreMethod = "regression") -> pd.DataFrame:
        """Return scores of the latent variables, row by row.

        Parameters
        ----------
        method : {"regression", "bartlett"}
            What is to be expected given the answers, which draws towards the mean; or what fits the answers best.

        Returns
        -------
        DataFrame
            Rows by latent variables, on the index of the data; rows that were left out are not there.
        """
        check_option("method", method, ("regression", "bartlett"))
        fitted = self._solved("factor scores")
        p, parts = fitted.problem, []
        for ram, sample in zip(p.rams, p.samples, strict=True):
            scores = latent_scores(ram, sample, fitted.theta, method)
            parts.append(pd.DataFrame(scores, columns=list(self.latent), index=sample.rows))
        whole = pd.concat(parts).sort_index()
        return whole if self._index is None else whole.set_axis(self._index[whole.index.to_numpy()])

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the path diagram.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.
        **options
            ``standardized=True``, ``group=1``, ``items=True``, ``numbers=True``, ``level=0.95``, ``labels=None``.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_path_diagram

        return draw_path_diagram(self, ax, **options)

    def plot_loadings(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the standardised loadings with their intervals, an item a row and a factor a column.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.
        **options
            ``group=1``, ``level=0.95``.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_loading_map

        return draw_loading_map(self, ax, **options)

    def plot_residuals(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw what the model leaves of every correlation.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.
        **options
            ``type="cor.bollen"``, ``group=1``.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_residual_map

        return draw_residual_map(self, ax, **options)

    def plot_modification_indices(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the largest modification indices beside what chance makes of so many.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default on a figure of its own.
        **options
            ``top=15``.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_modification_indices

        return draw_modification_indices(self, ax, **options)

    def read(self) -> FitReading:
        """Say in plain words what the test and the indices tell, and what they can't.

        Returns
        -------
        FitReading
            Its ``.text`` is a text, its ``.sentences`` the parts.
        """
        from internal_coherence.report import read_fit

        return read_fit(self)

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates, as `parameter_estimates`.

        Returns
        -------
        DataFrame
        """
        return self.parameter_estimates()

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values: the estimates, the fit, and the decisions.

        Returns
        -------
        dict
        """
        return {
            **Record.to_dict(self),
            "estimates": plain(self.parameter_estimates()),
            "fit": plain(self.fit_measures().to_dict()),
        }

    def __repr__(self) -> str:
        if not self.converged:
            return f"<SemFit, {self.estimator}: not converged; {self.trouble}>"
        m = self.fit_measures()
        end = "_scaled" if "chisq_scaled" in m else ""
        test = f"{m[f'chisq{end}']:.2f} {'scaled ' if end else ''}chi-square, {m[f'df{end}']:.0f} df"
        indices = [
            f"robust {name} {m[f'{name}_robust']:.3f}" if f"{name}_robust" in m else f"{name} {m[name]:.3f}"
            for name in ("cfi", "rmsea")
        ]
        schools = f" in {self.n_clusters} schools" if self.n_clusters else ""
        return f"<SemFit, {self.estimator}: {test}, {', '.join(indices)}, srmr {m['srmr']:.3f}; n = {self.n}{schools}>"


def _checked(level: float) -> float:
    if not 0 < level < 1:
        raise ModelError(f"level={level} is not between 0 and 1")
    return level
