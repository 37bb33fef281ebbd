"""How sure the estimates are, and whether the model can be true."""
