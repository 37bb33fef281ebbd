"""Prints the table of how-to/many-groups.md: how good aligned means, their intervals and the list of differences are.

Groups of 100 or 500 teachers, one factor of five items (loadings .8, residual variances .36), factor means of standard
deviation .5, log standard deviations of standard deviation .15. A share of all loadings is lower by .3, and of all
intercepts higher by .5. Run with ``python docs/aligned_means.py``; it takes minutes.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd

import internal_coherence as ic

ITEMS = [f"x{k}" for k in range(5)]
MODEL = "f =~ " + " + ".join(ITEMS)
REPEATS = 40


def draw(
    rng: np.random.Generator, G: int, n: int, share: float
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Return answers, the true means and standard deviations, and which parameters (2P, G) are not invariant."""
    alpha, sd = 0.5 * rng.standard_normal(G), np.exp(0.15 * rng.standard_normal(G))
    lam, nu = np.full((5, G), 0.8), np.full((5, G), 4.0)
    for g in range(G):
        for parameter, by in ((lam, -0.3), (nu, 0.5)):
            count = rng.binomial(1, share * 5)
            parameter[rng.choice(5, count, replace=False), g] += by
    eta = np.repeat(alpha, n) + np.repeat(sd, n) * rng.standard_normal(G * n)
    group = np.repeat(np.arange(G), n)
    X = nu.T[group] + lam.T[group] * eta[:, None] + 0.6 * rng.standard_normal((G * n, 5))
    return pd.DataFrame(X, columns=ITEMS).assign(g=group), alpha, sd, np.concatenate([lam != 0.8, nu != 4.0])


def one(rng: np.random.Generator, G: int, n: int, share: float) -> dict[str, float]:
    data, alpha, sd, differs = draw(rng, G, n, share)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = ic.align(data, MODEL, group="g")
    table, r = found.to_frame(), found.groups.index(found.reference)
    truth = (alpha - alpha[r]) / sd[r]
    inside = (table["lower"] <= truth) & (truth <= table["upper"])
    flagged = ~found.parameters["invariant"].to_numpy().reshape(10, G)
    others = np.arange(G) != r
    error = (table["mean"] - truth)[others]
    pairs = found.pairwise()
    at = {label: k for k, label in enumerate(found.groups)}
    first, second = pairs["first"].map(at).to_numpy(), pairs["second"].map(at).to_numpy()
    apart = (alpha[first] - alpha[second]) / sd[r] - pairs["difference"]
    both = (first != r) & (second != r)
    return {
        "bias": error.mean(),
        "rmse": np.sqrt((error**2).mean()),
        "correlation": np.corrcoef(table["mean"], truth)[0, 1],
        "coverage": inside[others].mean(),
        "coverage_of_differences": (apart.abs() <= 1.96 * pairs["se"])[both].mean(),
        "found": flagged[differs].mean(),
        "false": flagged[~differs].mean(),
    }


def main() -> None:
    rng = np.random.default_rng(2014)
    for G in (10, 30, 60):
        for n in (100, 500):
            for share in (0.1, 0.2):
                rows = pd.DataFrame([one(rng, G, n, share) for _ in range(REPEATS)])
                cells = " | ".join(f"{value:.2f}" for value in rows.mean())
                sys.stdout.write(f"| {G} | {n} | {share:.0%} | {cells} |\n")


if __name__ == "__main__":
    main()
