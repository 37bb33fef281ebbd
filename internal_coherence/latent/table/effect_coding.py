"""Effect coding: loadings that average to 1 and intercepts that average to 0 (Little, Slegers & Card 2006)."""

from __future__ import annotations

from collections.abc import Sequence

from internal_coherence.latent.table.groups import unused
from internal_coherence.latent.table.row import Row


def effect_coding(groups: list[list[Row]], what: Sequence[str]) -> tuple[list[list[Row]], list[Row]]:
    """Return the rows with the labels that are needed, and the constraints.

    Parameters
    ----------
    groups : list of list of Row
        All rows, by group.
    what : sequence of str
        Of ``"loadings"`` and ``"intercepts"``.

    Returns
    -------
    list of list of Row
        By group.
    list of Row
        One a latent variable and a group; none where a loading is fixed, or where equal labels say the same already.
    """
    taken = {row.label for rows in groups for row in rows}
    new = [list(rows) for rows in groups]
    constraints: dict[tuple[str, ...], Row] = {}
    before = 0
    for rows in new:
        measured: dict[str, list[int]] = {}
        intercepts = {row.lhs: k for k, row in enumerate(rows) if row.op == "~1"}
        for k, row in enumerate(rows):
            if row.op == "=~":
                measured.setdefault(row.lhs, []).append(k)
        for places in measured.values():
            means = [intercepts.get(rows[k].rhs, -1) for k in places]
            for kind, chosen, total in (("loadings", places, len(places)), ("intercepts", sorted(means), 0)):
                if kind not in what or min(chosen) < 0 or not all(rows[k].free for k in chosen):
                    continue
                for k in chosen:
                    if not rows[k].label:
                        rows[k] = rows[k]._replace(label=unused(f".p{before + k + 1}.", taken))
                labels = tuple(rows[k].label for k in chosen)
                constraints.setdefault((kind, *labels), _constraint(labels, total))
        before += len(rows)
    return new, list(constraints.values())


def _constraint(labels: Sequence[str], total: int) -> Row:
    return Row(lhs=labels[0], op="==", rhs="-".join([str(total), *labels[1:]]), user=2)
