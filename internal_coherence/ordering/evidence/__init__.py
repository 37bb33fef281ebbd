"""What a survey tells of an order's stages: their scores, and how they go together within and between schools."""

from internal_coherence.ordering.evidence.stages import StageScores, measured_stages, stage_scores

__all__ = ["StageScores", "measured_stages", "stage_scores"]
