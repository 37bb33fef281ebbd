"""A million teachers, ten items: seconds, peak memory, and alpha beside pingouin's.

pingouin's interval takes the rows before its own listwise deletion for n, so with missing answers only its alpha is compared.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import pingouin

import internal_coherence as ic

N, K, SCHOOLS = 1_000_000, 10, 30_000


def seconds(job: Callable[[], Any], repeats: int = 5) -> tuple[float, Any]:
    result = job()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = job()
        times.append(time.perf_counter() - start)
    return median(times), result


def peak_megabytes(job: Callable[[], Any]) -> float:
    tracemalloc.start()
    job()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def survey(missing: float) -> tuple[pd.DataFrame, ic.Instrument]:
    rng = np.random.default_rng(1)
    latent = rng.normal(size=(N, 1)) + rng.normal(size=(N, K))
    codes = np.clip(np.round(latent * 1.2 + 3.5), 1, 6)
    codes[rng.random(codes.shape) < missing] = np.nan
    keys = [f"q{k}" for k in range(K)]
    frame = pd.DataFrame(codes, columns=keys).assign(school=rng.integers(0, SCHOOLS, N))
    return frame, ic.read_codebook(pd.DataFrame({"item": keys, "scale": "s", "low": 1, "high": 6}))


def main() -> None:
    for missing in (0.0, 0.05):
        frame, book = survey(missing)
        responses = ic.read_responses(frame, book, school="school")
        items, scores = responses.items, ic.score(responses)
        data = frame[items.columns].to_numpy().nbytes / 1e6
        print(
            f"\n{N:,} teachers × {K} items in {SCHOOLS:,} schools, {missing:.0%} missing; the answers take {data:.0f} MB"
        )
        jobs: dict[str, Callable[[], Any]] = {
            "read_responses": lambda f=frame, b=book: ic.read_responses(f, b, school="school"),
            "score": lambda r=responses: ic.score(r),
            "alpha": lambda i=items: ic.alpha(i),
            "icc1": lambda s=scores, r=responses: ic.icc1(s["s"], r.school),
            "rwg_j": lambda i=items, r=responses: ic.rwg_j(i, r.school, 6),
            "aggregate": lambda r=responses: ic.aggregate(r),
        }
        for name, job in jobs.items():
            print(f"  {name:<16}{seconds(job, 3)[0]:8.3f} s   peak {peak_megabytes(job):7.0f} MB")
        method = "listwise" if missing else "pairwise"
        ours, a = seconds(lambda i=items, m=method: (r := ic.alpha(i, missing=m)) and (r, r.confidence_interval())[0])
        theirs, (b, _) = seconds(lambda i=items: pingouin.cronbach_alpha(i, nan_policy="listwise"))
        print(
            f"  alpha and interval: ours {ours:.3f} s, pingouin {theirs:.3f} s, ratio {theirs / ours:.1f};"
            f" largest difference {abs(a.alpha - b):.1e}"
        )


if __name__ == "__main__":
    main()
