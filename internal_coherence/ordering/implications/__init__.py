"""What an order implies for the stages' covariances: independences, one by one and together, and effects along its arrows."""

from internal_coherence.ordering.implications.functions import (
    implied_covariance,
    partial_correlation,
    path_coefficients,
    product_along,
    regressions,
    total_effects,
)
from internal_coherence.ordering.implications.local_tests import (
    MOST_BETWEEN,
    Associations,
    JointTest,
    Verdict,
    joint_pvalue,
    joint_test,
    local_tests,
    together,
    verdict_of,
)
from internal_coherence.ordering.implications.path_model import INTERVALS, Interval, PathModel, effects_table

__all__ = [
    "INTERVALS",
    "MOST_BETWEEN",
    "Associations",
    "Interval",
    "JointTest",
    "PathModel",
    "Verdict",
    "effects_table",
    "implied_covariance",
    "joint_pvalue",
    "joint_test",
    "local_tests",
    "partial_correlation",
    "path_coefficients",
    "product_along",
    "regressions",
    "together",
    "total_effects",
    "verdict_of",
]
