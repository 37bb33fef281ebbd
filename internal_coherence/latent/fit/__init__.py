"""How well a model fits, and where it does not."""
