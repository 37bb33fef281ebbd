"""The provisional causal order: stated, tested, and read with care."""

from internal_coherence.ordering.checking import LevelResult, OrderingResult, check_ordering
from internal_coherence.ordering.discovering import DiscoveredGraph, discover_order
from internal_coherence.ordering.evidence import StageCovariance
from internal_coherence.ordering.graphs import Graph, Independence
from internal_coherence.ordering.implications import JointTest
from internal_coherence.ordering.orders import Arrow, Order, Stage, list_orders, load_order, published_orders
from internal_coherence.ordering.rivals import RivalOrders
from internal_coherence.ordering.weak_stage import Metric, StageReading, WeakStage, earliest_weak_stage

__all__ = [
    "Arrow",
    "DiscoveredGraph",
    "Graph",
    "Independence",
    "JointTest",
    "LevelResult",
    "Metric",
    "Order",
    "OrderingResult",
    "RivalOrders",
    "Stage",
    "StageCovariance",
    "StageReading",
    "WeakStage",
    "check_ordering",
    "discover_order",
    "earliest_weak_stage",
    "list_orders",
    "load_order",
    "published_orders",
]
