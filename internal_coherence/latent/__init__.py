"""Confirmatory models of latent variables."""

from internal_coherence.latent.comparing import FitComparison, compare
from internal_coherence.latent.equivalence import Cutoffs, Invariance, invariance
from internal_coherence.latent.fitting import cfa, sem
from internal_coherence.latent.sem_fit import SemFit
from internal_coherence.latent.table.par_table import ParTable

__all__ = ["Cutoffs", "FitComparison", "Invariance", "ParTable", "SemFit", "cfa", "compare", "invariance", "sem"]
