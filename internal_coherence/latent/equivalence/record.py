"""What the steps of invariance came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from internal_coherence.errors import ModelError, check_level, check_option
from internal_coherence.latent.comparing import indices_of
from internal_coherence.latent.equivalence.cutoffs import Cutoffs, cutoffs_of
from internal_coherence.latent.equivalence.ladder import Ladder, Released, Rules, Rung
from internal_coherence.latent.equivalence.latent_means import mean_differences
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.groups import Triple
from internal_coherence.records import Record


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Invariance(Record):
    """Steps of invariance, each compared with the one before.

    Parameters
    ----------
    over : {"groups", "waves"}
        Over what.
    labels : tuple of str
        The groups, or the waves in their order; the first is what latent means are compared with.
    n : int
        Rows.
    estimator : str
        How the models were estimated.
    alpha : float
        Level of the test of the difference.
    cutoffs : Cutoffs
        By how much indices may worsen.
    method, missing : str
        How differences of χ² are scaled, and what was done with missing answers.
    partial, protect : tuple of str
        What the user had free in all steps, and what a search might not let go.
    search : {"test", "indices"} or None
        By what parameters were let go.
    steps : DataFrame
        As `to_frame` gives it.
    released : DataFrame
        What was let go: ``step, parameter, chisq, df, pvalue, epc``: the score test of its equalities, and by how much the two sides
        of the worst would part.
    """

    over: str
    labels: tuple[str, ...]
    n: int
    estimator: str
    alpha: float
    cutoffs: Cutoffs
    method: str
    missing: str
    partial: tuple[str, ...]
    protect: tuple[str, ...]
    search: str | None
    steps: pd.DataFrame
    released: pd.DataFrame
    _fits: Mapping[str, SemFit]

    @classmethod
    def of(cls, ladder: Ladder) -> Invariance:
        """Record the steps that were taken."""
        fits = {rung.step.name: rung.fit for rung in ladder.rungs}
        first = ladder.rungs[0].fit
        return cls(
            over=ladder.design.over,
            labels=ladder.design.labels(first),
            n=first.n,
            estimator=first.estimator,
            alpha=ladder.rules.alpha,
            cutoffs=cutoffs_of(ladder.rules.cutoffs, first.n),
            method=ladder.rules.method,
            missing=first.missing,
            partial=tuple(map(_written, ladder.asked)),
            protect=tuple(sorted(map(_written, ladder.rules.protected))),
            search=ladder.rules.search,
            steps=pd.DataFrame([_row(rung, ladder.rules) for rung in ladder.rungs]),
            released=_released(ladder.released),
            _fits=MappingProxyType(fits),
        )

    @property
    def fits(self) -> Mapping[str, SemFit]:
        """The fit of every step, by its name: ``found.fits["scalar"]``."""
        return self._fits

    @property
    def highest(self) -> str:
        """The last step up to which everything holds, by the indices; empty if not even the first converged."""
        held = ""
        for row in self.steps.to_dict("records"):
            if not row["converged"] or row["worse"]:
                return held
            held = str(row["step"])
        return held

    def latent_means(self, step: str | None = None, level: float = 0.95) -> pd.DataFrame:
        """Return how the means of the latent variables differ from those of the first group, or wave.

        Parameters
        ----------
        step : str, optional
            Of which fit; by default the first with equal intercepts and free means.
        level : float
            Of the limits.

        Returns
        -------
        DataFrame
            ``factor, label, est, se, z, pvalue, ci_lower, ci_upper, d``: the difference from the first, and that in standard
            deviations of the latent variable there. A factor below others, or one that something predicts, is left out: it has an
            intercept, not a mean of its own.

        Raises
        ------
        ModelError
            If that step has no equal intercepts, or no free means, or did not converge; or there is none that has.
        """
        check_level(level)
        name = self.means_step if step is None else step
        check_option("step", name, tuple(self._fits))
        fit = self._fits[name]
        if name not in self._steps_with_means:
            raise ModelError(
                f"step {name!r} tells no means of latent variables: they take equal intercepts and means that are free"
            )
        return mean_differences(fit, self.labels, over_waves=self.over == "waves", level=level)

    @property
    def means_step(self) -> str:
        """The step whose latent means are compared: the first with equal intercepts and free means."""
        if not self._steps_with_means:
            raise ModelError(
                "means of latent variables take a step with equal intercepts and free means, such as 'scalar'"
            )
        return self._steps_with_means[0]

    @property
    def _steps_with_means(self) -> list[str]:
        kinds = {row["step"]: row["equal"].split(", ") for row in self.steps.to_dict("records") if row["converged"]}
        return [str(step) for step, equal in kinds.items() if "intercepts" in equal and "means" not in equal]

    def to_frame(self) -> pd.DataFrame:
        """Return a row a step.

        Returns
        -------
        DataFrame
            ``step, equal, n, converged``; ``chisq, df, pvalue`` as the estimator corrects them; ``cfi, rmsea, rmsea_ci_lower,
            rmsea_ci_upper, srmr``, robust where they are, ``aic, bic``; the differences from the step before, ``chisq_diff, df_diff,
            pvalue_diff, cfi_diff, rmsea_diff, srmr_diff``, of which a scaled ``chisq_diff`` is not the difference of two scaled χ²;
            the test before anything was let go, ``chisq_diff_full, df_diff_full, pvalue_diff_full``, and ``n_released``, how many
            parameters are free of those that the step would hold equal; whether the test of the difference ``rejected``, which
            indices worsened ``beyond`` their cut-offs, and whether the CFI is among them: then fit is ``worse``.
        """
        return self.steps

    def plot(self, ax: Any = None) -> Any:
        """Draw how fit changes from step to step.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.

        Returns
        -------
        Axes
        """
        from internal_coherence.report import draw_invariance

        return draw_invariance(self, ax)

    def describe(self) -> str:
        """Return what was found, in a paragraph.

        Returns
        -------
        str
        """
        from internal_coherence.report import describe_invariance

        return str(describe_invariance(self))

    def __repr__(self) -> str:
        held = self.highest or "no step"
        free = {row["step"]: row["n_released"] for row in self.steps.to_dict("records")}.get(held, 0)
        held = f"{held}, partly," if free else held
        return f"<Invariance over {len(self.labels)} {self.over}, {self.estimator}: {held} holds; n = {self.n}>"


def _row(rung: Rung, rules: Rules) -> dict[str, Any]:
    fit = rung.fit
    m: Mapping[str, float] = {} if fit._judged is None else fit._judged.measures
    beyond = rules.beyond(rung.change, rung.step, fit.n)
    end = "_scaled" if "chisq_scaled" in m else ""
    return {
        "step": rung.step.name,
        "equal": ", ".join(rung.step.equal),
        "n": fit.n,
        "converged": fit.converged,
        **{name: float(m.get(name + end, np.nan)) for name in ("chisq", "df", "pvalue")},
        **indices_of(fit),
        **{name: float(m.get(name, np.nan)) for name in ("aic", "bic")},
        **rung.change,
        **{f"{name}_full": rung.full[name] for name in ("chisq_diff", "df_diff", "pvalue_diff")},
        "n_released": rung.n_released,
        "rejected": rules.rejects(rung.change),
        "beyond": ", ".join(beyond),
        "worse": "cfi" in beyond,
    }


def _written(parameter: Triple) -> str:
    lhs, op, rhs = parameter
    return f"{lhs} ~ 1" if op == "~1" else f"{lhs} {op} {rhs}"


def _released(given: list[Released]) -> pd.DataFrame:
    rows = []
    for released in given:
        tie = released.tie
        nothing = {"chisq": np.nan, "df": np.nan, "pvalue": np.nan, "epc": np.nan}
        score = (
            nothing if tie is None else {"chisq": tie.chisq, "df": float(tie.df), "pvalue": tie.pvalue, "epc": tie.epc}
        )
        rows.append({"step": released.step, "parameter": _written(released.parameter), **score})
    return pd.DataFrame(rows, columns=["step", "parameter", "chisq", "df", "pvalue", "epc"])
