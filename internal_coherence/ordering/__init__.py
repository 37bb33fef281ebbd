"""The provisional causal order, stated and read with care."""

from internal_coherence.ordering.orders import Order, Stage, list_orders, load_order
from internal_coherence.ordering.use.bars import Metric
from internal_coherence.ordering.use.mapping import stage_map
from internal_coherence.ordering.use.movement_record import StageChange, StageMovement
from internal_coherence.ordering.use.moving import stage_movement
from internal_coherence.ordering.use.stage_map_record import StageMap
from internal_coherence.ordering.use.walking import earliest_weak_stage
from internal_coherence.ordering.use.weak_stage_record import StageReading, WeakStage

__all__ = [
    "Metric",
    "Order",
    "Stage",
    "StageChange",
    "StageMap",
    "StageMovement",
    "StageReading",
    "WeakStage",
    "earliest_weak_stage",
    "list_orders",
    "load_order",
    "stage_map",
    "stage_movement",
]
