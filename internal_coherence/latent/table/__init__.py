"""A model as a table: one row a parameter."""
