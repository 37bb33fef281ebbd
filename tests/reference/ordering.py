"""Make ordering.csv, the simulated answers behind ordering.json: 4 scales in a chain, 40 schools of 6 to 18 teachers."""

from pathlib import Path

import numpy as np
import pandas as pd

import internal_coherence as ic

SCALES = ("lead", "team", "trust", "eff")
book = ic.read_codebook(
    pd.DataFrame(
        [
            {"item": f"{s}_{i}", "scale": s, "low": 1, "high": 5, "text": f"topic {i} of {s}"}
            for s in SCALES
            for i in range(1, 4)
        ]
    )
)
rng = np.random.default_rng(20261124)
responses = ic.simulate_responses(
    book,
    n_schools=40,
    teachers=rng.integers(6, 19, 40).tolist(),
    icc=0.3,
    graph={("lead", "team"): 0.5, ("team", "trust"): 0.5, ("trust", "eff"): 0.5, ("lead", "eff"): 0.2},
    rng=rng,
)
frame = responses.items.astype(int)
frame.insert(0, "school", responses.school)
frame.to_csv(Path(__file__).parent / "data" / "ordering.csv", index=False)
