"""Agreement within schools beside R's multilevel: 100 000 teachers, six items, in 3 000 and in 10 000 schools.

Needs R with multilevel. Both sides get the same whole numbers from 1 to 6; R's seconds are its own, without reading the
data, and the median of three runs as are ours of nine.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

import internal_coherence as ic

N, K = 100_000, 6
R_SCRIPT = """
suppressMessages(library(multilevel))
x <- as.data.frame(matrix(readBin("answers.bin", "double", {n} * {k}), ncol = {k}))
g <- readBin("school.bin", "integer", {n})
jobs <- list(rwg_j = function() rwg.j(x, g, ranvar = 35 / 12)[["rwg.j"]],
  rwg_j_lindell = function() rwg.j.lindell(x, g, ranvar = 35 / 12)[["rwg.lindell"]],
  ad_m = function() ad.m(x, g)[["AD.M"]], ad_md = function() ad.m(x, g, type = "median")[["AD.M"]],
  awg = function() awg(x, g, range = c(1, 6))[["a.wg"]])
show <- function(v) paste(ifelse(is.na(v), "null", sprintf("%.17g", v)), collapse = ",")
cat("{{", paste(sapply(names(jobs), function(j) {{
  s <- sapply(1:3, function(i) system.time(v <<- jobs[[j]]())[["elapsed"]])
  sprintf('"%s": {{"seconds": %.17g, "values": [%s]}}', j, median(s), show(v))}}), collapse = ","), "}}")
"""


def seconds(job: Callable[[], Any], repeats: int = 9) -> tuple[float, Any]:
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        found = job()
        times.append(time.perf_counter() - start)
    return median(times[1:]), found


def answers(n: int, n_schools: int) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(1)
    school = rng.integers(0, n_schools, n)
    view = rng.normal(size=(n_schools, 1))[school] * 0.6 + rng.normal(size=(n, 1)) * 0.7
    X = np.clip(np.rint(3.8 + view + rng.normal(size=(n, K)) * 0.8), 1, 6)
    return pd.DataFrame(X, columns=[f"V{k + 1}" for k in range(K)]), pd.Series(school)


def in_r(items: pd.DataFrame, school: pd.Series) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        items.to_numpy().T.tofile(folder / "answers.bin")
        school.to_numpy().astype(np.int32).tofile(folder / "school.bin")
        (folder / "job.R").write_text(R_SCRIPT.format(n=len(items), k=K))
        done = subprocess.run(["Rscript", "job.R"], cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def beside_multilevel(n_schools: int) -> None:
    items, school = answers(N, n_schools)
    theirs = in_r(items, school)
    jobs = {
        "rwg_j": ("rwg_j", lambda: ic.rwg_j(items, school, 6)),
        "rwg_j_lindell": ("rwg_lindell", lambda: ic.rwg_j_lindell(items, school, 6)),
        "ad_m": ("ad_m", lambda: ic.average_deviation(items, school)),
        "ad_md": ("ad_md", lambda: ic.average_deviation(items, school, about="median")),
        "awg": ("a_wg", lambda: ic.awg(items, school, 1, 6)),
    }
    for name, (column, job) in jobs.items():
        ours, found = seconds(job)
        values, their_values = found.by_school[column].to_numpy(), np.array(theirs[name]["values"], dtype=float)
        both = ~np.isnan(values) & ~np.isnan(their_values)
        apart, lost = np.abs(values - their_values)[both].max(), int((np.isnan(values) != np.isnan(their_values)).sum())
        note = f"; {lost} valued by one side only" if lost else ""
        print(
            f"{name:14} {N} x {K} in {n_schools:6} schools {ours:8.4f} s {theirs[name]['seconds']:8.3f} s"
            f" {theirs[name]['seconds'] / ours:7.1f} x   largest difference {apart:.1e}{note}"
        )


def linear_in_rows() -> None:
    for n in (125_000, 250_000, 500_000, 1_000_000):
        items, school = answers(n, n // 30)
        ours, _ = seconds(lambda i=items, s=school: ic.rwg_j(i, s, 6), repeats=3)
        print(f"{'rwg_j':14} {n:8} rows {ours:8.4f} s {ours / n * 1e9:8.1f} ns a row")


def simulated(draws: int = 10_000) -> None:
    items, school = answers(N, 3_000)
    for kind in ("independent", "correlated"):
        ours, _ = seconds(lambda k=kind: ic.rwg_j(items, school, 6, draws=draws, null_items=k, rng=1), repeats=1)
        sizes = int(school.value_counts().nunique())
        print(f"rwg_j, {draws} draws of {kind} items, {sizes} sizes of school {ours:8.2f} s")


if __name__ == "__main__":
    linear_in_rows()
    simulated()
    if shutil.which("Rscript"):
        for schools in (3_000, 10_000):
            beside_multilevel(schools)
    else:
        print("no Rscript: the pairs with multilevel are left out")
