"""Variance between schools: correlations beside multilevel, variances and means beside lme4 and statsmodels, and growth.

Needs R with multilevel, lme4 and OpenBLAS for the pairs with R; without it they are skipped. Both sides run in this
process's lifetime on the same numbers; R's seconds are its own, without reading the data.
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

import internal_coherence as ic

IN_R = """
suppressMessages({{library(multilevel); library(lme4)}})
d <- as.data.frame(matrix(readBin("answers.bin", "double", {n} * {k}), ncol = {k}))
d$school <- factor(readBin("schools.bin", "integer", {n}))
warm <- d[1:2000, ]; invisible(lmer(V1 ~ 1 + (1 | school), warm))
a <- system.time(icc <- mult.icc(d[1:{k}], d$school))[["elapsed"]]
tight <- lmerControl(optCtrl = list(xtol_abs = 1e-10, ftol_abs = 1e-12))
b <- system.time({{m <- lmer(V1 ~ 1 + (1 | school), d); r <- ranef(m, condVar = TRUE)$school}})[["elapsed"]]
m <- lmer(V1 ~ 1 + (1 | school), d, control = tight); r <- ranef(m, condVar = TRUE)$school; v <- as.data.frame(VarCorr(m))
write.csv(data.frame(school = rownames(r), u = r[[1]], v = as.numeric(attr(r, "postVar"))), "means.csv")
cat(sprintf('{{"icc_seconds": %.17g, "lmer_seconds": %.17g, "tau2": %.17g, "sigma2": %.17g, "logl": %.17g, "icc1": [%s]}}',
  a, b, v$vcov[1], v$vcov[2], as.numeric(logLik(m)), paste(sprintf("%.17g", icc$ICC1), collapse = ",")))
"""


def answers(n: int, n_schools: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return whole numbers from 1 to 6 of n teachers on k items, a tenth of the variance between schools."""
    rng = np.random.default_rng(1)
    school = rng.integers(0, n_schools, n)
    latent = (
        3.5 + 0.4 * rng.normal(size=(n_schools, k))[school] + rng.normal(size=(n, 1)) + rng.normal(size=(n, k)) * 0.7
    )
    return np.clip(np.rint(latent), 1, 6), school


def seconds(job: Callable[[], Any], repeats: int = 7) -> float:
    """Return the median seconds of several runs, after one that is not counted."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return median(times[1:])


def show(what: str, ours: float, theirs: float, difference: float) -> None:
    print(f"{what:62} {ours:9.4f} s {theirs:9.4f} s {theirs / ours:8.1f} x   largest difference {difference:.1e}")


def beside_r(n: int, n_schools: int, k: int = 6) -> None:
    X, school = answers(n, n_schools, k)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        X.T.tofile(folder / "answers.bin")
        school.astype(np.int32).tofile(folder / "schools.bin")
        (folder / "job.R").write_text(IN_R.format(n=n, k=k))
        done = subprocess.run(["Rscript", "job.R"], cwd=folder, capture_output=True, text=True, check=True)
        theirs, means = json.loads(done.stdout), pd.read_csv(folder / "means.csv", dtype={"school": str})
    where = f"{n:,} in {n_schools:,}"
    ours = seconds(lambda: (ic.icc1(X, school, method="reml"), ic.icc2(X, school, method="reml")))
    found = ic.icc1(X, school, method="reml")
    apart = max(abs(one.estimate - other) for one, other in zip(found.values(), theirs["icc1"], strict=True))
    show(f"ICC1, ICC2 of six items by REML, {where}; mult.icc", ours, theirs["icc_seconds"], apart)
    ours = seconds(lambda: (ic.icc1(X, school), ic.icc2(X, school)))
    print(f"{'':4}by ANOVA, which multilevel has item by item: {ours:.4f} s")
    ours = seconds(lambda: ic.school_means(X[:, 0], school))
    result = ic.school_means(X[:, 0], school)
    table = result.to_frame().set_index("school").loc[means["school"]]
    apart = max(
        np.abs(table["effect"].to_numpy() - means["u"]).max(),
        np.abs(table["conditional_variance"].to_numpy() - means["v"]).max(),
        abs(result.components.tau2 - theirs["tau2"]),
        abs(result.components.sigma2 - theirs["sigma2"]),
    )
    show(f"REML and empirical-Bayes means, {where}; lmer", ours, theirs["lmer_seconds"], apart)
    print(f"{'':4}our log-likelihood less lmer's: {result.components.log_likelihood - theirs['logl']:.1e}")


def beside_statsmodels(n: int, n_schools: int) -> None:
    from statsmodels.regression.mixed_linear_model import MixedLM

    X, school = answers(n, n_schools, 1)
    ours = seconds(lambda: ic.school_means(X[:, 0], school))
    found = ic.variance_components(X[:, 0], school)
    start = time.perf_counter()
    fit = MixedLM(X[:, 0], np.ones((n, 1)), groups=school).fit(reml=True)
    theirs = time.perf_counter() - start
    apart = max(abs(found.tau2 - float(fit.cov_re[0, 0])), abs(found.sigma2 - fit.scale))
    note = "" if fit.converged else " (it did not converge)"
    show(f"REML, {n:,} in {n_schools:,}; statsmodels MixedLM{note}", ours, theirs, apart)


def growth() -> None:
    print("\nvariance_components and means of one column, a hundred teachers a school")
    for n in (10**4, 10**5, 10**6, 10**7):
        X, school = answers(n, n // 100, 1)
        y = X[:, 0].copy()
        taken = seconds(lambda y=y, s=school: ic.school_means(y, s), repeats=3)
        tracemalloc.start()
        ic.school_means(y, school)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(
            f"{n:12,} teachers in {n // 100:8,} schools {taken:8.4f} s {taken / n * 1e6:8.4f} s a million, peak {peak / 1e6:7.1f} MB"
        )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(f"{'':62} {'ours':>11} {'peer':>11} {'ratio':>10}")
    if shutil.which("Rscript"):
        for schools in (3_000, 10_000):
            beside_r(100_000, schools)
    else:
        print("no Rscript: the pairs with R are left out")
    beside_statsmodels(100_000, 3_000)
    growth()
