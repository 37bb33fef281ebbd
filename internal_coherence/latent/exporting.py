"""A fitted model as files that another program fits again: data, script, and what we found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from internal_coherence.errors import ModelError, check_option, listing
from internal_coherence.latent.exported_scripts import (
    MISSING_CODE,
    Columns,
    lavaan_script,
    mplus_input,
    plain_names,
    renamed,
)
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.records import Record, library_version

Array = NDArray[np.float64]
Software = Literal["lavaan", "mplus"]
Content = Literal["answers", "moments"]
MEASURES: Final = (
    *("chisq", "df", "pvalue", "chisq_scaled", "df_scaled", "pvalue_scaled", "chisq_scaling_factor", "baseline_chisq"),
    *("cfi", "tli", "cfi_robust", "tli_robust", "rmsea", "rmsea_ci_lower", "rmsea_ci_upper", "rmsea_robust", "srmr"),
    *("logl", "aic", "bic"),
)
"""What is laid beside the other program's."""
OF_BASELINE: Final = ("baseline_chisq", "cfi", "tli", "cfi_robust", "tli_robust", "srmr")
"""Measures that are not compared where the other program has another baseline: it counts auxiliary variables as part of the
model, and leaves causes uncorrelated whose variances are written, as in a complete table they are."""
WARNING: Final = """\
PRIVACY. {what}
Keep this folder where the answers themselves may be kept, do not mail it, and delete it when it has served.
"""
ANSWERS: Final = (
    "data.csv holds single teachers' answers, a row each, as they were analysed{school}. Names of schools and of teachers are not\n"
    "in it, but whoever has the survey's file, or knows how somebody answered a few items, can find rows again."
)
MOMENTS: Final = (
    "The data are covariances and means of all rows together; no single teacher's answers are in this folder."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ModelExport(Record):
    """The files that were written.

    Parameters
    ----------
    folder : str
        Where.
    files : tuple of str
        Their names.
    software : {"lavaan", "mplus"}
        For which program.
    data : {"answers", "moments"}
        Whether the rows are in them, or only their covariances.
    n : int
        Rows.
    """

    folder: str
    files: tuple[str, ...]
    software: str
    data: str
    n: int

    def to_frame(self) -> pd.DataFrame:
        """Return the files, a row each.

        Returns
        -------
        DataFrame
            ``file``.
        """
        return pd.DataFrame({"file": list(self.files)})

    def __repr__(self) -> str:
        what = f"answers of {self.n} rows" if self.data == "answers" else "covariances, no answers"
        return f"<ModelExport for {self.software} in {self.folder}: {', '.join(self.files)}; {what}>"


def export_model(
    fit: SemFit,
    folder: str | Path,
    software: Software = "lavaan",
    *,
    data: Content = "answers",
    overwrite: bool = False,
) -> ModelExport:
    """Write a fitted model's data, its script for lavaan or Mplus, and our results, so that anyone can check them.

    ``Rscript model.R`` in the folder then prints lavaan's estimates and fit beside ours, and the largest differences.

    .. warning::
       **The data file holds teachers' answers**, one row a teacher, with a number for each school where the fit knew schools
       (as it does of `Responses` unless told otherwise), and each row's group and weight. Schools are numbered, not named; the
       answers themselves still tell who they are of to somebody who knows some of them. Treat the folder as you treat the
       survey's file. Where the estimator needs no more, ``data="moments"`` writes covariances only.

    Parameters
    ----------
    fit : SemFit
        Of one group or several. One that did not converge is written too, without results of ours.
    folder : str or Path
        Made if it is not there.
    software : {"lavaan", "mplus"}
        For R, or a ``.inp`` file.
    data : {"answers", "moments"}
        The rows that were analysed, or their means and covariances. A fit of moments, or by pairs, has no rows to write.
    overwrite : bool
        Replace files of the same names.

    Returns
    -------
    ModelExport

    Raises
    ------
    ModelError
        If files are there already, the program can't do what was done, or covariances are not enough for it.

    Notes
    -----
    The script has every option in full: the model as `ParTable.to_lavaan` or `ParTable.to_mplus` writes it, so that neither
    program adds anything of its own. Auxiliary variables are part of the model there, and lavaan's baseline leaves causes
    uncorrelated whose variances are in the model (``fixed_x=False``): then CFI, TLI and SRMR differ, and are not compared.

    Examples
    --------
    >>> import tempfile
    >>> import internal_coherence as ic
    >>> district = ic.simulate_responses(n_schools=120, teachers=10, rng=1)
    >>> fit = ic.cfa(district.items, "pub =~ pub_1 + pub_2 + pub_3 + pub_4")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_model(fit, folder, data="moments").files
    ('README.txt', 'moments_1.csv', 'model.lav', 'model.R', 'ours_estimates.csv', 'ours_fit.csv')
    """
    check_option("software", software, get_args(Software))
    check_option("data", data, get_args(Content))
    samples = fit._fitted.problem.samples
    if any(sample.X is None for sample in samples):
        data = "moments"
    if data == "moments":
        _refuse_moments(fit, software)
    names = plain_names(fit.table)
    if software == "lavaan":
        columns = _columns(fit, names)
        written = _rows_csv(fit, columns, names) if data == "answers" else _moments_csv(fit, names)
        written["model.lav"] = renamed(fit.table, names).to_lavaan()
        written["model.R"] = lavaan_script(fit, columns, moments=data == "moments")
    else:
        model = fit.table.to_mplus()
        columns = _columns(fit, model.names)
        written = {"data.dat": _rows_dat(fit) if data == "answers" else _moments_dat(fit)}
        written["model.inp"] = mplus_input(fit, model, columns, moments=data == "moments")
        names = dict(model.names)
    written |= _results(fit, names)
    written = {"README.txt": _readme(fit, software, data, names), **written}
    return _write(fit, Path(folder), written, software, data, overwrite=overwrite)


def _write(
    fit: SemFit, folder: Path, written: Mapping[str, str], software: str, data: str, *, overwrite: bool
) -> ModelExport:
    if folder.exists() and not folder.is_dir():
        raise ModelError(f"export_model: {str(folder)!r} is a file; name a folder")
    if not overwrite and (there := [name for name in written if (folder / name).exists()]):
        raise ModelError(
            f"export_model: {str(folder)!r} has {listing(there)} already; pass overwrite=True to replace them"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return ModelExport(folder=str(folder), files=tuple(written), software=software, data=data, n=fit.n)


def _refuse_moments(fit: SemFit, software: str) -> None:
    """Refuse to write covariances where they are not enough."""
    how = fit._fitted.problem.estimator
    needs = ""
    if fit.missing == "fiml":
        needs = "missing='fiml'"
    elif how.robust or how.se not in ("standard", "none"):
        needs = f"estimator {fit.estimator!r} with these standard errors"
    elif how.discrepancy in ("WLS", "DWLS"):
        needs = f"estimator {fit.estimator!r}"
    if needs:
        raise ModelError(f"export_model: {needs} needs the answers themselves; data='moments' is not enough")
    if software == "mplus" and len(fit.groups) > 1:
        raise ModelError("export_model: moments of several groups are written for lavaan only; pass data='answers'")


def _columns(fit: SemFit, names: Mapping[str, str]) -> Columns:
    """Return names for what stands beside the variables, that none of these has."""
    samples = fit._fitted.problem.samples
    taken = {name.casefold() for name in names.values()}

    def unused(name: str) -> str:
        k, found = 1, name
        while found in taken:
            k, found = k + 1, f"{name}{k + 1}"
        return found

    return Columns(
        group=unused("group") if len(fit.groups) > 1 else "",
        cluster=unused("school") if samples[0].cluster is not None else "",
        weight=unused("weight") if samples[0].weights is not None else "",
    )


def _rows(fit: SemFit) -> list[tuple[Array, Array, NDArray[np.floating] | None, Array | None]]:
    """Return each group's answers, group, schools and weights."""
    found = []
    for g, sample in enumerate(fit._fitted.problem.samples):
        X = sample.answers("export_model with data='answers' writes")
        school = None if sample.cluster is None else sample.cluster + 1.0
        found.append((X, np.full(len(X), g + 1.0), school, sample.weights))
    return found


def _rows_csv(fit: SemFit, columns: Columns, names: Mapping[str, str]) -> dict[str, str]:
    parts = []
    for g, (X, _, school, weight) in enumerate(_rows(fit)):
        frame = pd.DataFrame(X, columns=[names[v] for v in fit.observed])
        if columns.group:
            frame[columns.group] = fit.groups[g]
        if columns.cluster and school is not None:
            frame[columns.cluster] = school.astype(int)
        if columns.weight:
            frame[columns.weight] = weight
        parts.append(frame)
    return {"data.csv": pd.concat(parts, ignore_index=True).to_csv(index=False, na_rep="NA", lineterminator="\n")}


def _rows_dat(fit: SemFit) -> str:
    blocks = []
    for X, group, school, weight in _rows(fit):
        beside = [x for x in (group if len(fit.groups) > 1 else None, school, weight) if x is not None]
        blocks.append(np.column_stack([X, *beside]))
    table = np.where(np.isnan(whole := np.concatenate(blocks)), MISSING_CODE, whole)
    if (whole == MISSING_CODE).any():
        raise ModelError(
            f"export_model: {MISSING_CODE:g} is an answer in these data and would be read as missing by Mplus"
        )
    return "".join(" ".join(repr(float(x)).removesuffix(".0") for x in row) + "\n" for row in table)


def _unbiased(fit: SemFit, g: int) -> Array:
    """Return a group's covariances with the divisor n − 1."""
    sample = fit._fitted.problem.samples[g]
    return sample.cov if sample.unbiased else sample.cov * sample.n / (sample.n - 1)


def _moments_csv(fit: SemFit, names: Mapping[str, str]) -> dict[str, str]:
    files, own = {}, [names[v] for v in fit.observed]
    for g, sample in enumerate(fit._fitted.problem.samples):
        table = pd.DataFrame(np.vstack([_unbiased(fit, g), sample.mean]), columns=own)
        table.index = pd.Index([*own, "mean of each"], name="of")
        files[f"moments_{g + 1}.csv"] = table.to_csv(lineterminator="\n")
    return files


def _moments_dat(fit: SemFit) -> str:
    rows = [fit._fitted.problem.samples[0].mean, *(row[: k + 1] for k, row in enumerate(_unbiased(fit, 0)))]
    return "".join(" ".join(repr(float(x)) for x in row) + "\n" for row in rows)


def _other_baseline(fit: SemFit) -> bool:
    """Return whether the other program's independence model is another than ours."""
    causes = {row.rhs for row in fit.table.entries if row.op == "~"} & set(fit.table.exogenous) & set(fit.observed)
    return bool(fit.auxiliary or causes - set(fit.table.covariates))


def _results(fit: SemFit, names: Mapping[str, str]) -> dict[str, str]:
    """Return our estimates and measures of fit as CSV."""
    table = fit.parameter_estimates()
    aside = [row.lhs in fit.auxiliary or row.rhs in fit.auxiliary for row in table.itertuples()]
    table = table.loc[np.logical_not(aside), ["lhs", "op", "rhs", "group", "est", "se"]].copy()
    defined = table["op"] == ":="
    for end in ("lhs", "rhs"):
        table[end] = table[end].where(defined, table[end].map(lambda v: names.get(v, v)))
    if not fit.converged:
        table[["est", "se"]] = np.nan
    m, other = fit.fit_measures(), _other_baseline(fit)
    shown = [name for name in MEASURES if name in m and not (other and name in OF_BASELINE)]
    measures = pd.DataFrame({"measure": [x.replace("_", ".") for x in shown], "ours": m[shown].to_numpy()})
    return {
        "ours_estimates.csv": table.to_csv(index=False, na_rep="NA", lineterminator="\n"),
        "ours_fit.csv": measures.to_csv(index=False, na_rep="NA", lineterminator="\n"),
    }


def _readme(fit: SemFit, software: str, data: str, names: Mapping[str, str]) -> str:
    by_school = ", with a number for each school" if fit.n_clusters else ""
    what = ANSWERS.format(school=by_school) if data == "answers" else MOMENTS
    if software == "mplus":
        what = what.replace("data.csv", "data.dat")
    run = "Rscript model.R   (in this folder; R with the package lavaan)" if software == "lavaan" else "mplus model.inp"
    lines = [
        f"A model fitted by internal_coherence {library_version()}, to be fitted again by {software}.",
        "",
        *WARNING.format(what=what).splitlines(),
        "",
        f"Run: {run}",
        "ours_estimates.csv, ours_fit.csv: what internal_coherence found, under lavaan's names.",
    ]
    if not fit.converged:
        lines.append(f"The fit did not converge here ({fit.trouble}), so that these hold no results.")
    if _other_baseline(fit):
        lines.append(
            "The baseline is another one there (see export_model), so that CFI, TLI and SRMR are not compared."
        )
    if changed := {old: new for old, new in names.items() if old != new}:
        lines += ["Names that had to change:", *(f"  {new}: {old}" for old, new in changed.items())]
    if software == "mplus" and not fit.table.meanstructure:
        lines.append("Mplus adds free intercepts to this model, which change neither its fit nor its other estimates.")
    return "\n".join(lines) + "\n"
