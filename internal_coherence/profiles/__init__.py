"""What a school is told."""

from internal_coherence.profiles.drawing_up import profile, profile_schools
from internal_coherence.profiles.parts import Choices, Estimate
from internal_coherence.profiles.record import Profile, Profiles

__all__ = ["Choices", "Estimate", "Profile", "Profiles", "profile", "profile_schools"]
