"""The order over time: is what comes earlier in it followed by what comes later?"""

from internal_coherence.ordering.over_time.asking import order_over_time
from internal_coherence.ordering.over_time.growth_asking import school_growth
from internal_coherence.ordering.over_time.order_over_time_record import OrderOverTime
from internal_coherence.ordering.over_time.school_asking import school_change
from internal_coherence.ordering.over_time.school_change_record import SchoolChange
from internal_coherence.ordering.over_time.school_growth_record import SchoolGrowth

__all__ = ["OrderOverTime", "SchoolChange", "SchoolGrowth", "order_over_time", "school_change", "school_growth"]
