"""Makes the table of docs/explanation/earliest-weak-stage.md: run it with the number of surveys for each line.

Three stages of two scales each, answered from 0 to 100. The schools' true means are normal about points a little above the
bar, 50, and the stages correlate at .6 between schools and at .5 within; teachers' answers scatter by 20 points. Schools have
5 to 40 teachers. A school's truth is the first stage whose true mean is below the bar, or none.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import internal_coherence as ic

SCALES = ["a1", "a2", "b1", "b2", "c1", "c2"]
ABOVE = np.repeat([0.6, 0.3, 0.3], 2)
"""Of the standard deviation between schools, by which the mean of all schools lies above the bar."""
CONDITIONS = [(J, icc, "normal") for J in (12, 24, 60) for icc in (0.05, 0.15, 0.30)]
CONDITIONS += [(24, 0.15, "skewed"), (8, 0.15, "normal")]
ORDER = """
key = "three"
title = "Three stages"
""" + "".join(
    f'[[stages]]\nkey = "{stage}"\nlabel = "Stage {stage}"\nmeasured_by = ["{stage}1", "{stage}2"]\n' for stage in "abc"
)
ITEMS = [f"{scale}_{k}" for scale in SCALES for k in (1, 2)]  # two that are answered alike: a scale has two at least
BOOK = pd.DataFrame({"item": ITEMS, "scale": np.repeat(SCALES, 2), "low": 0, "high": 100, "text": ITEMS})


def correlated(n: int, between_stages: float, within_stages: float, shape: str, rng: np.random.Generator) -> np.ndarray:
    same = np.repeat(np.arange(3), 2)
    R = np.where(same[:, None] == same, within_stages, between_stages) + (1 - within_stages) * np.eye(6)
    z = rng.standard_normal((n, 6))
    if shape == "skewed":
        z = (rng.gamma(2, size=(n, 6)) - 2) / np.sqrt(2)
    return z @ np.linalg.cholesky(R).T


def survey(schools: int, icc: float, shape: str, rng: np.random.Generator) -> tuple[ic.Responses, np.ndarray]:
    """Return the answers, and which stage is truly the earliest weak one in each school (3: none)."""
    tau = 20 * np.sqrt(icc / (1 - icc))
    theta = 50 + tau * (ABOVE + correlated(schools, 0.6, 0.8, shape, rng))
    school = np.repeat(np.arange(schools), rng.integers(5, 41, schools))
    x = np.clip(np.rint(theta[school] + 20 * correlated(len(school), 0.5, 0.7, "normal", rng)), 0, 100)
    frame = pd.DataFrame(np.repeat(x, 2, axis=1), columns=ITEMS).assign(school=[f"S{j:02d}" for j in school])
    low = theta.reshape(-1, 3, 2).mean(axis=2) < 50
    truth = np.where(low.any(axis=1), low.argmax(axis=1), 3)
    return ic.read_responses(frame, ic.read_codebook(BOOK), school="school"), truth


def by_limits(found: ic.WeakStage) -> int | None:
    """Return what the simultaneous limits alone would name: a stage, 3 for none, or nothing."""
    for k, reading in enumerate(found.readings):
        if reading.verdict != "at or above":
            return k if reading.verdict == "below" else None
    return 3


def one_line(schools: int, icc: float, shape: str, surveys: int, order: ic.Order) -> dict[str, object]:
    rng = np.random.default_rng([schools, round(100 * icc), len(shape)])
    rows = []
    for _ in range(surveys):
        responses, truth = survey(schools, icc, shape, rng)
        for (_, profile), true in zip(ic.profile_schools(responses).items(), truth, strict=True):
            found = ic.earliest_weak_stage(profile, order)
            keys = [reading.stage for reading in found.readings]
            named = keys.index(found.stage) if found.stage else 3 if found.conclusion == "none below" else None
            rows.append((true, named, found.probability, by_limits(found)))
    table = pd.DataFrame(rows, columns=["true", "named", "p", "limits"])
    stage, none, clear = table["named"] < 3, table["named"] == 3, table["limits"] < 3
    right = table["named"] == table["true"]
    return {
        "schools": schools, "icc": icc, "shape": shape, "n": len(table), "weak": (table["true"] < 3).mean(),
        "named": stage.mean(), "expected": table.loc[stage, "p"].mean(), "right": right[stage].mean(),
        "none_named": none.mean(), "none_expected": table.loc[none, "p"].mean(), "none_right": right[none].mean(),
        "limits_named": clear.mean(), "limits_right": (table["limits"] == table["true"])[clear].mean(),
    }  # fmt: skip


def main() -> None:
    surveys = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "three.toml"
        path.write_text(ORDER, encoding="utf-8")
        order = ic.load_order(path)
    lines = [one_line(*condition, max(surveys * 24 // condition[0], 1), order) for condition in CONDITIONS]
    print(pd.DataFrame(lines).round(3).to_string(index=False))  # noqa: T201


if __name__ == "__main__":
    main()
