"""Makes the figures of docs/explanation/a-validation-worked.md from the teachers of PISA 2015, which are not part of this project.

PISA_TEACHERS names a CSV file with the columns country, school, teacher and eight items of TC026. `python pisa_teachers.py page.html`
writes the page of evidence as well.
"""

from __future__ import annotations

import os
import sys
import warnings

import pandas as pd

import internal_coherence as ic

PROFESSION = ["TC026Q01NA", "TC026Q02NA", "TC026Q04NA", "TC026Q06NA"]
WORKPLACE = ["TC026Q05NA", "TC026Q07NA", "TC026Q09NA", "TC026Q10NA"]
REVERSED = ("TC026Q04NA", "TC026Q06NA")


def main() -> None:
    warnings.simplefilter("ignore", ic.CoherenceWarning)
    data = pd.read_csv(os.environ["PISA_TEACHERS"])
    items = PROFESSION + WORKPLACE
    book = pd.DataFrame(
        {"item": items, "scale": ["profession"] * 4 + ["workplace"] * 4, "low": 1, "high": 4, "text": items}
    )
    book["reversed"] = ["yes" if item in REVERSED else "" for item in items]
    teachers = ic.read_responses(data, ic.read_codebook(book), school="school", teacher="teacher")
    country = pd.Series(data["country"].to_numpy(), index=teachers.items.index)
    found = ic.validate_instrument(teachers, group=country, folds=5)
    parts = [found.rivals.to_frame(), found.compared.to_frame()]
    two = f"profession =~ {' + '.join(PROFESSION)}\nworkplace =~ {' + '.join(WORKPLACE)}"
    steps = ("configural", "metric", "scalar")
    searched = ic.invariance(teachers, two, country, estimator="MLR", steps=steps, search="indices")
    parts += [searched.to_frame(), searched.released, searched.latent_means()]
    for part in parts:
        sys.stdout.write(part.round(3).to_string() + "\n\n")
    if len(sys.argv) > 1:
        found.to_html(sys.argv[1])


if __name__ == "__main__":
    main()
