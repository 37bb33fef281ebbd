"""What a survey tells of an order's stages: their scores, and how they go together within and between schools."""

from internal_coherence.ordering.evidence.between import FEWEST_SCHOOLS, between_schools, check_outcomes
from internal_coherence.ordering.evidence.measurement_model import STAGES_AS, StageAs
from internal_coherence.ordering.evidence.stage_covariance import Level, StageCovariance, variance_between
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
    "measured_stages",
    "stage_scores",
    "variance_between",
    "within_schools",
]
