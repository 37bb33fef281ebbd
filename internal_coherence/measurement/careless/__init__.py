"""Answers that may have been given without care: flagged, never removed."""
