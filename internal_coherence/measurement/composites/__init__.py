"""A sum of items by a factor model: omega, composite and maximal reliability, convergent and discriminant validity."""
