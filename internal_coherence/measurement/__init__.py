"""Is a scale a scale?"""

from internal_coherence.measurement.careless.screening import Screening, screen_responses
from internal_coherence.measurement.careless.screening_rules import ScreeningCutoffs
from internal_coherence.measurement.composites.congeneric import CompositeReliability, composite_reliability
from internal_coherence.measurement.composites.omega_record import Omega
from internal_coherence.measurement.composites.omegas import omega
from internal_coherence.measurement.composites.validity import (
    Heterotrait,
    VarianceExtracted,
    average_variance_extracted,
    htmt,
)
from internal_coherence.measurement.consistency.comparing import AlphaComparison, compare_alphas
from internal_coherence.measurement.consistency.internal_consistency import Alpha, alpha
from internal_coherence.measurement.consistency.lower_bounds import LowerBounds, guttman
from internal_coherence.measurement.consistency.splits import SplitHalves, split_halves
from internal_coherence.measurement.dimensionality.adequacy import (
    SamplingAdequacy,
    Sphericity,
    bartlett_sphericity,
    kmo,
)
from internal_coherence.measurement.dimensionality.average_partial import (
    MinimumAveragePartial,
    minimum_average_partial,
)
from internal_coherence.measurement.dimensionality.exploratory import efa
from internal_coherence.measurement.dimensionality.factor_scoring import factor_scores
from internal_coherence.measurement.dimensionality.factor_solution import FactorSolution
from internal_coherence.measurement.dimensionality.retention import ParallelAnalysis, parallel_analysis
from internal_coherence.measurement.items.analysis import ItemAnalysis, item_analysis
from internal_coherence.measurement.items.item_cutoffs import ItemCutoffs
from internal_coherence.measurement.items.wording_effects import WordingEffect, wording_effect
from internal_coherence.measurement.multilevel.decision_study import SchoolMeanComponents, TeachersNeeded
from internal_coherence.measurement.multilevel.reliability_record import MultilevelReliability
from internal_coherence.measurement.multilevel.two_levels import multilevel_reliability
from internal_coherence.measurement.overview import Reliability, ScaleReliability, reliability
from internal_coherence.measurement.structure.rivals import rival_structures
from internal_coherence.measurement.structure.rivals_record import RivalStructures
from internal_coherence.measurement.structure.turned_model import ExploratoryModel, exploratory_model
from internal_coherence.measurement.validation import Validation, validate_instrument

__all__ = [
    "Alpha",
    "AlphaComparison",
    "CompositeReliability",
    "ExploratoryModel",
    "FactorSolution",
    "Heterotrait",
    "ItemAnalysis",
    "ItemCutoffs",
    "LowerBounds",
    "MinimumAveragePartial",
    "MultilevelReliability",
    "Omega",
    "ParallelAnalysis",
    "Reliability",
    "RivalStructures",
    "SamplingAdequacy",
    "ScaleReliability",
    "SchoolMeanComponents",
    "Screening",
    "ScreeningCutoffs",
    "Sphericity",
    "SplitHalves",
    "TeachersNeeded",
    "Validation",
    "VarianceExtracted",
    "WordingEffect",
    "alpha",
    "average_variance_extracted",
    "bartlett_sphericity",
    "compare_alphas",
    "composite_reliability",
    "efa",
    "exploratory_model",
    "factor_scores",
    "guttman",
    "htmt",
    "item_analysis",
    "kmo",
    "minimum_average_partial",
    "multilevel_reliability",
    "omega",
    "parallel_analysis",
    "reliability",
    "rival_structures",
    "screen_responses",
    "split_halves",
    "validate_instrument",
    "wording_effect",
]
