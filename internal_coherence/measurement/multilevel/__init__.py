"""How reliable a scale is for telling teachers apart, and for telling schools apart."""
