"""What a model says of means and covariances, and how that changes with its parameters."""
