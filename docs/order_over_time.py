"""Prints the tables of how-to/order-over-time.md: what stable differences and sampling error do to paths over time.

Teachers: 40 schools of 15, three waves; two stages, each the sum of what a teacher stably is (half of the variance, correlation .6
between stages) and of what varies, with paths on itself of .4 and from the earlier stage to the later of 0 or .25. Schools: 80
schools of 12 other teachers in every wave, three waves; schools' true means with paths on themselves of .5, from the earlier stage
to the later of 0 or .4, innovations of variance .5, with or without stable differences (variance 1, correlation .6); teachers about
their school with variance 3. Run with ``python docs/order_over_time.py``; it takes some minutes.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd

import internal_coherence as ic
from internal_coherence.ordering.over_time import order_over_time, school_change

REPEATS = 200
write = sys.stdout.write
ORDER = """
key = "two"
stages = [{ key = "first", measured_by = ["one"] }, { key = "second", measured_by = ["two"] }]
arrows = [{ from = "first", to = "second" }]
"""


def responses_of(values: np.ndarray, school: np.ndarray, teachers: bool) -> ic.Responses:
    """Return Responses of (n, waves, 2) values; other teachers in every wave if `teachers` is False."""
    n, waves, _ = values.shape
    codes = np.clip(np.round(500 + 60 * values / values.std()), 0, 1000)
    book = ic.read_codebook(
        pd.DataFrame(
            {
                "item": ["a", "c", "b", "d"],
                "scale": ["one", "one", "two", "two"],
                "low": 0,
                "high": 1000,
                "text": "asked",
            }
        )
    )
    parts = [
        pd.DataFrame(codes[:, t][:, [0, 0, 1, 1]], columns=["a", "c", "b", "d"]).assign(
            school=school, wave=t + 1, teacher=np.arange(n)
        )
        for t in range(waves)
    ]
    return ic.read_responses(
        pd.concat(parts), book, school="school", wave="wave", teacher="teacher" if teachers else None
    )


def process(rng: np.random.Generator, n: int, path: float, own: float, noise: float, burn: int = 30) -> np.ndarray:
    """Return (n, 3, 2) values of two stages that go on by themselves and by a path from the first to the second."""
    A = np.array([[own, 0.0], [path, own]])
    x = np.zeros((n, 2))
    kept = []
    for t in range(burn + 3):
        x = x @ A.T + np.sqrt(noise) * rng.standard_normal((n, 2))
        if t >= burn:
            kept.append(x)
    return np.stack(kept, axis=1)


def alike(rng: np.random.Generator, n: int, variance: float) -> np.ndarray:
    """Return (n, 1, 2) stable values that correlate by .6."""
    root = np.linalg.cholesky(np.array([[1, 0.6], [0.6, 1]]))
    return np.sqrt(variance) * (rng.standard_normal((n, 2)) @ root.T)[:, None, :]


def teachers_once(rng: np.random.Generator, order: ic.Order, path: float) -> dict[str, tuple[float, bool, bool]]:
    school = np.repeat(np.arange(40), 15)
    varying = process(rng, 600, path, 0.4, 0.84)
    values = varying + alike(rng, 600, 1.0)
    data = responses_of(values, school, teachers=True)
    found = {}
    for model in ("cross_lagged", "random_intercept"):
        one = order_over_time(data, order, model=model, measurement="scores", equal_lags=True, invariance=False)
        row = one.paths.query("kind == 'forward'").iloc[0]
        scale = values[..., 0].std() / values[..., 1].std()
        found[model] = (row["est"] / scale, row["ci_lower"] <= path * scale <= row["ci_upper"], row["pvalue"] < 0.05)
    return found


def schools_once(
    rng: np.random.Generator, order: ic.Order, path: float, stable: float
) -> dict[str, tuple[float, bool, bool]]:
    true = process(rng, 80, path, 0.5, 0.5) + alike(rng, 80, stable)
    school = np.repeat(np.arange(80), 12)
    values = true[school] + np.sqrt(3) * rng.standard_normal((960, 3, 2))
    scale = values[..., 0].std() / values[..., 1].std()
    data = responses_of(values, school, teachers=False)
    found = {}
    for model in ("lagged", "differenced"):
        row = school_change(data, order, model=model).paths.query("kind == 'forward'").iloc[0]
        found[model] = (row["est"] / scale, row["ci_lower"] <= path * scale <= row["ci_upper"], row["pvalue"] < 0.05)
        found[f"{model}, uncorrected"] = (row["uncorrected"] / scale, np.nan, np.nan)
    return found


def summed(draws: list[dict[str, tuple[float, bool, bool]]], truth: float) -> None:
    for model in draws[0]:
        est, covered, shown = (np.array([d[model][k] for d in draws], dtype=float) for k in range(3))
        known = np.isfinite(est)
        spread = np.subtract(*np.quantile(est[known], (0.75, 0.25)))
        told = "  |  |" if np.isnan(covered).all() else f" {covered[known].mean():.2f} | {shown[known].mean():.2f} |"
        name = model.replace("_", " ")
        write(f"| {name} | {truth:.2f} | {np.median(est[known]):.2f} | {spread:.2f} |{told} {(~known).sum()} |\n")


def main() -> None:
    import tempfile
    from pathlib import Path

    warnings.simplefilter("ignore")
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "two.toml").write_text(ORDER)
        order = ic.load_order(Path(folder) / "two.toml")
    head = (
        "| model | true path | median estimate | interquartile range | intervals that hold it | p < .05 | no estimate |"
    )
    write(f"{head}\n|{'---|' * 7}\n")
    for path in (0.0, 0.25):
        rng = np.random.default_rng(1)
        summed([teachers_once(rng, order, path) for _ in range(repeats)], path)
    for stable in (0.0, 1.0):
        for path in (0.0, 0.4):
            write(f"schools, stable differences {stable}\n")
            rng = np.random.default_rng(2)
            summed([schools_once(rng, order, path, stable) for _ in range(repeats)], path)


if __name__ == "__main__":
    main()
