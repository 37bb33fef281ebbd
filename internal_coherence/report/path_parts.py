"""What a path diagram shows of a fitted model: variables, and lines between them with their sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from internal_coherence.errors import ModelError, check_option
from internal_coherence.latent import SemFit

Kind = Literal["loading", "path", "covariance"]
KINDS: Final[dict[str, Kind]] = {"=~": "loading", "~": "path", "~~": "covariance"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A line of the diagram.

    Parameters
    ----------
    source, target : str
        The variables it joins; of a covariance in either order.
    kind : {"loading", "path", "covariance"}
        What it stands for.
    shown : float
        The number beside it.
    size : float
        The standardised estimate, by which it is thick or thin.
    unclear : bool
        Whether the interval of the estimate holds 0.
    """

    source: str
    target: str
    kind: Kind
    shown: float
    size: float
    unclear: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All that a diagram can show of one group.

    Parameters
    ----------
    latent, observed : tuple of str
        Variables, in the order of the model.
    links : tuple of Link
        Lines between them; parameters that are fixed to 0 are none.
    """

    latent: tuple[str, ...]
    observed: tuple[str, ...]
    links: tuple[Link, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """All of them, latent ones first."""
        return self.latent + self.observed

    def of(self, *kinds: Kind) -> list[Link]:
        """Return the lines of some kinds."""
        return [link for link in self.links if link.kind in kinds]


def group_number(fit: SemFit, group: int | str) -> int:
    """Return a group's number, from 1.

    Parameters
    ----------
    fit : SemFit
        Of one group or several.
    group : int or str
        Its number, or its name.

    Returns
    -------
    int

    Raises
    ------
    ModelError
        If there is no such group.
    """
    if isinstance(group, str):
        check_option("group", group, fit.groups)
        return fit.groups.index(group) + 1
    if not 1 <= group <= len(fit.groups):
        raise ModelError(f"group={group} is not there; the groups are 1 to {len(fit.groups)}")
    return group


def refuse_unsolved(fit: SemFit, what: str) -> None:
    """Refuse a fit that did not converge.

    Parameters
    ----------
    fit : SemFit
    what : str
        The verb, for the message.

    Raises
    ------
    ModelError
    """
    if not fit.converged:
        raise ModelError(f"{what}: this fit did not converge; {fit.trouble}")


def parts_of(fit: SemFit, group: int, level: float, *, standardized: bool) -> Parts:
    """Return what a diagram shows of a group.

    Parameters
    ----------
    fit : SemFit
        Converged.
    group : int
        From 1.
    level : float
        Of the intervals that may hold 0.
    standardized : bool
        Whether the numbers shown are standardised.

    Returns
    -------
    Parts
    """
    table = fit.standardized_solution(level=level)
    size, limits = table["est_std"].to_numpy(), table[["ci_lower", "ci_upper"]].to_numpy()
    shown = size
    if not standardized:
        raw = fit.parameter_estimates(level=level)
        shown, limits = raw["est"].to_numpy(), raw[["ci_lower", "ci_upper"]].to_numpy()
    unclear = (limits[:, 0] <= 0) & (limits[:, 1] >= 0)
    names = zip(*(table[column] for column in ("lhs", "op", "rhs", "group")), strict=True)
    links = [
        _link(lhs, op, rhs, shown[k], size[k], unclear=bool(unclear[k]))
        for k, (lhs, op, rhs, own) in enumerate(names)
        if own == group and op in KINDS and lhs != rhs and not _is_nothing(shown[k], limits[k])
    ]
    observed = tuple(name for name in fit.observed if name not in fit.auxiliary)
    return Parts(latent=fit.latent, observed=observed, links=tuple(links))


def _is_nothing(value: float, limits: Sequence[float]) -> bool:
    """Return whether a parameter is fixed to 0."""
    return value == 0 and limits[0] == 0 == limits[1]


def _link(lhs: str, op: str, rhs: str, shown: float, size: float, *, unclear: bool) -> Link:
    source, target = (rhs, lhs) if op == "~" else (lhs, rhs)
    weight = float(size) if np.isfinite(size) else 0.0
    return Link(source=source, target=target, kind=KINDS[op], shown=float(shown), size=weight, unclear=unclear)
