"""Comparing groups of schools, with the school as the unit."""
