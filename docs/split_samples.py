"""Makes the table of docs/how-to/how-wrong-could-the-order-be.md: run it with the number of surveys, such as 300.

Three stages of four items in a chain, by 0.5 each, at both levels; 15 % of a stage's variance lies between schools, which have
8 to 16 teachers. In truth the first and the last stage correlate 0.25, and not at all given the one between.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

import internal_coherence as ic
from internal_coherence.ordering.doubt import split_sample_ordering

SCALES = ["first", "second", "third"]
ORDER = ic.Order.from_text("first -> second -> third")
TRUTH = {("first", "second"): 0.5, ("second", "third"): 0.5}
WANTED = {"correlation": 0.25, "implied independence": 0.0}


def instrument() -> ic.Instrument:
    items = [(f"{scale}_{i}", scale) for scale in SCALES for i in range(1, 5)]
    return ic.read_codebook(pd.DataFrame(items, columns=["item", "scale"]).assign(low=1, high=6, text="?"))


def one(survey: ic.Responses) -> pd.DataFrame | None:
    try:
        table = split_sample_ordering(survey, ORDER, fewest_schools=3).associations
    except ic.ModelError:  # halves whose correlations can't be
        return None
    ends = table[(table["first"] == "first") & (table["second"] == "third")]
    truth = ends["kind"].map(WANTED)
    return ends.assign(held=ends["ci_lower"].le(truth) & ends["ci_upper"].ge(truth))


def main(surveys: int) -> pd.DataFrame:
    rng, asked, rows = np.random.default_rng(1), instrument(), []
    for schools in (24, 30, 60, 200):
        for mood in (0.0, 0.3, 0.5):
            found = []
            for _ in range(surveys):
                teachers = rng.integers(8, 17, schools).tolist()
                survey = ic.simulate_responses(
                    asked, n_schools=schools, teachers=teachers, graph=TRUTH, shared_rater=mood, rng=rng
                )
                found.append(one(survey))
            told = pd.concat([table for table in found if table is not None])
            lost = sum(table is None for table in found) / surveys
            means = told.groupby("kind", sort=False)[["estimate", "school_means", "held"]].mean()
            shared = told.groupby("kind", sort=False)["with_shared_raters"].median()
            rows += [
                {
                    "schools": schools,
                    "mood": mood,
                    "kind": kind,
                    **row,
                    "with_shared_raters": shared[kind],
                    "lost": lost,
                }
                for kind, row in means.iterrows()
            ]
    return pd.DataFrame(rows)


if __name__ == "__main__":
    sys.stdout.write(main(int(sys.argv[1])).round(3).to_string(index=False) + "\n")
