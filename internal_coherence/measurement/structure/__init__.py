"""How the items of a survey hang together: rival structures, and exploratory structural equation models."""
