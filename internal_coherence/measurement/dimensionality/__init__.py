"""How many factors, and which items go with which."""
