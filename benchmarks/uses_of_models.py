"""Invariance and bootstrap beside lavaan, and how long resampling a large model takes.

Needs R with lavaan and OpenBLAS for the pairs; without it they are skipped. Both sides work on the same numbers in one run. Drawn
samples differ by chance, so that of bootstraps the standard errors are compared, which two sets of draws have apart by 1/√(2B).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
from confirmatory import HS, factors, seconds
from semopy.examples import holzinger39

import internal_coherence as ic

STEPS = ("configural", "metric", "scalar", "strict")
IN_R = """
suppressMessages(library(lavaan))
d <- read.csv("answers.csv"); m <- readLines("model.txt")
equal <- list("none", "loadings", c("loadings", "intercepts"), c("loadings", "intercepts", "residuals"))
ladder <- function() {
  fits <- lapply(equal, function(e) if (e[1] == "none") cfa(m, d, group = "school") else cfa(m, d, group = "school", group.equal = e))
  list(measures = lapply(fits, fitMeasures), test = do.call(lavTestLRT, fits))
}
boot <- function() bootstrapLavaan(fit, R = 200)
fit <- cfa(m, d); invisible(ladder())
time <- function(f) median(replicate(3, system.time(result <<- f())[["elapsed"]]))
t1 <- time(ladder); steps <- result$test[["Chisq diff"]][-1]
t2 <- time(boot); se <- apply(result, 2, sd, na.rm = TRUE)
cat(sprintf('{"ladder": %.17g, "boot": %.17g, "steps": [%s], "se": [%s]}', t1, t2, paste(sprintf("%.17g", steps), collapse = ","),
            paste(sprintf("%.17g", se), collapse = ",")))
"""


def show(what: str, ours: float, theirs: float, difference: str) -> None:
    print(
        f"{what:52} {ours:9.4f} s {theirs:9.3f} s {theirs / ours:8.1f} x   largest difference: {difference}", flush=True
    )


def beside_lavaan() -> None:
    hs = holzinger39.get_data()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hs.to_csv(folder / "answers.csv", index=False)
        (folder / "model.txt").write_text(HS)
        (folder / "job.R").write_text(IN_R)
        done = subprocess.run(["Rscript", "job.R"], cwd=folder, capture_output=True, text=True, check=True)
        theirs = json.loads(done.stdout)
    steps = ic.invariance(hs, HS, "school", steps=STEPS).to_frame()["chisq_diff"].to_numpy()[1:]
    took = seconds(lambda: ic.invariance(hs, HS, "school", steps=STEPS))
    apart = np.abs(steps / np.array(theirs["steps"]) - 1).max()
    show("four steps of invariance, HS1939, two groups; lavaan", took, theirs["ladder"], f"{apart:.0e} of Δχ²")
    fit = ic.cfa(hs, HS)
    took = seconds(lambda: ic.bootstrap(fit, draws=200, rng=1))
    free = [row.free > 0 for row in fit.table.entries]
    se = ic.bootstrap(fit, draws=200, rng=1).parameter_estimates()["se"].to_numpy()[free]
    apart = np.median(np.abs(se / np.array(theirs["se"]) - 1))
    show("200 bootstrap samples of HS1939; lavaan", took, theirs["boot"], f"{apart:.0%} of SE, median; chance alone 5%")


def large() -> None:
    model, data = factors(11, 50, 5_000)
    data["school"] = np.arange(5_000) // 20
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        fit = ic.cfa(data, model, cluster="school", estimator="MLR")
        for workers in (1, 2):
            took = seconds(lambda w=workers: ic.bootstrap(fit, draws=1_000, rng=1, workers=w), 1)
            print(
                f"1 000 cluster bootstrap samples, 11 factors x 50 items, n = 5 000, {workers} process(es): {took:.1f} s",
                flush=True,
            )
        took = seconds(lambda: ic.school_influence(fit), 1)
        print(f"leaving out each of 250 schools, the same model: {took:.1f} s", flush=True)


if __name__ == "__main__":
    if shutil.which("Rscript"):
        beside_lavaan()
    large()
