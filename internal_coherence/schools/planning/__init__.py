"""How many teachers and schools a survey needs."""
