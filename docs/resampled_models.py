"""Makes the tables of docs/explanation/resampling-and-schools.md: run it with `intervals` or `steps`, and the number of surveys.

Teachers answer eight items, four a factor, by five answers, skewed; schools have 5 to 40 teachers. What a model's parameters are
in truth is what it is fitted to a million such teachers.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd

import internal_coherence as ic

MODEL = "a =~ a1 + a2 + a3 + a4\nb =~ b1 + b2 + b3 + b4"
ITEMS = ["a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4"]
CUTS = np.array([-1.6, -1.0, -0.4, 0.4])
CONDITIONS = [(24, 0.05), (24, 0.20), (100, 0.05), (100, 0.20)]
DRAWS = 400


def draw(n: int, rng: np.random.Generator) -> np.ndarray:
    factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], n)
    return 0.7 * np.repeat(factors, 4, axis=1) + np.sqrt(0.51) * rng.normal(size=(n, 8))


def survey(schools: int, icc: float, rng: np.random.Generator) -> pd.DataFrame:
    school = np.repeat(np.arange(schools), np.linspace(5, 40, schools).round().astype(int))
    latent = np.sqrt(icc) * draw(schools, rng)[school] + np.sqrt(1 - icc) * draw(len(school), rng)
    answers = 1 + np.searchsorted(CUTS, latent.ravel()).reshape(latent.shape)
    return pd.DataFrame(answers, columns=ITEMS).assign(school=school, half=np.where(school % 2, "odd", "even"))


def parameters(fit: ic.SemFit) -> pd.DataFrame:
    table = fit.parameter_estimates()
    return table[(table["op"] == "=~") | ((table["lhs"] == "a") & (table["rhs"] == "b"))]


def held(table: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    own = table.loc[truth.index]
    inside = own["ci_lower"].le(truth["est"]) & own["ci_upper"].ge(truth["est"])
    return {"loadings": inside[truth["op"] == "=~"].mean(), "covariance": inside[truth["op"] == "~~"].mean()}


def intervals(surveys: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    population = survey(45_000, 0.0, rng)[ITEMS]
    truth = parameters(ic.cfa(population, MODEL, std_lv=True))
    rows = []
    for schools, icc in CONDITIONS:
        for _ in range(surveys):
            data = survey(schools, icc, rng)
            fit = ic.cfa(data, MODEL, std_lv=True, estimator="MLR", cluster="school")
            by_rows = ic.bootstrap(fit, draws=DRAWS, resample="rows", rng=rng)
            by_schools = ic.bootstrap(fit, draws=DRAWS, rng=rng, studentized=True)
            ways = {
                "robust, schools": fit.parameter_estimates(),
                "teachers, percentile": by_rows.parameter_estimates(),
                "schools, percentile": by_schools.parameter_estimates(),
                "schools, bca": by_schools.parameter_estimates(interval="bca"),
                "schools, studentized": by_schools.parameter_estimates(interval="studentized"),
            }
            rows += [{"schools": schools, "icc": icc, "way": way, **held(table, truth)} for way, table in ways.items()]
    return pd.DataFrame(rows).groupby(["schools", "icc", "way"], sort=False).mean()


def steps(surveys: int) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = []
    for schools, icc in CONDITIONS:
        for _ in range(surveys):
            data = survey(schools, icc, rng)
            common = {"steps": ("configural", "metric", "scalar")}
            ways = {
                "ML": ic.invariance(data, MODEL, "half", **common),
                "MLR": ic.invariance(data, MODEL, "half", estimator="MLR", **common),
                "MLR, schools": ic.invariance(data, MODEL, "half", estimator="MLR", cluster="school", **common),
            }
            for way, found in ways.items():
                p = found.to_frame().set_index("step")["pvalue_diff"]
                rows.append(
                    {
                        "schools": schools,
                        "icc": icc,
                        "way": way,
                        "metric": p["metric"] < 0.05,
                        "scalar": p["scalar"] < 0.05,
                    }
                )
            fits = ways["MLR, schools"].fits
            drawn = {
                more: ic.bootstrap(fits[more], against=fits[less], draws=200, bollen_stine=True, rng=rng).differences()
                for more, less in (("metric", "configural"), ("scalar", "metric"))
            }
            rejected = {step: d["pvalue"].iloc[0] < 0.05 for step, d in drawn.items()}
            rows.append({"schools": schools, "icc": icc, "way": "drawn schools", **rejected})
    return pd.DataFrame(rows).groupby(["schools", "icc", "way"], sort=False).mean()


if __name__ == "__main__":
    warnings.simplefilter("ignore", ic.CoherenceWarning)
    what, surveys = sys.argv[1], int(sys.argv[2])
    sys.stdout.write({"intervals": intervals, "steps": steps}[what](surveys).astype(float).round(3).to_string() + "\n")
