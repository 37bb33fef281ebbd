"""An order checked: its implications, its effects, its rivals, at each level that the data allow."""

from internal_coherence.ordering.checking.asking import check_ordering
from internal_coherence.ordering.checking.record import LevelResult, OrderingResult

__all__ = ["LevelResult", "OrderingResult", "check_ordering"]
