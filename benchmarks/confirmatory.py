"""Confirmatory models beside lavaan and semopy, and how their cost grows.

Needs R with lavaan and OpenBLAS for the pairs with lavaan; without it they are skipped. Both sides work on the same
numbers in one run: data in memory, then the model, its standard errors and its measures of fit. R's seconds are its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import semopy
from semopy.examples import holzinger39

import internal_coherence as ic

HS = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
IN_R = """
suppressMessages(library(lavaan))
d <- as.data.frame(matrix(readBin("answers.bin", "double", {n} * {p}), ncol = {p}))
names(d) <- {names}; d[is.nan(as.matrix(d))] <- NA
job <- function() {{
  fit <- suppressWarnings(cfa(readLines("model.txt"), d, estimator = "{estimator}", missing = "{missing}"))
  list(pe = parameterEstimates(fit), m = fitMeasures(fit))
}}
{warm}
seconds <- replicate({repeats}, system.time(result <<- job())[["elapsed"]])
write.csv(result$pe[c("lhs", "op", "rhs", "est", "se")], "estimates.csv", row.names = FALSE)
m <- result$m
which <- intersect(c("chisq", "chisq.scaled", "cfi", "rmsea", "srmr"), names(m))
body <- paste(sprintf('"%s": %.17g', gsub(".", "_", which, fixed = TRUE), m[which]), collapse = ",")
cat(sprintf('{{"seconds": %.17g, "fit": {{%s}}}}', median(seconds), body))
"""
# The first fit of a session loads and compiles code; it is not counted. Where one fit takes minutes, a small one stands in.
WARM = "invisible(job())"
WARM_SMALL = """invisible(cfa(paste("w =~", paste(names(d)[1:4], collapse = " + ")), head(d, 500),
  estimator = "{estimator}", missing = "{missing}"))"""


def factors(n_factors: int, n_items: int, n: int, *, missing: float = 0.0) -> tuple[str, pd.DataFrame]:
    """Return a model of correlated factors and skewed answers from 1 to 6 that follow it."""
    rng = np.random.default_rng(2)
    scale = np.sort(np.resize(np.arange(n_factors), n_items))
    eta = rng.normal(size=(n, n_factors)) * 0.8 + rng.normal(size=(n, 1)) * 0.6
    latent = 3.9 + eta[:, scale] * rng.uniform(0.6, 1.0, n_items) + 0.8 * rng.normal(size=(n, n_items))
    X = np.clip(np.rint(latent), 1, 6)
    X[rng.random(X.shape) < missing] = np.nan
    names = [f"i{k}" for k in range(n_items)]
    lines = [f"f{f} =~ {' + '.join(names[k] for k in np.flatnonzero(scale == f))}" for f in range(n_factors)]
    return "\n".join(lines), pd.DataFrame(X, columns=names)


def fitted(model: str, data: pd.DataFrame, **options: Any) -> tuple[pd.DataFrame, pd.Series]:
    """Return estimates with standard errors and the measures of fit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        fit = ic.cfa(data, model, **options)
    return fit.parameter_estimates(), fit.fit_measures()


def seconds(job: Callable[[], Any], repeats: int = 15) -> float:
    """Return the median seconds of several runs, after one that is not counted."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return median(times[1:])


def show(what: str, ours: float, theirs: float, estimates: float, fit: float) -> None:
    ratio = f"{ours:9.4f} s {theirs:9.3f} s {theirs / ours:8.1f} x"
    print(f"{what:52} {ratio}   largest difference: {estimates:.0e} SE, fit {fit:.0e}", flush=True)


def apart(ours: tuple[pd.DataFrame, pd.Series], estimates: pd.DataFrame, fit: dict[str, float]) -> tuple[float, float]:
    """Return the largest differences of estimates and standard errors, in standard errors, and of fit, relative."""
    theirs = estimates[estimates["op"].isin(["=~", "~~"])]
    both = theirs.merge(ours[0], on=["lhs", "op", "rhs"], suffixes=("_theirs", ""))
    assert len(both) == len(theirs)
    free = both[both["se"] > 0]
    largest = max((free[c] - free[f"{c}_theirs"].astype(float)).abs().div(free["se"]).max() for c in ("est", "se"))
    return largest, max(abs(ours[1][name] - value) / max(abs(value), 0.01) for name, value in fit.items())


def beside_lavaan(
    what: str, model: str, data: pd.DataFrame, estimator: str, *, missing: str = "listwise", repeats: int = 3
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data.to_numpy(dtype=np.float64).T.tofile(folder / "answers.bin")
        (folder / "model.txt").write_text(model)
        warm = WARM if repeats > 1 else WARM_SMALL.format(estimator=estimator, missing=missing)
        script = IN_R.format(
            warm=warm,
            n=len(data),
            p=data.shape[1],
            names="c(" + ",".join(f'"{c}"' for c in data.columns) + ")",
            estimator=estimator,
            missing=missing,
            repeats=repeats,
        )
        (folder / "job.R").write_text(script)
        done = subprocess.run(["Rscript", "job.R"], cwd=folder, capture_output=True, text=True, check=True)
        theirs, estimates = json.loads(done.stdout), pd.read_csv(folder / "estimates.csv")
    options = {"estimator": estimator, "missing": missing}
    runs = 201 if len(data) < 1_000 else 15 if len(data) < 10_000 else 5
    ours = seconds(lambda: fitted(model, data, **options), runs if missing == "listwise" else 3)
    show(f"{what}; lavaan", ours, theirs["seconds"], *apart(fitted(model, data, **options), estimates, theirs["fit"]))


def beside_semopy(what: str, model: str, data: pd.DataFrame, repeats: int = 7) -> None:
    def job() -> tuple[pd.DataFrame, pd.DataFrame]:
        peer = semopy.Model(model)
        peer.fit(data)
        return peer.inspect(), semopy.calc_stats(peer)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = seconds(job, repeats)
        table, stats = job()
    table = table.rename(columns={"Estimate": "est", "Std. Err": "se"}).replace({"-": np.nan})
    flipped = table["op"] == "~"
    flipped &= table["rval"].str.match(r"f\d|visual|textual|speed")
    loadings = table[flipped].assign(lhs=table["rval"], op="=~", rhs=table["lval"])
    rest = table[~flipped].assign(lhs=table["lval"], rhs=table["rval"])
    both = pd.concat([loadings, rest, rest.assign(lhs=rest["rhs"], rhs=rest["lhs"])])
    both = both[["lhs", "op", "rhs", "est", "se"]].drop_duplicates(["lhs", "op", "rhs"])
    ours = seconds(lambda: fitted(model, data))
    found = fitted(model, data)
    own = found[0].merge(both, on=["lhs", "op", "rhs"], suffixes=("", "_theirs"))
    own = own[own["se"] > 0]
    largest = (own["est"] - own["est_theirs"].astype(float)).abs().div(own["se"]).max()
    show(f"{what}; semopy", ours, theirs, largest, abs(stats["chi2"].iloc[0] / found[1]["chisq"] - 1))


def grown(what: str, model: str, data: pd.DataFrame, **options: Any) -> None:
    took = seconds(lambda: fitted(model, data, **options), 3)
    tracemalloc.start()
    fitted(model, data, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    own = data.to_numpy().nbytes
    print(f"    {what:44} {took:9.4f} s   peak {peak / 2**20:8.1f} MB, {peak / own:5.1f} x the data", flush=True)


def main() -> None:
    hs = holzinger39.get_data()[[f"x{k}" for k in range(1, 10)]]
    large, survey = factors(11, 50, 5_000)
    beside_semopy("HolzingerSwineford1939, ML", HS, hs, 15)
    beside_semopy("11 factors, 50 items, n = 5 000, ML", large, survey, 3)
    if shutil.which("Rscript"):
        beside_lavaan("HolzingerSwineford1939, ML", HS, hs, "ML", repeats=15)
        beside_lavaan("HolzingerSwineford1939, MLR", HS, hs, "MLR", repeats=15)
        beside_lavaan("11 factors, 50 items, n = 5 000, ML", large, survey, "ML")
        beside_lavaan("11 factors, 50 items, n = 5 000, MLR", large, survey, "MLR", repeats=1)
        beside_lavaan("6 factors, 30 items, n = 50 000, MLR", *factors(6, 30, 50_000), "MLR", repeats=1)
        fiml = factors(8, 40, 1_000, missing=0.05)
        beside_lavaan("8 factors, 40 items, n = 1 000, 5 % missing, FIML", *fiml, "ML", missing="fiml", repeats=1)
    print("Growth with rows, 6 factors, 30 items, MLR")
    for n in (1_000, 10_000, 100_000, 1_000_000):
        grown(f"n = {n:,}", *factors(6, 30, n), estimator="MLR")
    print("Growth with items, five a factor, n = 2 000")
    for p in (10, 25, 50, 100, 200):
        model, data = factors(p // 5, p, 2_000)
        q = 2 * p + p // 5 * (p // 5 - 1) // 2
        grown(f"{p} items, {q} parameters, ML", model, data)
        grown(f"{p} items, {q} parameters, MLR", model, data, estimator="MLR")


if __name__ == "__main__":
    main()
