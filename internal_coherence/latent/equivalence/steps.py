"""The steps of invariance: what each holds equal beyond the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from internal_coherence.errors import ModelError, check_option, listing
from internal_coherence.latent.table.groups import KINDS

MEANINGS: Final = {
    "configural": "",
    "metric": "loadings",
    "weak": "loadings",
    "scalar": "intercepts",
    "strong": "intercepts",
    "strict": "residuals",
    **{kind: kind for kind in KINDS},
}
USUAL: Final = ("configural", "metric", "scalar", "strict", "means")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step.

    Parameters
    ----------
    name : str
        As it was asked for.
    kind : str
        The kind of parameters that become equal; empty for the first.
    equal : tuple of str
        All kinds that are equal.
    """

    name: str
    kind: str
    equal: tuple[str, ...]


def steps_of(names: Sequence[str]) -> tuple[Step, ...]:
    """Return the steps, each holding equal what those before it hold.

    Parameters
    ----------
    names : sequence of str
        ``"configural"``, ``"metric"``, ``"scalar"``, ``"strict"``, ``"means"``, or kinds as `group_equal` has them.

    Returns
    -------
    tuple of Step

    Raises
    ------
    ModelError
        For names that are not there, twice the same step, or means that are to be equal before intercepts are.
    """
    given = (names,) if isinstance(names, str) else tuple(names)
    for name in given:
        check_option("steps", name, tuple(MEANINGS))
    kinds = [MEANINGS[name] for name in given]
    if len(set(kinds)) < len(kinds):
        raise ModelError(f"steps: {listing(given)} has the same step twice")
    if "means" in kinds and "intercepts" not in kinds[: kinds.index("means")]:
        raise ModelError(
            "steps: means of latent variables can be compared only where intercepts are equal; put 'scalar' first"
        )
    if "intercepts" in kinds and "loadings" not in kinds[: kinds.index("intercepts")]:
        raise ModelError("steps: equal intercepts mean something only where loadings are equal; put 'metric' first")
    if not given or len(given) + (kinds[0] != "") < 2:
        raise ModelError("steps: a comparison takes two steps or more, such as ('configural', 'metric')")
    if "" in kinds[1:]:
        raise ModelError("steps: 'configural' holds nothing equal and comes first")
    if kinds[0] != "":
        given, kinds = ("configural", *given), ["", *kinds]
    return tuple(
        Step(name=name, kind=kind, equal=tuple(k for k in kinds[: i + 1] if k))
        for i, (name, kind) in enumerate(zip(given, kinds, strict=True))
    )
