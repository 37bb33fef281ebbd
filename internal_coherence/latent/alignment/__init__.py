"""The alignment of factor means over many groups: loss, minimum, what is invariant, and the record."""
