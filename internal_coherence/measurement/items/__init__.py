"""Item by item: what was answered, and how each item goes with its scale."""
