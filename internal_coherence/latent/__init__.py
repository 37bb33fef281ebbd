"""Confirmatory models of latent variables."""

from internal_coherence.latent.alignment.aligning import align
from internal_coherence.latent.alignment.alignment_record import Alignment
from internal_coherence.latent.comparing import FitComparison, compare
from internal_coherence.latent.equivalence import Cutoffs, Invariance, invariance
from internal_coherence.latent.exporting import ModelExport, export_model
from internal_coherence.latent.fitting import cfa, sem
from internal_coherence.latent.planning import (
    DynamicCutoffs,
    PowerPlan,
    SimulatedPower,
    dynamic_cutoffs,
    power_cfa,
    power_nested,
    power_parameters,
    simulate_power,
)
from internal_coherence.latent.resampling import Bootstrap, SchoolInfluence, bootstrap, school_influence
from internal_coherence.latent.scoring import (
    FactorScoreRegression,
    PooledEstimates,
    corrected_score_moments,
    factor_score_regression,
    pool_estimates,
)
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.par_table import ParTable

__all__ = [
    "Alignment",
    "Bootstrap",
    "Cutoffs",
    "DynamicCutoffs",
    "FactorScoreRegression",
    "FitComparison",
    "Invariance",
    "ModelExport",
    "ParTable",
    "PooledEstimates",
    "PowerPlan",
    "SchoolInfluence",
    "SemFit",
    "SimulatedPower",
    "align",
    "bootstrap",
    "cfa",
    "compare",
    "corrected_score_moments",
    "dynamic_cutoffs",
    "export_model",
    "factor_score_regression",
    "invariance",
    "pool_estimates",
    "power_cfa",
    "power_nested",
    "power_parameters",
    "school_influence",
    "sem",
    "simulate_power",
]
