"""An order against all others of the same stages."""

from internal_coherence.ordering.rivals.permuting import Shape
from internal_coherence.ordering.rivals.record import RivalOrders, compare_with_rivals

__all__ = ["RivalOrders", "Shape", "compare_with_rivals"]
