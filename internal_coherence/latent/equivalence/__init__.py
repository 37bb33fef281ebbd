"""Whether a survey measures alike in several groups, or over time."""

from internal_coherence.latent.equivalence.asking import invariance
from internal_coherence.latent.equivalence.cutoffs import Cutoffs
from internal_coherence.latent.equivalence.record import Invariance

__all__ = ["Cutoffs", "Invariance", "invariance"]
