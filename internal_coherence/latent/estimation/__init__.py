"""Finding the parameters under which a model says what was observed."""
