"""How much of what teachers say differs between schools, and what that makes of a school's mean."""
