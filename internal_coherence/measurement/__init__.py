"""Is a scale a scale?"""

from internal_coherence.measurement.internal_consistency import Alpha, alpha

__all__ = ["Alpha", "alpha"]
