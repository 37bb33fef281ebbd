"""Is a scale a scale?"""

from internal_coherence.measurement.internal_consistency import Alpha, alpha
from internal_coherence.measurement.limits import ConfidenceInterval

__all__ = ["Alpha", "ConfidenceInterval", "alpha"]
