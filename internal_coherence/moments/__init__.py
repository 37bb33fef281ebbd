"""The waist of the hourglass: sufficient statistics."""

from internal_coherence.moments.sufficient import Moments

__all__ = ["Moments"]
