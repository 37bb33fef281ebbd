"""Simulate surveys with a known order, check orders on them, and print the tables of why-the-order-stays-provisional.md.

Four stages of three items, five answers each, 20 teachers a school, a fifth of each construct's variance between schools. Run as
``python docs/simulated_orders.py [replicates [truth ...]]``; with 240 it takes about 20 minutes.
"""

from __future__ import annotations

import sys
import warnings
from collections import defaultdict

import numpy as np
import pandas as pd

import internal_coherence as ic
from internal_coherence.latent import cfa
from internal_coherence.ordering import evidence as ev
from internal_coherence.ordering import implications as im
from internal_coherence.ordering.evidence.measurement_model import MeasurementPlan
from internal_coherence.ordering.graphs import implied_independences

STAGES = ("a", "b", "c", "d")
TRUTHS = {
    "chain": {("a", "b"): 0.5, ("b", "c"): 0.5, ("c", "d"): 0.5},
    "reversed chain": {("d", "c"): 0.5, ("c", "b"): 0.5, ("b", "a"): 0.5},
    "fork": {("b", "a"): 0.5, ("b", "c"): 0.5, ("c", "d"): 0.5},
    "other chain": {("b", "a"): 0.5, ("a", "c"): 0.5, ("c", "d"): 0.5},
    "common cause": {("u", stage): 0.7 for stage in STAGES},
}
ORDER = ic.Order.from_text("a -> b -> c -> d", key="chain")
SIZES = (12, 24, 60, 200)
ICC = 0.2


def book() -> ic.Instrument:
    rows = [
        {"item": f"{s}_{i}", "scale": s, "low": 1, "high": 5, "text": f"topic {i} of {s}"}
        for s in (*STAGES, "u")
        for i in (1, 2, 3)
    ]
    return ic.read_codebook(pd.DataFrame(rows))


def naive_pvalues(responses: ic.Responses) -> np.ndarray:
    """Test the implications as if teachers were independent of each other, schools left in."""
    plan = MeasurementPlan.of(responses.instrument, ORDER.stages, "composite")
    frame = responses.items[list(plan.items)].set_axis([f"v{i}" for i in range(len(plan.items))], axis=1)
    fit = cfa(frame, plan.syntax(), estimator="MLR", cluster=np.arange(len(frame)), std_lv=True)
    read = plan.read(fit)
    covariance = ev.StageCovariance(
        level="within",
        stages=STAGES,
        matrix=read.matrix,
        _contributions=read.contributions,
        _schools=tuple(map(str, range(len(frame)))),
        n_teachers=len(frame),
        n_excluded=0,
        corrected="",
        notes=(),
        _likelihood=None,  # type: ignore[arg-type]
    )
    return im.Associations.of(covariance, implied_independences(ORDER.graph())).pvalues


def limit(truth: str, instrument: ic.Instrument) -> float:
    """Return where the effect of the first stage on the third goes in a survey without end: five answers are not the constructs."""
    responses = ic.simulate_responses(instrument, n_schools=3000, teachers=20, icc=ICC, graph=TRUTHS[truth], rng=1)
    effects = ic.check_ordering(responses, ORDER, levels=["within"], rivals=False).effects
    return float(effects.set_index(["cause", "effect", "kind"]).loc[("a", "c", "total"), "estimate"])


def one(
    truth: str, n_schools: int, instrument: ic.Instrument, rng: np.random.Generator, goal: float
) -> dict[str, float]:
    responses = ic.simulate_responses(
        instrument, n_schools=n_schools, teachers=20, icc=ICC, graph=TRUTHS[truth], rng=rng
    )
    found = ic.check_ordering(responses, ORDER, fewest_schools=24, n_folds=5, rng=rng)
    within = found.at("within")
    rows: dict[str, float] = {f"within {v}": within.verdict == v for v in ("contradicted", "compatible", "cannot tell")}
    rows["local .05"] = float((within.tests["pvalue"] < 0.05).mean())
    rows["naive .05"] = float((naive_pvalues(responses) < 0.05).mean())
    rivals = within.rivals.to_frame()
    rows["own class likeliest"] = bool(rivals.loc[rivals["own"], "rank"].iloc[0] == 1)
    rows["own class best held out"] = bool(rivals.loc[rivals["own"], "held_out"].iloc[0] == 0)
    rows["permutation p"] = within.rivals.permutation_p
    rows["detectable"] = float(within.tests["detectable"].max())
    for part in found.levels:
        effects = part.effects.set_index(["cause", "effect", "kind"])
        indirect = effects.loc[("a", "c", "total")]
        aim = goal if part.level == "within" else 0.25  # means of many teachers are hardly coarse
        rows[f"{part.level} coverage"] = bool(indirect["ci_lower"] <= aim <= indirect["ci_upper"])
        rows[f"{part.level} estimate"] = float(indirect["estimate"])
        rows[f"{part.level} joint"] = part.joint.pvalue < 0.05
    if len(found.levels) > 1:
        between = found.at("between")
        rows |= {f"between {v}": between.verdict == v for v in ("contradicted", "compatible", "cannot tell")}
        rows["between detectable"] = float(between.tests["detectable"].max())
    rows["between refused"] = bool(found.refused)
    return rows


def main(replicates: int, truths: list[str]) -> None:
    warnings.simplefilter("ignore")
    instrument, rng, table = book(), np.random.default_rng(20261124), []
    for truth in truths:
        goal = limit(truth, instrument)
        for n_schools in SIZES:
            columns = defaultdict(list)
            n = max(replicates // (4 if n_schools == 200 else 1), 20)
            failed = 0
            for _ in range(n):
                try:
                    for name, value in one(truth, n_schools, instrument, rng, goal).items():
                        columns[name].append(value)
                except ic.CoherenceError:
                    failed += 1
            row = {name: float(np.mean(values)) for name, values in columns.items()}
            table.append({"truth": truth, "schools": n_schools, "n": n, "failed": failed, **row})
            sys.stdout.write(f"{pd.DataFrame(table[-1:]).round(3).to_dict('records')[0]}\n")
    frame = pd.DataFrame(table)
    for columns_shown in (
        ["within contradicted", "within compatible", "within cannot tell", "detectable"],
        ["local .05", "naive .05", "within joint", "within coverage", "within estimate"],
        ["own class likeliest", "own class best held out", "permutation p"],
        [
            "between refused",
            "between joint",
            "between coverage",
            "between estimate",
            "between cannot tell",
            "between detectable",
        ],
    ):
        sys.stdout.write(frame[["truth", "schools", "n", *columns_shown]].round(3).to_string(index=False) + "\n\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400, sys.argv[2:] or list(TRUTHS))
