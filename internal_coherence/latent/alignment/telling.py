"""What a user should know before the aligned means are looked at: said as warnings, and kept as notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from internal_coherence.errors import (
    CoherenceWarning,
    ConvergenceWarning,
    ImproperSolutionWarning,
    MissingDataWarning,
    SmallSampleWarning,
    listing,
    warn,
)
from internal_coherence.latent.alignment.alignment_record import Alignment
from internal_coherence.latent.alignment.configural import FactorOfGroups, GroupFits

TOO_MANY: Final = 0.25
"""Beyond this share of parameters that are not invariant, aligned means can't be trusted (Muthén & Asparouhov 2014)."""
SMALL: Final = 100
"""Groups smaller than any of Asparouhov & Muthén's (2014) simulations."""
UNEVEN: Final = 3.0
"""Items whose standard deviations differ by a larger factor count unevenly in the loss."""
PULL: Final = 0.1
"""Standard deviations by which the reference group may move for being held at 0 before it is told."""
Said = tuple[str, type[CoherenceWarning]]


def warn_of(
    result: Alignment, found: GroupFits, factors: Sequence[FactorOfGroups], *, assumed: str, named: bool
) -> tuple[str, ...]:
    """Warn of what makes the result less than it seems.

    Parameters
    ----------
    result : Alignment
    found : GroupFits
        The configural model.
    factors : sequence of FactorOfGroups
        Its parameters.
    assumed : str
        What was taken to be so; a note, not a warning.
    named : bool
        Whether the user named the reference group.

    Returns
    -------
    tuple of str
        What was said.
    """
    notes = [assumed] if assumed else []
    for message, category in (*_of_groups(result, found), *_of_alignment(result, factors, named)):
        warn(f"align: {message}", category)
        notes.append(message)
    return tuple(notes)


def _of_groups(result: Alignment, found: GroupFits) -> Iterator[Said]:
    for category, message in found.warned:
        yield message, category
    if len(result.left_out):
        gone = listing(result.left_out["group"], 6)
        yield f"{len(result.left_out)} groups are left out, their model could not be fitted: {gone}", SmallSampleWarning
    if found.improper:
        yield (
            f"estimates that can't be in {len(found.improper)} groups: {listing(found.improper, 6)}; see .fits",
            ImproperSolutionWarning,
        )
    small = result.fits.loc[result.fits["n"] < SMALL]
    if len(small):
        message = (
            f"{len(small)} of {len(result.groups)} groups have fewer than {SMALL} rows, the smallest {small['n'].min()}:"
            " their loadings are rough, and few of their differences can be seen"
        )
        yield message, SmallSampleWarning
    if result.n_excluded > 0.2 * (result.n + result.n_excluded):
        yield (
            f"{result.n_excluded} rows were left out for missing answers; missing='fiml' keeps them",
            MissingDataWarning,
        )


def _of_alignment(result: Alignment, factors: Sequence[FactorOfGroups], named: bool) -> Iterator[Said]:
    lost = result.search.loc[~result.search["converged"], "factor"]
    if len(lost):
        yield f"no minimum of the loss was found for {listing(lost)}", ConvergenceWarning
    loose = [name for name in result.factors if result.means.loc[result.means["factor"] == name, "se"].isna().any()]
    if loose := [name for name in loose if name not in set(lost)]:
        way = "; take method='fixed'" if result.method == "free" else ""
        yield (
            f"nothing tells where the means of {listing(loose)} lie, so they have no standard errors{way}",
            CoherenceWarning,
        )
    drawn = result.search.loc[result.search["reference_pull"] > PULL]
    if len(drawn):
        message = (
            f"held at 0, the mean of the reference group {result.reference!r} moves against the others'"
            f" by {drawn['reference_pull'].max():.2f} standard deviations ({listing(drawn['factor'], 4)}):"
            f" {'leave reference= out, or take a group nearer the middle' if named else 'see .pairwise() of other groups'}"
        )
        yield message, CoherenceWarning
    alone = result.search.loc[(result.search["n_agreeing"] == 1) & (result.search["n_starts"] > 1), "factor"]
    if len(alone):
        yield f"only one start found the deepest minimum of {listing(alone)}; try more with starts=", CoherenceWarning
    for factor in factors if result.unit == "raw" else ():
        if factor.sds.max() > UNEVEN * factor.sds.min():
            message = (
                f"the standard deviations of the items of {factor.name!r} go from {factor.sds.min():.3g} to"
                f" {factor.sds.max():.3g}, and the widest rule the alignment; unit='pooled_sd' makes them count alike"
            )
            yield message, CoherenceWarning
    if result.noninvariant_share > TOO_MANY:
        message = (
            f"{100 * result.noninvariant_share:.0f} % of the loadings and intercepts are not invariant; beyond"
            f" {100 * TOO_MANY:.0f} % aligned means are not to be trusted"
        )
        yield message, CoherenceWarning
