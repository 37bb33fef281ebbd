"""How many teachers a model needs, and how well it would have to fit."""
