"""What the check of an order says in words. It never says that one stage brings about another."""

from __future__ import annotations

from typing import Final

import pandas as pd

from internal_coherence.ordering import LevelResult, Order, OrderingResult, RivalOrders
from internal_coherence.report.wording import decimal, level_text, order_basis

CAUTION: Final = (
    "Answers of one time can contradict an order; they can't establish it. Every order that implies the same independences fits the"
    " same, and so does any arrangement in which something unmeasured stands behind the stages. The order stays provisional."
)
VERDICTS: Final = {
    "contradicted": "The order's implications are contradicted by these data.",
    "compatible": "These data could have contradicted the order and do not.",
    "cannot tell": "These data can't tell: they do not contradict the order, and could not have done so reliably.",
    "untestable": "Read so, the order implies nothing that data could contradict: it is untestable.",
}
PLACE: Final = {"within": "Among the teachers of a school", "between": "Among schools"}


def verdict_sentence(found: OrderingResult) -> str:
    """Say what was concluded, over all levels.

    Parameters
    ----------
    found : OrderingResult

    Returns
    -------
    str
    """
    only = "" if len(found.levels) > 1 else f" This is about {_about(found.levels[0].level)} only."
    return f"{VERDICTS[found.verdict]}{only}"


def order_sentences(order: Order, reading: str) -> list[str]:
    """Say where an order comes from, and how it was read.

    Parameters
    ----------
    order : Order
    reading : {"chain", "complete"}

    Returns
    -------
    list of str
    """
    how = {
        "chain": "It is read as drawn: the arrows there are, and no others. Stages that no arrow joins are said to tell nothing of"
        " each other once those between are known.",
        "complete": "It is read with every later arrow too: each stage may act on all that follow. Read so it allows any"
        " correlations, as does every other sequence of the same stages.",
    }[reading]
    return [order_basis(order), how]


def level_sentences(part: LevelResult, alpha: float, matters: float) -> list[str]:
    """Say what the tests of one level came to: which implication fails, by how much, and what could have been seen.

    Parameters
    ----------
    part : LevelResult
    alpha, matters : float
        As asked for.

    Returns
    -------
    list of str
    """
    n, j = part.covariance, part.joint
    said = [f"{PLACE[part.level]} ({n.n_teachers} teachers, {n.n_schools} schools): {VERDICTS[part.verdict]}"]
    if part.verdict == "untestable":
        return said
    if j.pvalue == j.pvalue:
        said.append(
            f"All {_count(j.n_implications, 'implication')} together: F({j.df}, {j.df_residual}) = {decimal(j.statistic)},"
            f" p = {decimal(j.pvalue, 3)}."
        )
    else:
        said.append(
            f"There are {j.n_implications} implications and {j.n_schools} schools: all together can't be tested with fewer schools"
            " than implications; they are tested one by one."
        )
    failed = part.tests[part.tests["verdict"] == "contradicted"]
    shown = failed.sort_values("pvalue").head(5)
    columns = (shown[name].tolist() for name in ("implication", "estimate", "ci_lower", "ci_upper", "pvalue_holm"))
    said += [
        f"{claim} fails: the partial correlation is {decimal(r)} ({decimal(lower)} to {decimal(upper)}), Holm's p ="
        f" {decimal(p, 3)}."
        for claim, r, lower, upper, p in zip(*columns, strict=True)
    ]
    if len(failed) > 5:
        said.append(f"{len(failed) - 5} more fail; see the table.")
    worst = float(part.tests["detectable"].max())
    said.append(
        f"A partial correlation of {decimal(worst)} would have been found with 80 % power for every implication, tested at"
        f" {level_text(alpha)} over all; what would matter was set at {decimal(matters)}."
    )
    return said + arrow_sentences(part)


def arrow_sentences(part: LevelResult) -> list[str]:
    """Say which arrows are not seen, or run against what was thought.

    Parameters
    ----------
    part : LevelResult

    Returns
    -------
    list of str
    """
    direct = part.effects[part.effects["kind"] == "direct"] if len(part.effects) else part.effects
    unseen = direct[(direct["ci_lower"] <= 0) & (direct["ci_upper"] >= 0)] if len(direct) else direct
    against = direct[direct["ci_upper"] < 0] if len(direct) else direct
    said = []
    if len(unseen):
        said.append(f"Arrows of which nothing is seen, their intervals holding 0: {_arrows(unseen)}.")
    if len(against):
        said.append(f"Arrows along which more goes with less: {_arrows(against)}.")
    return said


def equivalence_sentences(found: OrderingResult) -> list[str]:
    """Say what no survey at one time can tell apart.

    Parameters
    ----------
    found : OrderingResult

    Returns
    -------
    list of str
    """
    n = len(found.equivalent_orders)
    if not n:
        return ["Unmeasured stages stand behind several measured ones: the graphs that imply the same are not listed."]
    if n == 1:
        return ["No other graph of these stages, without anything unmeasured behind them, implies the same."]
    same = f" Among them are the stages in another sequence: {'; '.join(found.same_shape)}." if found.same_shape else ""
    told = "this one among them, imply exactly the same, and no survey at one time can tell them apart"
    fixed = found.completed.arrows if found.completed else ()
    arrows = ", ".join(f"{cause} → {effect}" for cause, effect in fixed) or "none"
    return [
        f"{n} graphs of the measured stages, {told}.{same}",
        f"Arrows that point the same way in all of them: {arrows}.",
    ]


def rivals_sentences(found: RivalOrders) -> list[str]:
    """Say how special an order is among all orders of its stages.

    Parameters
    ----------
    found : RivalOrders

    Returns
    -------
    list of str
    """
    every = found.n_orders == found.n_possible
    tried = f"All {found.n_orders}" if every else f"{found.n_orders} of {found.n_possible}, drawn at random,"
    classes = f"fall into {found.n_classes} classes that data could tell apart"
    least = f"the least it could be is {decimal(found.least_p, 3)}"
    share = (
        f"The implications of {decimal(100 * found.permutation_p, 1)} % of them fail no more often than this order's"
    )
    said = [
        f"{tried} orders of these stages in the same shape {classes}; by likelihood this order's class is number {found.rank}.",
        f"{share} (its permutation p is {decimal(found.permutation_p, 3)}; {least}).",
    ]
    if not found.informative:
        said.append(
            "Since the least it could be is above .05, this share is uninformative: so few stages can't make an order special."
        )
    return said


def _about(level: str) -> str:
    return {"within": "how teachers of a school differ from each other", "between": "how schools differ"}[level]


def _arrows(rows: pd.DataFrame) -> str:
    ends = zip(rows["cause"], rows["effect"], rows["estimate"], strict=True)
    return ", ".join(f"{cause} → {effect} ({decimal(estimate)})" for cause, effect, estimate in ends)


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
