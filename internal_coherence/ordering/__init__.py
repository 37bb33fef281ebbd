"""The provisional causal order: stated, tested, followed over time, and read with care."""

from internal_coherence.ordering.checking import LevelResult, OrderingResult, check_ordering
from internal_coherence.ordering.discovering import DiscoveredGraph, discover_order
from internal_coherence.ordering.doubt import (
    CommonMethod,
    CorrelatedErrors,
    IgnoredSchools,
    ImperfectReliability,
    OrderingSensitivity,
    SelectiveResponse,
    SplitSampleOrdering,
    UnmeasuredConfounding,
    common_method,
    correlated_errors,
    ignored_schools,
    imperfect_reliability,
    ordering_sensitivity,
    selective_response,
    split_sample_ordering,
    unmeasured_confounding,
)
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
    "CommonMethod",
    "CorrelatedErrors",
    "DiscoveredGraph",
    "Graph",
    "IgnoredSchools",
    "ImperfectReliability",
    "Independence",
    "JointTest",
    "LevelResult",
    "Metric",
    "Order",
    "OrderOverTime",
    "OrderingResult",
    "OrderingSensitivity",
    "RivalOrders",
    "SchoolChange",
    "SchoolGrowth",
    "SelectiveResponse",
    "SplitSampleOrdering",
    "Stage",
    "StageChange",
    "StageCovariance",
    "StageMap",
    "StageMovement",
    "StageReading",
    "UnmeasuredConfounding",
    "WeakStage",
    "check_ordering",
    "common_method",
    "correlated_errors",
    "discover_order",
    "earliest_weak_stage",
    "ignored_schools",
    "imperfect_reliability",
    "list_orders",
    "load_order",
    "order_over_time",
    "ordering_sensitivity",
    "published_orders",
    "school_change",
    "school_growth",
    "selective_response",
    "split_sample_ordering",
    "stage_map",
    "stage_movement",
    "unmeasured_confounding",
]
