"""The spread of perceptions in a school, and its answers to single items, in guarded form."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from internal_coherence.instrument import Item, Scale
from internal_coherence.profiles.parts import Bar, ItemShare, Spread
from internal_coherence.schools.disclosure.coding import coded_share, pooled_bins
from internal_coherence.schools.disclosure.gates import Gates

Array = NDArray[np.float64]
MOST_BARS = 7


def bars(scale: Scale, scores: Array, gates: Gates) -> Spread:
    """Return how many teachers' scores are closest to each response option, sparse bars joined.

    Parameters
    ----------
    scale : Scale
        Its options are the bars; of a format with more than seven options, five equal parts.
    scores : (n,) array
        Teachers' scores on the response scale; NaN is left out.
    gates : Gates
        What must hold.

    Returns
    -------
    Spread
    """
    scores = scores[~np.isnan(scores)]
    if len(scores) < gates.min_distribution:
        return Spread(scale=scale.key, withheld=f"fewer than {gates.min_distribution} teachers answered")
    options = dict(scale.items[0].options)
    if len(options) <= MOST_BARS:
        place = np.floor(scores + 0.5).astype(int) - scale.low
        ends = [(float(code), float(code), label, label) for code, label in options.items()]
    else:
        cuts = np.linspace(scale.low, scale.high, 6)
        place = np.clip(np.searchsorted(cuts, scores, side="right") - 1, 0, 4)
        ends = [(float(a), float(b), "", "") for a, b in pairwise(cuts)]
    joined = pooled_bins(np.bincount(place, minlength=len(ends)), gates.min_cell)
    if not joined:
        return Spread(scale=scale.key, withheld="the answers lie too close together to show without showing everyone's")
    return Spread(
        scale=scale.key,
        bars=tuple(
            Bar(
                first=ends[first][0],
                last=ends[last][1],
                first_label=ends[first][2],
                last_label=ends[last][3],
                share=count / len(scores),
            )
            for first, last, count in joined
        ),
    )


def favourable(item: Item, scale: str, answers: Array, gates: Gates, withheld: str = "") -> ItemShare:
    """Return the share of answers above the middle of the response format.

    Parameters
    ----------
    item : Item
    scale : str
        Its scale.
    answers : (n,) array
        After reversal; NaN, which "don't know" is too, is out of the base.
    gates : Gates
        What must hold.
    withheld : str
        Why its scale's mean is not shown; then its items aren't either.

    Returns
    -------
    ItemShare
    """
    answers = answers[~np.isnan(answers)]
    about = partial(ItemShare, item=item.key, scale=scale, text=item.text, reversed=item.reversed)
    if item.n_options == 2:
        withheld = withheld or "with two answers, the scale's mean and the other items tell it exactly"
    if withheld or len(answers) < gates.min_distribution:
        reason = withheld or f"fewer than {gates.min_distribution} teachers answered"
        return about(share=float("nan"), withheld=reason)
    count = int((answers > (item.low + item.high) / 2).sum())
    share, bound = coded_share(count, len(answers), gates.min_cell)
    return about(share=share, bound=bound)
