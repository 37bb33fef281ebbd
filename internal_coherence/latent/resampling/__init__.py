"""What other samples would have said: bootstrap, Bollen & Stine's, and leaving schools out."""

from internal_coherence.latent.resampling.asking import bootstrap
from internal_coherence.latent.resampling.influence import SchoolInfluence, school_influence
from internal_coherence.latent.resampling.record import Bootstrap

__all__ = ["Bootstrap", "SchoolInfluence", "bootstrap", "school_influence"]
