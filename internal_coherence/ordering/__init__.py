"""The provisional causal order, stated and read with care."""

from internal_coherence.ordering.orders import Order, Stage, list_orders, load_order
from internal_coherence.ordering.weak_stage import Metric, StageReading, WeakStage, earliest_weak_stage

__all__ = ["Metric", "Order", "Stage", "StageReading", "WeakStage", "earliest_weak_stage", "list_orders", "load_order"]
