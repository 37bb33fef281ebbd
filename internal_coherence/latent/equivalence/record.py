"""What the steps of invariance came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from internal_coherence.errors import ModelError, check_option
from internal_coherence.latent.comparing import indices_of
from internal_coherence.latent.equivalence.cutoffs import Cutoffs, cutoffs_of
from internal_coherence.latent.equivalence.ladder import Ladder, Released, Rules, Rung
from internal_coherence.latent.sem_fit import SemFit
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
            search=ladder.rules.search,
            steps=pd.DataFrame([_row(rung, ladder.rules) for rung in ladder.rungs]),
            released=_released(ladder.released),
            _fits=MappingProxyType(fits),
        )

    @property
    def fits(self) -> Mapping[str, SemFit]:
        """The fit of every step, by its name."""
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
        """Return the means of the latent variables against the first group, or wave.

        Parameters
        ----------
        step : str, optional
            Of which fit; by default the last with equal intercepts and free means.
        level : float
            Of the limits.

        Returns
        -------
        DataFrame
            ``factor, label, est, se, z, pvalue, ci_lower, ci_upper, d``: the difference from the first, and that in standard
            deviations of the latent variable there.

        Raises
        ------
        ModelError
            If no step has equal intercepts and free means, or that one did not converge.
        """
        name = self._means_step() if step is None else step
        check_option("step", name, tuple(self._fits))
        fit = self._fits[name]
        table = fit.parameter_estimates(level)
        latent = list(fit.latent)
        means = table[(table["op"] == "~1") & table["lhs"].isin(latent)].drop_duplicates(["lhs", "group"])
        variances = table[(table["op"] == "~~") & (table["lhs"] == table["rhs"]) & table["lhs"].isin(latent)]
        k = len(latent) if self.over == "groups" else len(latent) // len(self.labels)
        factors = latent[:k] if self.over == "groups" else [f.removesuffix(f".{self.labels[0]}") for f in latent[:k]]
        sd = dict(zip(factors, np.sqrt(variances["est"].to_numpy()[:k]), strict=True))
        named = means.assign(
            factor=np.tile(factors, len(means) // k),
            label=np.repeat(self.labels, k),
        )
        later = named[named["label"] != self.labels[0]]
        columns = ["factor", "label", "est", "se", "z", "pvalue", "ci_lower", "ci_upper"]
        found = later[columns].reset_index(drop=True)
        return found.assign(d=found["est"] / found["factor"].map(sd))

    def _means_step(self) -> str:
        for name in reversed(list(self._fits)):
            row = self.steps[self.steps["step"] == name].iloc[0]
            kinds = row["equal"].split(", ")
            if "intercepts" in kinds and "means" not in kinds and row["converged"]:
                return name
        raise ModelError(
            "latent means can be compared only where intercepts are equal: no such step was fitted, or converged"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row a step.

        Returns
        -------
        DataFrame
            ``step, equal, converged``; ``chisq, df, pvalue`` as the estimator corrects them; ``cfi, rmsea, rmsea_ci_lower,
            rmsea_ci_upper, srmr``, robust where they are, ``aic, bic``; the differences from the step before, ``chisq_diff, df_diff,
            pvalue_diff, cfi_diff, rmsea_diff, srmr_diff``; the test before anything was let go, ``chisq_diff_full, df_diff_full,
            pvalue_diff_full``, and ``n_released``; whether the test of the difference ``rejected``, which indices worsened ``beyond``
            their cut-offs, and whether the CFI is among them: then fit is ``worse``.
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
        return f"<Invariance over {len(self.labels)} {self.over}, {self.estimator}: {held} holds; n = {self.n}>"


def _row(rung: Rung, rules: Rules) -> dict[str, Any]:
    fit = rung.fit
    m: Mapping[str, float] = {} if fit._judged is None else fit._judged.measures
    beyond = rules.beyond(rung.change, rung.step, fit.n)
    end = "_scaled" if "chisq_scaled" in m else ""
    return {
        "step": rung.step.name,
        "equal": ", ".join(rung.step.equal),
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


def _released(given: list[Released]) -> pd.DataFrame:
    rows = []
    for released in given:
        lhs, op, rhs = released.parameter
        tie = released.tie
        nothing = {"chisq": np.nan, "df": np.nan, "pvalue": np.nan, "epc": np.nan}
        score = (
            nothing if tie is None else {"chisq": tie.chisq, "df": float(tie.df), "pvalue": tie.pvalue, "epc": tie.epc}
        )
        rows.append({"step": released.step, "parameter": f"{lhs} {op} {rhs}".replace("~1 ", "~ 1").strip(), **score})
    return pd.DataFrame(rows, columns=["step", "parameter", "chisq", "df", "pvalue", "epc"])
