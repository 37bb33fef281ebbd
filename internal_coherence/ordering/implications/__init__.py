"""What an order implies for the stages' covariances: independences, one by one and together, and effects along its arrows."""

from internal_coherence.ordering.implications.functions import (
    fisher_z,
    implied_covariance,
    partial_correlation,
    path_coefficients,
    product_along,
    regressions,
    total_effects,
)
from internal_coherence.ordering.implications.local_tests import (
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
    "Associations",
    "Interval",
    "JointTest",
    "PathModel",
    "Verdict",
    "effects_table",
    "fisher_z",
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
