"""The language of models: words, statements, and arithmetic of parameters."""
