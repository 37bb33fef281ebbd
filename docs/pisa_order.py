"""Makes the figures on PISA of docs/explanation/why-the-order-stays-provisional.md, of data that are not part of this project.

PISA_TEACHERS names a CSV file with the columns country, school, teacher and eight items of TC026.
"""

from __future__ import annotations

import os
import sys
import warnings

import numpy as np
import pandas as pd
from pisa_teachers import PROFESSION, REVERSED, WORKPLACE

import internal_coherence as ic


def main() -> None:
    warnings.simplefilter("ignore", ic.CoherenceWarning)
    data = pd.read_csv(os.environ["PISA_TEACHERS"])
    items = PROFESSION + WORKPLACE
    book = pd.DataFrame(
        {"item": items, "scale": ["profession"] * 4 + ["workplace"] * 4, "low": 1, "high": 4, "text": items}
    )
    book["reversed"] = ["yes" if item in REVERSED else "" for item in items]
    teachers = ic.read_responses(data, ic.read_codebook(book), school="school", teacher="teacher")
    country = data.assign(school=data["school"].astype(str)).groupby("school")["country"].first()
    two = ic.Order.from_text("workplace -> profession", key="two facets")
    found = [ic.check_ordering(teachers, two, rng=1)]
    for name in sorted(country.unique()):
        text = "country -> workplace -> profession"
        order = ic.Order.from_text(text, key=name, outcomes=["country"])
        here = (country == name).astype(float)
        found.append(ic.check_ordering(teachers, order, levels=["between"], outcomes={"country": here}, rng=1))
    size = np.log(teachers.school.value_counts())
    larger = ic.Order.from_text("size -> workplace -> profession", key="size of the school", outcomes=["size"])
    found.append(ic.check_ordering(teachers, larger, levels=["between"], outcomes={"size": size}, rng=1))
    for result in found:
        sys.stdout.write(f"{result!r}\n")
        for table in (result.correlations, result.local_tests, result.effects):
            sys.stdout.write(table.round(3).to_string() + "\n\n")


if __name__ == "__main__":
    main()
