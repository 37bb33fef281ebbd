"""What a survey tells of an order's stages: their scores, and how they go together within and between schools."""

from internal_coherence.ordering.evidence.between import FEWEST_SCHOOLS, between_schools, check_outcomes
from internal_coherence.ordering.evidence.measurement_model import STAGES_AS, StageAs
from internal_coherence.ordering.evidence.stage_covariance import (
    Level,
    StageCovariance,
    contributions_without,
    covariance_by_school,
    error_by_school,
)
from internal_coherence.ordering.evidence.stages import StageScores, measured_stages, stage_scores
from internal_coherence.ordering.evidence.within import Missing, within_schools

__all__ = [
    "FEWEST_SCHOOLS",
    "STAGES_AS",
    "Level",
    "Missing",
    "StageAs",
    "StageCovariance",
    "StageScores",
    "between_schools",
    "check_outcomes",
    "contributions_without",
    "covariance_by_school",
    "error_by_school",
    "measured_stages",
    "stage_scores",
    "within_schools",
]
