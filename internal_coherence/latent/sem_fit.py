"""`SemFit`: a fitted model, and everything that is asked of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import (
    ImproperSolutionWarning,
    MissingDataWarning,
    ModelError,
    check_draws,
    check_option,
    listing,
    warn,
)
from internal_coherence.latent.fit.candidates import modification_table
from internal_coherence.latent.fit.estimates import estimate_table, labels, r_squared, standardized_table
from internal_coherence.latent.fit.factor_scoring import METHODS, ScoreMethod, latent_scores
from internal_coherence.latent.fit.goodness import Judged
from internal_coherence.latent.fit.monte_carlo import monte_carlo_table
from internal_coherence.latent.fit.plausible import is_proper, plausible_draws
from internal_coherence.latent.fit.released import Parting, wald
from internal_coherence.latent.fit.residual_errors import in_errors, residual_errors
from internal_coherence.latent.fit.residual_matrices import Unit, residuals_of
from internal_coherence.latent.fit.score_quality import correlation_table, determinacy_table
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
    _schools: tuple[str, ...] = ()

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
        found = self._judged.measures
        return pd.Series(np.array(list(found.values())), index=labels(tuple(found)).view())

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
            ``lhs, op, rhs, chisq, df, pvalue, epc``; the last row is the joint test. ``epc`` is by how much the left side would
            exceed the right one if this equality were given up.

        Raises
        ------
        ModelError
            If nothing is held equal.

        Notes
        -----
        ``lavaan::lavTestScore``, and its ``epc`` with ``release =`` one constraint.
        """
        fitted = self._solved("score tests")
        constraints = fitted.problem.constraints
        if constraints is None:
            raise ModelError("nothing in this model is held equal, so there is nothing to test")
        J, equal = constraints.jacobian(fitted.theta), equalities(self.table)
        named = [(self._name(a), self._name(b)) for a, b in equal.pairs]
        named += [(str(expression), "0") for expression in equal.expressions]
        parting = Parting.of(fitted, J)
        together = parting.statistic(range(len(J)))
        rows = [(a, "==", b, x, 1, p_value(x, 1), c) for (a, b), x, c in zip(named, *parting.alone(), strict=True)]
        rows.append(("all", "==", "", together, len(J), p_value(together, len(J)), np.nan))
        return pd.DataFrame(rows, columns=["lhs", "op", "rhs", "chisq", "df", "pvalue", "epc"])

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

    def school_contributions(self) -> pd.DataFrame:
        """Return by how much each school moves each estimate, to first order.

        Returns
        -------
        DataFrame
            Schools by free parameters, named as ``f=~x1``. Times J/(J − 1), their cross-products are the cluster-robust covariances
            of the estimates; so too the standard error of any function of the estimates, by its derivatives.

        Raises
        ------
        ModelError
            If the fit did not converge, does not know its schools, or is of least squares.

        Notes
        -----
        The empirical influence function, by school: ``rowsum(lavaan::lavScores(fit), school) %*% bread / n``.
        """
        fitted = self._solved("contributions of schools")
        if not self._schools or fitted.problem.estimator.discrepancy != "ML":
            raise ModelError("contributions of schools: they need a likelihood, and each row's school (cluster=)")
        names = [row.name for row in self.table.entries if row.free]
        return pd.DataFrame(
            fitted.contributions_of_schools, index=pd.Index(self._schools, name="school"), columns=names
        )

    def _solved(self, what: str) -> Fitted:
        if not self.converged:
            raise ModelError(f"{what}: this fit did not converge; {self.trouble}")
        return self._fitted

    def _name(self, parameter: int) -> str:
        row = next(row for row in self.table.entries if row.free == parameter + 1)
        return f"{row.name} in {self.groups[row.group - 1]}" if len(self.groups) > 1 else row.name

    def factor_scores(self, method: ScoreMethod = "regression", *, se: bool = False) -> pd.DataFrame:
        """Return scores of the latent variables, row by row.

        Parameters
        ----------
        method : {"regression", "bartlett", "ten_berge"}
            What is to be expected given the answers, which draws towards the mean; what fits the answers best; or what keeps the
            covariances that the model says the latent variables have.
        se : bool
            Add each score's standard error, in columns named ``<latent variable>_se``.

        Returns
        -------
        DataFrame
            Rows by latent variables, on the index of the data; rows that were left out are not there.

        Raises
        ------
        ModelError
            If the fit did not converge or has only moments; of ``"ten_berge"``, for latent variables without indicators of their
            own, or whose covariances are impossible.

        Warns
        -----
        MissingDataWarning
            Of ``"ten_berge"``, for rows that answered nothing of a latent variable: their scores of it are NaN.

        Notes
        -----
        ``lavaan::lavPredict(fit, method =, se = "standard")``; ``psych::factor.scores(method = "tenBerge")`` of the standardised
        solution. A row with missing answers is scored by the weights of what it answered, and its standard error is larger.

        A standard error is the root of the mean squared distance between score and latent variable, were the model and its
        estimates true: of regression scores the standard deviation of what remains open given the answers (and the smallest there
        is), of Bartlett's that of the errors about a given value of the latent variable. It says nothing of the estimates' own
        uncertainty, as `plausible_values` do.

        Bartlett (1937); Thurstone (1935); ten Berge, Krijnen, Wansbeek & Shapiro (1999).
        """
        check_option("method", method, METHODS)
        fitted = self._solved("factor scores")
        p, parts = fitted.problem, []
        for ram, sample in zip(p.rams, p.samples, strict=True):
            scores, errors = latent_scores(ram, sample, fitted.theta, method)
            columns = {name: scores[:, k] for k, name in enumerate(self.latent)}
            if se:
                columns |= {f"{name}_se": errors[:, k] for k, name in enumerate(self.latent)}
            parts.append(pd.DataFrame(columns, index=sample.rows))
        whole = self._on_rows(pd.concat(parts))
        self._say_unscored(whole[list(self.latent)])
        return whole

    def _on_rows(self, table: pd.DataFrame) -> pd.DataFrame:
        """Put a table on rows' positions in the order of the data, and on its index."""
        whole = table.sort_index()
        return whole if self._index is None else whole.set_axis(self._index[whole.index.to_numpy()])

    def _say_unscored(self, scores: pd.DataFrame) -> None:
        missing = scores.isna().sum()
        if never := [name for name in self.latent if missing[name] == len(scores)]:
            raise ModelError(
                f"method='ten_berge': there are no scores of {listing(never)} that keep the model's covariances; it takes indicators"
                " of their own, and factors none of which is determined by the others. Take method='regression'"
            )
        if some := [f"{name}: {missing[name]}" for name in self.latent if missing[name]]:
            warn(
                f"factor scores: rows that answered nothing of a latent variable have no ten Berge score of it ({', '.join(some)});"
                " method='regression' scores them by their other answers",
                MissingDataWarning,
            )

    def score_determinacy(self) -> pd.DataFrame:
        """Return what factor scores are worth, by all three methods.

        Returns
        -------
        DataFrame
            ``group, factor, method``, and

            - ``determinacy``: the correlation of the score with what it scores, which Grice calls its validity;
            - ``reliability``: its square, the share of the score's variance that is the latent variable's;
            - ``reliability_as_answered``: the same, averaged over the rows, each with the answers that it gave;
            - ``minimal_correlation``: 2ρ² − 1, the lowest correlation there can be between two sets of values both of which correlate
              by ρ with the scores; of regression scores Guttman's index of how far the answers leave the latent variable open, and
              below 0 even who is high and who is low;
            - ``univocality_gap``: by how much the score's correlation with another latent variable differs at most from that of the
              latent variable which it scores;
            - ``accuracy_gap``: by how much the correlation of two scores differs at most from that of what they score.

            NaN where a method gives no score. Which other latent variable a gap is with, `score_correlations` shows.

        Raises
        ------
        ModelError
            If the fit did not converge.

        Notes
        -----
        ``psych::factor.scores(...)$R2`` is the reliability of regression scores. For decisions about single people a determinacy
        of 0.9 or more is asked for (Gorsuch 1983; Grice 2001). All numbers are those of the model with its estimates, not counts
        of data. Guttman (1955); Grice (2001).
        """
        return determinacy_table(self._solved("determinacy"), self.groups, self.latent)

    def score_correlations(self) -> pd.DataFrame:
        """Return how factor scores correlate with every latent variable and with each other, beside what they should.

        Returns
        -------
        DataFrame
            ``group, method, score, factor``; ``with_factor``, the correlation of the score with the latent variable;
            ``with_score``, with that one's score; ``between_factors``, of the two latent variables.

        Raises
        ------
        ModelError
            If the fit did not converge.

        Notes
        -----
        Grice (2001): validity on the diagonal of the first, univocality beside it, correlational accuracy in the second.
        Bartlett's scores are univocal but for chance error, ten Berge's correlate as the latent variables do.
        """
        return correlation_table(self._solved("correlations of scores"), self.groups, self.latent)

    def plausible_values(
        self, draws: int = 5, *, parameters: bool = True, rng: np.random.Generator | int | None = None
    ) -> pd.DataFrame:
        """Draw what the latent variables of every row may be, given its answers.

        Parameters
        ----------
        draws : int
            How many sets.
        parameters : bool
            Draw the parameters first, a set for each, from the normal distribution of the estimates (robust, and by school, where
            the fit's standard errors are). Without, the estimates count as known, and what is computed from the draws as too sure.
        rng : Generator or int, optional
            By which they are drawn; a number for the same values every time.

        Returns
        -------
        DataFrame
            A column a latent variable; the index is ``draw``, from 1, and the index of the data: ``values.loc[1]`` is the first set.

        Raises
        ------
        ModelError
            If the fit did not converge, has only moments, no standard errors (with `parameters`), or estimates that no population
            can have.

        Warns
        -----
        ImproperSolutionWarning
            If sets of parameters were drawn that no population can have: how many, and that they were drawn again.

        Notes
        -----
        ``semTools::plausibleValues``. Analyse each set as if it were observed, and join the results by `pool_estimates`.

        The draws know what the model knows. A variable of the later analysis that is not in this model is taken as unrelated to the
        latent variables given the answers, and its relation to them comes out too weak (Mislevy 1991): let it be in the model, as a
        cause or a correlate. Teachers of a school share nothing in these draws but what their answers share.

        A model without means takes those of the sample, which are drawn, too. Rubin (1987); Mislevy (1991); Asparouhov & Muthén
        (2010).
        """
        fitted = self._solved("plausible values")
        n_draws, p = check_draws(draws, 1), fitted.problem
        if parameters and not np.isfinite(self._vcov).all():
            raise ModelError(
                "plausible values: this fit has no standard errors to draw parameters by; see se=, or parameters=False"
            )
        if not all(is_proper(ram, fitted.theta) for ram in p.rams):
            raise ModelError(
                "plausible values: the estimates hold negative variances or impossible covariances: nothing can be drawn"
            )
        found = plausible_draws(
            p.rams, p.samples, fitted.theta, self._vcov if parameters else None, n_draws, np.random.default_rng(rng)
        )
        if found.redrawn:
            message = (
                f"plausible values: {found.redrawn} of {found.redrawn + n_draws} sets of parameters drawn had negative variances or"
                " impossible covariances, and were drawn again"
            )
            warn(message, ImproperSolutionWarning)
        sets = {
            d + 1: self._on_rows(
                pd.concat(
                    pd.DataFrame(of_group[d], columns=list(self.latent), index=sample.rows)
                    for of_group, sample in zip(found.values, p.samples, strict=True)
                )
            )
            for d in range(n_draws)
        }
        return pd.concat(sets, names=["draw"])

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
