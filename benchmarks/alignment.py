"""Alignment of 10 to 200 groups, two factors of five items, 150 rows a group: seconds.

No peer runs beside it: Mplus is not free, and sirt not among Debian's packages. Beside the seconds stands how many starts
ended at the deepest minimum.
"""

from __future__ import annotations

import time
from statistics import median

import numpy as np
import pandas as pd

import internal_coherence as ic

N = 150
MODEL = "\n".join(f"f{f} =~ " + " + ".join(f"f{f}_{k}" for k in range(5)) for f in range(2))


def answers(n_groups: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(n_groups), N)
    columns = {}
    shared = rng.normal(size=len(group))
    for f in range(2):
        eta = 0.6 * shared + 0.8 * rng.normal(size=len(group))
        eta = rng.normal(0, 0.5, n_groups)[group] + np.exp(rng.normal(0, 0.15, n_groups))[group] * eta
        for k in range(5):
            loading = (0.8 - 0.3 * (rng.random(n_groups) < 0.1))[group]
            intercept = (4.0 + 0.5 * (rng.random(n_groups) < 0.1))[group]
            columns[f"f{f}_{k}"] = intercept + loading * eta + rng.normal(0, 0.6, len(group))
    return pd.DataFrame(columns).assign(group=group)


def main() -> None:
    for n_groups in (10, 30, 100, 200):
        data = answers(n_groups)
        times = []
        for _ in range(3 if n_groups <= 100 else 1):
            start = time.perf_counter()
            found = ic.align(data, MODEL, group="group")
            times.append(time.perf_counter() - start)
        agreeing = ", ".join(
            f"{a}/{s}" for a, s in zip(found.search["n_agreeing"], found.search["n_starts"], strict=True)
        )
        print(
            f"{n_groups:4} groups {median(times):7.2f} s; starts that agree: {agreeing}; not invariant {found.noninvariant_share:.1%}"
        )


if __name__ == "__main__":
    main()
