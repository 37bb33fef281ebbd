"""Scores in later models: moments corrected for error, regressions on scores, and plausible values pooled."""

from internal_coherence.latent.scoring.pooling import PooledEstimates, pool_estimates
from internal_coherence.latent.scoring.score_moments import corrected_score_moments
from internal_coherence.latent.scoring.score_paths import factor_score_regression
from internal_coherence.latent.scoring.score_paths_record import FactorScoreRegression

__all__ = [
    "FactorScoreRegression",
    "PooledEstimates",
    "corrected_score_moments",
    "factor_score_regression",
    "pool_estimates",
]
