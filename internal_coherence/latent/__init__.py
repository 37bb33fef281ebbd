"""Confirmatory models of latent variables."""

from internal_coherence.latent.comparing import FitComparison, compare
from internal_coherence.latent.equivalence import Cutoffs, Invariance, invariance
from internal_coherence.latent.fitting import cfa, sem
from internal_coherence.latent.resampling import Bootstrap, SchoolInfluence, bootstrap, school_influence
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.par_table import ParTable

__all__ = [
    "Bootstrap",
    "Cutoffs",
    "FitComparison",
    "Invariance",
    "ParTable",
    "SchoolInfluence",
    "SemFit",
    "bootstrap",
    "cfa",
    "compare",
    "invariance",
    "school_influence",
    "sem",
]
