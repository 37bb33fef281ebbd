"""Models that an instrument's own structure suggests: its scales as factors, alone, related, or under something general."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from internal_coherence.errors import ModelError, closest, listing
from internal_coherence.instrument import Instrument, Scale
from internal_coherence.latent.syntax.grammar import Formula, Statements, Term
from internal_coherence.latent.syntax.modifiers import Modifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A latent variable and its items.

    Parameters
    ----------
    name : str
        Its name in the model.
    items : tuple of str
        Keys.
    dimension : str
        Of its scale.
    """

    name: str
    items: tuple[str, ...]
    dimension: str


def statements_of(instrument: Instrument, structure: str, items: Collection[str] | None) -> Statements:
    """Return what a structure says of an instrument's items.

    Parameters
    ----------
    instrument : Instrument
    structure : str
        As `ParTable.from_instrument` takes it.
    items : collection of str or None
        Those to be modelled; None is all.

    Returns
    -------
    Statements

    Raises
    ------
    ModelError
        If the instrument has too few scales or items for the structure.
    """
    keep = _kept(instrument, items)
    taken = set(keep)
    factors = [_factor(scale, keep, taken) for scale in instrument.scales if any(k in keep for k in scale.item_keys)]
    if structure == "one_factor":
        return _said([_measures(_unused("general", taken), [k for f in factors for k in f.items])])
    if structure == "second_order":
        return _said([*_scales(factors), *_second_order(factors, instrument, taken)])
    if structure == "bifactor":
        return _said(_bifactor(factors, taken))
    if structure == "method":
        reversed_items = [item.key for item in instrument.items if item.reversed and item.key in keep]
        return _said([*_scales(factors), *_method(factors, reversed_items, taken)])
    return _said(_scales(factors))


def _kept(instrument: Instrument, items: Collection[str] | None) -> list[str]:
    every = [item.key for item in instrument.items]
    if items is None:
        return every
    if isinstance(items, str):
        raise ModelError(f"items are a list of keys, not the text {items!r}")
    for key in items:
        if key not in every:
            raise ModelError(f"the instrument has no item {key!r}{closest(key, every)}")
    if not items:
        raise ModelError("no items are left to model")
    return [key for key in every if key in set(items)]


def _factor(scale: Scale, keep: Sequence[str], taken: set[str]) -> Factor:
    kept = set(keep)
    items = tuple(key for key in scale.item_keys if key in kept)
    return Factor(name=_unused(scale.key, taken), items=items, dimension=scale.dimension)


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"{name}_factor"
    taken.add(name)
    return name


def _said(formulas: Sequence[Formula]) -> Statements:
    return Statements(formulas=tuple(formulas))


def _measures(name: str, items: Sequence[str]) -> Formula:
    return Formula(lhs=(name,), op="=~", terms=tuple(Term(variable=key) for key in items))


def _scales(factors: Sequence[Factor]) -> list[Formula]:
    return [_measures(f.name, f.items) for f in factors]


def _uncorrelated(name: str, others: Sequence[str]) -> Formula:
    zero = Modifier(kind="value", values=(0.0,))
    return Formula(lhs=(name,), op="~~", terms=tuple(Term(variable=other, modifiers=(zero,)) for other in others))


def _alike(name: str, items: Sequence[str]) -> Formula:
    # Two items that share nothing else can't have two loadings of their own.
    if len(items) > 2:
        return _measures(name, items)
    one = Modifier(kind="value", values=(1.0,))
    return Formula(lhs=(name,), op="=~", terms=tuple(Term(variable=key, modifiers=(one,)) for key in items))


def _second_order(factors: Sequence[Factor], instrument: Instrument, taken: set[str]) -> list[Formula]:
    found = []
    for dimension in instrument.dimensions:
        members = [f.name for f in factors if f.dimension == dimension.key]
        if len(members) > 1:
            found.append(_measures(_unused(dimension.key, taken), members))
    if not found:
        raise ModelError("structure='second_order' needs a dimension of at least two scales")
    dimensions = {f.dimension for f in factors}
    if len(dimensions) == 1 and len(factors) == 2:
        message = f"two scales, {listing(f.name for f in factors)}, do not determine a factor above them"
        raise ModelError(f"structure='second_order': {message}; use structure='correlated'")
    return found


def _bifactor(factors: Sequence[Factor], taken: set[str]) -> list[Formula]:
    if len(factors) < 2:
        raise ModelError("structure='bifactor' needs at least two scales: of one, general and own part are the same")
    general = _measures(_unused("general", taken), [key for f in factors for key in f.items])
    # A single item's own part is its residual.
    own = [f for f in factors if len(f.items) > 1]
    names = [general.lhs[0], *(f.name for f in own)]
    apart = [_uncorrelated(name, names[k + 1 :]) for k, name in enumerate(names[:-1])]
    return [general, *(_alike(f.name, f.items) for f in own), *apart]


def _method(factors: Sequence[Factor], reversed_items: Sequence[str], taken: set[str]) -> list[Formula]:
    if len(reversed_items) < 2:
        count = f"{len(reversed_items)} reversed item{'s' * (len(reversed_items) != 1)}"
        raise ModelError(
            f"structure='method' is about what reversed items share; there {'is' if len(reversed_items) == 1 else 'are'} {count}"
        )
    name = _unused("reversed_items", taken)
    return [_alike(name, reversed_items), _uncorrelated(name, [f.name for f in factors])]
