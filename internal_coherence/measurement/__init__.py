"""Is a scale a scale?"""

from internal_coherence.measurement.internal_consistency import Alpha, ConfidenceInterval, alpha

__all__ = ["Alpha", "ConfidenceInterval", "alpha"]
