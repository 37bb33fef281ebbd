"""Orders as data: stated, read from files or text, written out."""

from internal_coherence.ordering.orders.loading import list_orders, load_order, published_orders
from internal_coherence.ordering.orders.stating import (
    READINGS,
    Arrow,
    Order,
    Reading,
    Stage,
    check_order,
    warn_of_misspelt_scales,
)

__all__ = [
    "READINGS",
    "Arrow",
    "Order",
    "Reading",
    "Stage",
    "check_order",
    "list_orders",
    "load_order",
    "published_orders",
    "warn_of_misspelt_scales",
]
