"""The provisional causal order: stated, tested, followed over time, and read with care."""

from internal_coherence.ordering.checking import LevelResult, OrderingResult, check_ordering
from internal_coherence.ordering.discovering import DiscoveredGraph, discover_order
from internal_coherence.ordering.evidence import StageCovariance
from internal_coherence.ordering.graphs import Graph, Independence
from internal_coherence.ordering.implications import JointTest
from internal_coherence.ordering.orders import Arrow, Order, Stage, list_orders, load_order, published_orders
from internal_coherence.ordering.over_time import (
    OrderOverTime,
    SchoolChange,
    SchoolGrowth,
    order_over_time,
    school_change,
    school_growth,
)
from internal_coherence.ordering.rivals import RivalOrders
from internal_coherence.ordering.use.bars import Metric
from internal_coherence.ordering.use.mapping import stage_map
from internal_coherence.ordering.use.movement_record import StageChange, StageMovement
from internal_coherence.ordering.use.moving import stage_movement
from internal_coherence.ordering.use.stage_map_record import StageMap
from internal_coherence.ordering.use.walking import earliest_weak_stage
from internal_coherence.ordering.use.weak_stage_record import StageReading, WeakStage

__all__ = [
    "Arrow",
    "DiscoveredGraph",
    "Graph",
    "Independence",
    "JointTest",
    "LevelResult",
    "Metric",
    "Order",
    "OrderOverTime",
    "OrderingResult",
    "RivalOrders",
    "SchoolChange",
    "SchoolGrowth",
    "Stage",
    "StageChange",
    "StageCovariance",
    "StageMap",
    "StageMovement",
    "StageReading",
    "WeakStage",
    "check_ordering",
    "discover_order",
    "earliest_weak_stage",
    "list_orders",
    "load_order",
    "order_over_time",
    "published_orders",
    "school_change",
    "school_growth",
    "stage_map",
    "stage_movement",
]
