"""How often tests of all implications together reject a true order between schools, for why-the-order-stays-provisional.md.

Normal stages with a reliability of .8, chains with arrows of .5, four tenths of the variance between schools, twelve teachers in
each of them.
"""

from __future__ import annotations

import sys

import numpy as np

import internal_coherence as ic
from internal_coherence.ordering import evidence as ev
from internal_coherence.ordering import implications as im

ICC, RELIABILITY, TEACHERS = 0.4, 0.8, 12


def chain(k: int) -> np.ndarray:
    return 0.5 ** np.abs(np.subtract.outer(np.arange(k), np.arange(k)))


def survey(k: int, n_schools: int, rng: np.random.Generator) -> ev.StageScores:
    root = np.linalg.cholesky(chain(k))
    school = np.repeat(np.arange(n_schools), TEACHERS)
    schools = rng.standard_normal((n_schools, k)) @ root.T * np.sqrt(ICC)
    persons = rng.standard_normal((len(school), k)) @ root.T * np.sqrt(1 - ICC)
    errors = rng.standard_normal((len(school), k)) * np.sqrt(1 / RELIABILITY - 1)
    return ev.StageScores(
        stages=tuple("abcdefg"[:k]),
        teachers=schools[school] + persons + errors,
        school=school,
        schools=tuple(map(str, range(n_schools))),
        n_excluded=0,
    )


def rates(k: int, n_schools: int, surveys: int) -> tuple[int, float, float]:
    order, rng = ic.Order.from_text(" -> ".join("abcdefg"[:k])), np.random.default_rng(1)
    by_f, by_smallest = [], []
    for _ in range(surveys):
        covariance = ev.between_schools(survey(k, n_schools, rng), fewest=3)
        found = im.Associations.of(covariance, order.implications())
        by_f.append(im.joint_pvalue(found.wald(), found.pvalues, n_schools, by_f=True).pvalue < 0.05)
        by_smallest.append(im.joint_pvalue(found.wald(), found.pvalues, n_schools, by_f=False).pvalue < 0.05)
    return len(order.implications()), float(np.mean(by_f)), float(np.mean(by_smallest))


def main() -> None:
    for k, n_schools in ((3, 40), (4, 40), (5, 40), (7, 40), (7, 100), (7, 300)):
        q, by_f, by_smallest = rates(k, n_schools, 600)
        sys.stdout.write(
            f"{k} stages, {n_schools} schools, {q} implications: F {by_f:.3f}, smallest p {by_smallest:.3f}\n"
        )


if __name__ == "__main__":
    main()
