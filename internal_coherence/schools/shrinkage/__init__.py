"""School means that borrow from the other schools, and what they may be used for."""
