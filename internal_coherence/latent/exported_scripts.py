"""The scripts by which lavaan or Mplus fits a model of ours, with every option in full."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import Final

from internal_coherence.errors import ModelError, listing
from internal_coherence.latent.estimation.estimators import COMPLETE_TESTS, Estimator
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.mplus import MplusModel
from internal_coherence.latent.table.par_table import ParTable

MISSING_CODE: Final = -99999.0
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
_RESERVED: Final = frozenset(
    {"NA", "NaN", "Inf", "TRUE", "FALSE", "NULL", "if", "else", "for", "while", "function", "in"}
)
MPLUS: Final = ("ML", "MLM", "MLMV", "MLR", "MLF", "GLS", "WLS")

COMPARISON: Final = """\
ours <- read.csv("ours_estimates.csv", stringsAsFactors = FALSE, na.strings = "NA")
ours$rhs[is.na(ours$rhs)] <- ""
theirs <- parameterEstimates(fit)
if (is.null(theirs$se)) theirs$se <- NA
if (is.null(theirs$group)) theirs$group <- ifelse(theirs$op == ":=", 0, 1)
key <- function(d) {
  turn <- d$op == "~~" & d$lhs > d$rhs
  left <- ifelse(turn, d$rhs, d$lhs)
  right <- ifelse(d$op == ":=", "", ifelse(turn, d$lhs, d$rhs))
  paste(left, d$op, right, d$group)
}
at <- match(key(ours), key(theirs))
table <- data.frame(ours[c("lhs", "op", "rhs", "group")],
  ours = ours$est, lavaan = theirs$est[at], ours_se = ours$se, lavaan_se = theirs$se[at])
cat("\\nEstimates\\n")
print(table, digits = 6, row.names = FALSE)

mine <- read.csv("ours_fit.csv", stringsAsFactors = FALSE, na.strings = "NA")
measures <- fitMeasures(fit)
mine$lavaan <- as.numeric(measures[mine$measure])
cat("\\nFit\\n")
print(mine, digits = 7, row.names = FALSE)

largest <- function(a, b, floor = 1) {
  d <- abs(a - b) / pmax(abs(b), floor)
  if (all(is.na(d))) NA else max(d, na.rm = TRUE)
}
cat("\\nParameters of ours that lavaan does not have:", sum(is.na(at)), "\\n")
cat("Largest difference of estimates:", format(largest(table$ours, table$lavaan), digits = 3), "\\n")
cat("Largest difference of standard errors:", format(largest(table$ours_se, table$lavaan_se), digits = 3), "\\n")
cat("Largest difference of fit measures:", format(largest(mine$ours, mine$lavaan), digits = 3), "\\n")
cat("(differences are relative where lavaan's number is beyond 1; where only estimates differ, and by less than .001,\\n")
cat("an optimiser stopped early: the chi-squares tell whose)\\n")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the data file has beside the model's variables; empty where it has not.

    Parameters
    ----------
    group, cluster, weight : str
        Names.
    """

    group: str
    cluster: str
    weight: str


def plain_names(table: ParTable) -> dict[str, str]:
    """Return for each variable a name that lavaan reads: of letters, digits, dots and underscores.

    Parameters
    ----------
    table : ParTable

    Returns
    -------
    dict of str to str
        Names that need no change keep theirs.
    """
    every = [*table.observed, *table.latent]
    found = {v: v for v in every if _PLAIN.fullmatch(v) and v not in _RESERVED}
    taken = set(found.values())
    for v in every:
        if v in found:
            continue
        plain = re.sub(r"[^A-Za-z0-9_.]+", "_", v).strip("_.")
        plain = plain if plain[:1].isalpha() else f"v{plain}"
        short, k = (f"{plain}_" if plain in _RESERVED else plain), 1
        while short in taken:
            k += 1
            short = f"{plain}_{k}"
        taken.add(short)
        found[v] = short
    return {v: found[v] for v in every}


def renamed(table: ParTable, names: Mapping[str, str]) -> ParTable:
    """Return a table with other names of variables.

    Parameters
    ----------
    table : ParTable
    names : mapping of str to str
        Every variable's.

    Returns
    -------
    ParTable
    """
    rows = (r._replace(lhs=names[r.lhs], rhs=names.get(r.rhs, r.rhs)) if r.group else r for r in table.entries)
    return replace(
        table,
        entries=tuple(rows),
        observed=tuple(names[v] for v in table.observed),
        latent=tuple(names[v] for v in table.latent),
    )


def lavaan_script(fit: SemFit, columns: Columns, *, moments: bool) -> str:
    """Return the R script that fits the model by lavaan and lays its results beside ours.

    Parameters
    ----------
    fit : SemFit
    columns : Columns
        Beside the variables.
    moments : bool
        Whether the data are covariances and means.

    Returns
    -------
    str
    """
    lines = [
        "# Fits the model in model.lav and compares with what internal_coherence found. Run it in its own folder.",
        "library(lavaan)",
        'model <- paste(readLines("model.lav", encoding = "UTF-8"), collapse = "\\n")',
    ]
    if moments:
        n = [sample.n for sample in fit._fitted.problem.samples]
        lines += [
            f"n <- c({', '.join(f'{x:g}' for x in n)})",
            "tables <- lapply(seq_along(n), function(g)",
            '  read.csv(paste0("moments_", g, ".csv"), row.names = 1, check.names = FALSE))',
            "covariances <- lapply(tables, function(t) as.matrix(t[colnames(t), ]))",
            'means <- lapply(tables, function(t) unlist(t["mean of each", ]))',
        ]
    else:
        lines.append('answers <- read.csv("data.csv", check.names = FALSE, na.strings = "NA")')
    call = ",\n  ".join(f"{name} = {value}" for name, value in _options(fit, columns, moments=moments))
    lines += [f"fit <- lavaan(model,\n  {call})", "print(summary(fit, fit.measures = TRUE, standardized = TRUE))", ""]
    return "\n".join(lines) + COMPARISON


def _options(fit: SemFit, columns: Columns, *, moments: bool) -> list[tuple[str, str]]:
    """Return what lavaan is called with."""
    p, table = fit._fitted.problem, fit.table
    how = p.estimator
    found = []
    if moments:
        found += [("sample.cov", "covariances"), ("sample.nobs", "n")]
        if table.meanstructure:
            found.append(("sample.mean", "means"))
        if len(fit.groups) > 1:
            found.append(("group.label", _texts(fit.groups)))
    else:
        found.append(("data", "answers"))
        for option, column in (
            ("group", columns.group),
            ("cluster", columns.cluster),
            ("sampling.weights", columns.weight),
        ):
            if column:
                found.append((option, _text(column)))
        if columns.group:
            found.append(("group.label", _texts(fit.groups)))
        found.append(("missing", _text("ml" if p.missing else "listwise")))
    found += [
        ("estimator", _text(how.discrepancy)),
        ("se", _text(how.se)),
        ("test", _text("standard" if how.test == "none" else how.test)),  # ours is there in any case
        ("information", _information(how)),
        # Else lavaan takes another Hessian for the test than for the standard errors, unless it is told "MLR".
        *([("observed.information", _text("hessian"))] if "observed" in _information(how) else []),
        ("meanstructure", "TRUE" if table.meanstructure else "FALSE"),
        ("fixed.x", "TRUE" if table.covariates else "FALSE"),
    ]
    if how.discrepancy == "ML":
        found.append(("likelihood", _text("wishart" if how.wishart else "normal")))
    if p.lower is not None:
        found.append(("bounds", _text("pos.var")))
    return found


def _information(how: Estimator) -> str:
    """Return which information standard errors rest on, and which the test: each corrected test has its own."""
    own = "expected" if how.test in COMPLETE_TESTS else "observed" if how.robust else how.information
    return _text(own) if own == how.information else _texts([how.information, own])


def _text(words: str) -> str:
    """Return a text as R has it."""
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _texts(several: Sequence[str]) -> str:
    return f"c({', '.join(_text(words) for words in several)})"


def mplus_input(fit: SemFit, model: MplusModel, columns: Columns, *, moments: bool) -> str:
    """Return the Mplus input.

    Parameters
    ----------
    fit : SemFit
    model : MplusModel
        The model, and the names that it has there.
    columns : Columns
        Beside the variables.
    moments : bool
        Whether the data are covariances and means.

    Returns
    -------
    str

    Raises
    ------
    ModelError
        For an estimator that Mplus does not have for answers taken as numbers.
    """
    estimator = _mplus_estimator(fit)
    names = [model.names[v] for v in fit.observed]
    beside = [x for x in (columns.group, columns.cluster, columns.weight) if x]
    lines = ["TITLE: A model fitted by internal_coherence;", "DATA: FILE = data.dat;"]
    if moments:
        lines += ["  TYPE = MEANS COVARIANCE;", f"  NOBSERVATIONS = {fit.n};"]
    lines += ["VARIABLE:", *_wrapped(f"NAMES = {' '.join([*names, *beside])};")]
    if beside:
        lines += _wrapped(f"USEVARIABLES = {' '.join(names)};")
    if not moments and fit.missing == "fiml":
        lines.append(f"  MISSING = ALL ({MISSING_CODE:g});")
    if columns.group:
        said = " ".join(f"{g + 1} = {model.labels[label]}" for g, label in enumerate(fit.groups))
        lines += _wrapped(f"GROUPING = {columns.group} ({said});")
    if columns.cluster:
        lines.append(f"  CLUSTER = {columns.cluster};")
    if columns.weight:
        lines.append(f"  WEIGHT = {columns.weight};")
    lines += ["ANALYSIS:", f"  TYPE = {'COMPLEX' if columns.cluster else 'GENERAL'};", f"  ESTIMATOR = {estimator};"]
    how = fit._fitted.problem.estimator
    if estimator in ("ML", "MLR") and how.information != "first.order":
        lines.append(f"  INFORMATION = {how.information.upper()};")
    if not fit.table.meanstructure and len(fit.groups) > 1:
        lines.append("  MODEL = NOMEANSTRUCTURE;")
    return "\n".join(lines) + f"\n{model.text}OUTPUT: STDYX;\n"


def _mplus_estimator(fit: SemFit) -> str:
    how = fit._fitted.problem.estimator
    if how.name not in MPLUS:
        raise ModelError(
            f"export_model: Mplus has no {how.name!r} for answers taken as numbers; it has {listing(MPLUS)}"
        )
    if how.wishart:
        raise ModelError("export_model: Mplus divides covariances by n; likelihood='wishart' is not there")
    robust = how.se in ("robust.cluster", "robust.huber.white")
    return "MLR" if robust and how.name == "ML" else how.name


def _wrapped(line: str) -> list[str]:
    # Mplus reads 90 columns of a line.
    return [f"  {part}" for part in wrap(line, 84, break_on_hyphens=False)]
