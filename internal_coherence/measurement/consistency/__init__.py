"""A sum of items by its covariances alone: alpha, its intervals, and the other lower bounds of reliability."""
