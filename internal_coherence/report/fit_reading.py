"""A fitted model in plain sentences: what its tests and indices say, and what they can't."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from math import isfinite, sqrt
from typing import Final

import numpy as np
import pandas as pd

from internal_coherence.latent import SemFit
from internal_coherence.records import Record
from internal_coherence.report.path_ink import coefficient
from internal_coherence.report.wording import decimal

FEW_DF: Final = 20
"""Below this the RMSEA of a true model is often large (Kenny, Kaniskan & McCoach 2015)."""
LOW_BASE: Final = 0.05 / sqrt(0.1)
"""An RMSEA of the model without correlations below which one of .05 goes with a TLI below .90, as TLI = 1 − (RMSEA/RMSEA₀)²."""
LARGE_RESIDUAL: Final = 0.10
"""Where custom begins to look at a residual correlation (Kline 2016)."""
SOURCES: Final = (
    "Browne & Cudeck (1993), in Bollen & Long (eds), Testing Structural Equation Models, 136–162.",
    "Hu & Bentler (1999), Structural Equation Modeling 6, 1–55.",
    "Hancock & Mueller (2011), Educational and Psychological Measurement 71, 306–324 (the reliability paradox).",
    "Kenny, Kaniskan & McCoach (2015), Sociological Methods & Research 44, 486–507 (RMSEA, few degrees of freedom).",
    "van Laar & Braeken (2021), Practical Assessment, Research, and Evaluation 26, 26 (CFI and its baseline).",
    "McNeish & Wolf (2023), Psychological Methods 28, 61–88 (cut-offs are of the models they come from).",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FitReading(Record):
    """A reading of a fitted model.

    Parameters
    ----------
    sentences : tuple of str
        A thought each, in an order that reads as a text.
    sources : tuple of str
        What they cite.
    """

    sentences: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sentences as paragraphs, without the sources."""
        return "\n\n".join(self.sentences)

    def to_frame(self) -> pd.DataFrame:
        """Return the sentences, a row each.

        Returns
        -------
        DataFrame
            ``sentence``.
        """
        return pd.DataFrame({"sentence": list(self.sentences)})

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<FitReading, {len(self.sentences)} paragraphs>\n{self.text}"

    def _repr_html_(self) -> str:
        paragraphs = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.sentences)
        sources = "".join(f"<li>{escape(source)}</li>" for source in self.sources)
        return f"<div>{paragraphs}{f'<ul>{sources}</ul>' if sources else ''}</div>"


def read_fit(fit: SemFit) -> FitReading:
    """Read a fitted model in plain words.

    Parameters
    ----------
    fit : SemFit
        Converged or not.

    Returns
    -------
    FitReading
        Cut-offs are cited, none decides: a model is not good or bad by an index. Where there are robust indices, these are read.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> district = ic.simulate_responses(n_schools=120, teachers=10, rng=1)
    >>> fit = ic.cfa(district, "pub =~ pub_1 + pub_2 + pub_3", estimator="MLR")
    >>> print(read_fit(fit).sentences[1])
    The model has no degrees of freedom: it reproduces every covariance, whatever the data are. Nothing can be said of its fit.
    """
    if not fit.converged:
        said = (
            f"The fit did not converge: {fit.trouble}. There is nothing to read: what the optimiser ended at are no estimates,"
            " and standard errors and measures of fit do not exist."
        )
        return FitReading(sentences=(said, *_warnings(fit)), sources=())
    if fit.df == 0:
        saturated = (
            "The model has no degrees of freedom: it reproduces every covariance, whatever the data are. Nothing can be said of"
            " its fit."
        )
        return FitReading(sentences=(_data(fit), saturated, *_warnings(fit)), sources=())
    m = fit.fit_measures()
    paragraphs = (_data(fit), _test(fit, m), _rmsea(fit, m), _cfi(fit, m), _srmr(fit, m), _cut_offs(fit, m))
    return FitReading(sentences=(*paragraphs, *_residual(fit), *_warnings(fit)), sources=SOURCES)


def _data(fit: SemFit) -> str:
    rows = f"The model was fitted by {fit.estimator} to {fit.n} rows"
    if len(fit.groups) > 1:
        rows += f" in {len(fit.groups)} groups"
    treated = {
        "listwise": "rows with a missing answer left out",
        "pairwise": "each covariance from those who answered both",
        "fiml": "every answer used",
    }[fit.missing]
    left_out = f"; {fit.n_excluded} left out" if fit.n_excluded else ""
    wrong = (
        "χ² and the RMSEA are too large and standard errors too small" if fit.df else "standard errors are too small"
    )
    schools = f"Rows are taken as independent. If they are teachers in schools, {wrong}: then pass cluster=."
    if fit.n_clusters:
        schools = f"Standard errors and the corrected test allow for what teachers of one of the {fit.n_clusters} schools share."
    return f"{rows} ({treated}{left_out}). {schools}"


def _test(fit: SemFit, m: pd.Series) -> str:
    scaled = "chisq_scaled" in m
    end = "_scaled" if scaled else ""
    chisq, df, p = float(m[f"chisq{end}"]), float(m[f"df{end}"]), float(m[f"pvalue{end}"])
    beyond = "schools and answers that are not normal" if fit.n_clusters else "answers that are not normal"
    shown_df = decimal(df, 0 if df == round(df) else 1)
    statistic = f"χ² = {decimal(chisq)} with {shown_df} degree{'s' * (df != 1)} of freedom"
    if not isfinite(p):
        return (
            f"{statistic}. By {fit.estimator} the plain statistic does not follow χ², so that there is no p; ask for a corrected"
            " test (ULSM, MLR). RMSEA, CFI and TLI are made of it all the same."
        )
    said = f"{statistic}, {_chance(p)}{f', corrected for {beyond}' if scaled else ''}"
    if p < 0.05:
        said += (
            f". The data contradict the claim that the model holds exactly. With {fit.n} rows the test finds departures that may be"
            " too small to matter; it tells neither how large they are nor where."
        )
    else:
        said += (
            f". The data do not contradict the claim that the model holds exactly. That is no proof of it: with {fit.n} rows some"
            " departures would go unnoticed, and other models may fit as well."
        )
    if not scaled:
        said += " The test takes answers as normal; those on a few options are not, and it then tends to reject too often (see MLR)."
    return said


def _rmsea(fit: SemFit, m: pd.Series) -> str:
    name, end = _best(m, "rmsea")
    value, lower, upper = (float(m[f"{part}{end}"]) for part in ("rmsea", "rmsea_ci_lower", "rmsea_ci_upper"))
    said = f"{name}RMSEA = {coefficient(value, 3)}"
    if isfinite(lower) and isfinite(upper):
        said += f" (90 % interval {coefficient(lower, 3)} to {coefficient(upper, 3)})"
        if upper <= 0.05:
            where = "all of the interval lies in what they call close"
        elif lower > 0.10:
            where = "all of it lies beyond"
        elif lower > 0.08:
            where = "all of it lies beyond reasonable"
        elif upper <= 0.08:
            where = "the interval holds nothing worse than reasonable"
        else:
            where = "the interval is compatible with more than one of these"
    else:
        where = "without an interval that can't be placed"
    said += (
        f". Browne & Cudeck (1993) call .05 and less a close fit, up to .08 a reasonable one, beyond .10 a poor one; {where}."
        " Hu & Bentler (1999) drew their line at .06."
    )
    if fit.df < FEW_DF:
        said += (
            f" With few degrees of freedom, here {fit.df}, the RMSEA of a true model often comes out large"
            " (Kenny, Kaniskan & McCoach 2015)."
        )
    return said


def _cfi(fit: SemFit, m: pd.Series) -> str:
    name, end = _best(m, "cfi")
    cfi, tli = float(m[f"cfi{end}"]), float(m[f"tli{end}"])
    both = (
        "both reach it"
        if min(cfi, tli) >= 0.95
        else "neither reaches it"
        if max(cfi, tli) < 0.95
        else "one of them reaches it"
    )
    said = (
        f"{name}CFI = {coefficient(cfi, 3)}, TLI = {coefficient(tli, 3)}: how far the model goes from no correlations at all towards"
        f" those observed. Hu & Bentler (1999) drew the line at .95; {both}."
    )
    chisq, df = float(m["baseline_chisq"]), float(m["baseline_df"])
    base = sqrt(max(chisq - df, 0.0) / (df * fit.n)) * sqrt(len(fit.groups)) if df > 0 else float("nan")
    if 0.05 < base < LOW_BASE:
        then = coefficient(1 - (0.05 / base) ** 2)
        return (
            f"{said} The items correlate little: a model with an RMSEA of .05 would have a TLI of {then} here, so that the two"
            " indices can disagree, and CFI and TLI can look bad for no fault of the model (van Laar & Braeken 2021)."
        )
    if base <= 0.05:
        return f"{said} The items hardly correlate, so that both say little here (van Laar & Braeken 2021)."
    return f"{said} Both depend on how much the items correlate, not only on the model (van Laar & Braeken 2021)."


def _srmr(fit: SemFit, m: pd.Series) -> str:
    value = float(m["srmr"])
    side = "below" if value <= 0.08 else "above"
    rows = fit.n / len(fit.groups)
    return (
        f"SRMR = {coefficient(value, 3)}, the size of an average residual correlation. Hu & Bentler (1999) drew the line at .08; it"
        f" lies {side}. Sampling error is in it: by chance alone a correlation near 0 moves by about 1/√n ="
        f" {coefficient(1 / sqrt(rows), 3)}, so"
        " that few rows make it larger even if the model is true. An average can hide one large residual among many small ones."
    )


def _cut_offs(fit: SemFit, m: pd.Series) -> str:
    said = (
        "These cut-offs come from simulations of particular models (three factors of five items, loadings of .70 to .80) and do not"
        " carry over to all others (McNeish & Wolf 2023). They are read here as custom, and decide nothing."
    )
    table = fit.standardized_solution()
    loadings = table.loc[(table["op"] == "=~") & table["rhs"].isin(fit.observed), "est_std"].abs().to_numpy()
    if len(loadings):
        mean = float(np.nanmean(loadings))
        said += (
            f" The mean standardised loading here is {coefficient(mean)}. The better items measure, the worse the same mistake of a"
            " model looks to these indices (Hancock & Mueller 2011)."
        )
    if "logl" not in m:
        said += f" They were derived under maximum likelihood, which {fit.estimator} is not."
    return said


def _residual(fit: SemFit) -> Iterator[str]:
    """Yield where the largest residual correlation is."""
    worst = (0.0, "", "", "")
    for group in fit.groups:
        table = fit.residuals("cor.bollen", group=fit.groups.index(group) + 1).drop(index="mean", errors="ignore")
        R = np.tril(table.to_numpy(dtype=np.float64), -1)
        i, j = divmod(int(np.argmax(np.abs(R))), R.shape[1])
        if abs(R[i, j]) > abs(worst[0]):
            worst = (float(R[i, j]), table.columns[j], table.index[i], group)
    value, one, other, group = worst
    if not one:
        return
    where = f" in group {group}" if group else ""
    more = "higher" if value > 0 else "lower"
    said = (
        f"The largest residual correlation is that of {one} with {other}{where}, {coefficient(value)}: they correlate {more} than the"
        " model says."
    )
    large = abs(value) > LARGE_RESIDUAL
    yield f"{said} Custom looks at those beyond .10{'; read the two items.' if large else ', and there is none.'}"


def _warnings(fit: SemFit) -> Iterator[str]:
    if fit.notes and (fit.converged or len(fit.notes) > 1):
        yield f"The fit carried warnings: {'; '.join(note for note in fit.notes if note != fit.trouble)}."


def _best(m: pd.Series, index: str) -> tuple[str, str]:
    """Return what the best version of an index is called, and the end of its name."""
    for name, end in (("Robust ", "_robust"), ("Scaled ", "_scaled")):
        if f"{index}{end}" in m and isfinite(float(m[f"{index}{end}"])):
            return name, end
    return "", ""


def _chance(p: float) -> str:
    return "p below .001" if p < 0.001 else f"p = {coefficient(p, 3)}"
