"""What a school is told."""

from internal_coherence.profiles.drawing_up import profile, profile_schools
from internal_coherence.profiles.record import Profile, Profiles

__all__ = ["Profile", "Profiles", "profile", "profile_schools"]
