"""Seconds for the two-level covariances by maximum likelihood, and for a scale's reliability at both levels.

Run: python benchmarks/multilevel.py
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from statistics import median
from time import perf_counter

import numpy as np

from internal_coherence.errors import CoherenceWarning
from internal_coherence.measurement.multilevel.two_levels import multilevel_reliability
from internal_coherence.moments.grouping import group
from internal_coherence.moments.two_level_saturated import saturated_two_level
from internal_coherence.moments.two_level_sums import school_sums

SHAPES = ((1_000, 50, 20), (3_000, 6, 33), (10_000, 6, 10), (50_000, 10, 20))
"""Schools, items, teachers a school on average."""


def survey(J: int, k: int, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    size = rng.integers(max(n // 4, 1), 2 * n - n // 4, J)
    school = np.repeat(np.arange(J), size)
    of_school = 0.4 * rng.normal(size=(J, 1)) + 0.3 * rng.normal(size=(J, k))
    return of_school[school] + rng.normal(size=(len(school), 1)) + rng.normal(size=(len(school), k)), school


def seconds(run: Callable[[], object], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        start = perf_counter()
        run()
        taken.append(perf_counter() - start)
    return median(taken)


def main() -> None:
    warnings.simplefilter("ignore", CoherenceWarning)
    rng = np.random.default_rng(0)
    print(f"{'schools':>8} {'items':>6} {'teachers':>9} {'sums':>8} {'W and B':>8} {'verb':>8}")
    for J, k, n in SHAPES:
        X, school = survey(J, k, n, rng)
        groups = group(school, len(X))
        sums = school_sums(X, groups).gathered()
        taken = (
            seconds(lambda X=X, groups=groups: school_sums(X, groups).gathered()),
            seconds(lambda sums=sums: saturated_two_level(sums)),
            seconds(lambda X=X, school=school: multilevel_reliability(X, school), 3),
        )
        print(f"{J:8} {k:6} {len(X):9}" + "".join(f" {second:8.3f}" for second in taken))


if __name__ == "__main__":
    main()
