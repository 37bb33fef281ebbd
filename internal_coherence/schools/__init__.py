"""From teachers to schools."""

from internal_coherence.schools.aggregation import aggregate
from internal_coherence.schools.agreement.within_group import Agreement, rwg_j
from internal_coherence.schools.disclosure.gates import Gates
from internal_coherence.schools.school_table import SchoolTable
from internal_coherence.schools.shrinkage.borrowing import school_means
from internal_coherence.schools.shrinkage.school_means_record import SchoolMeans
from internal_coherence.schools.variance.components import VarianceComponents, variance_components
from internal_coherence.schools.variance.intraclass import icc1, icc2
from internal_coherence.schools.variance.intraclass_record import IntraclassCorrelation

__all__ = [
    "Agreement",
    "Gates",
    "IntraclassCorrelation",
    "SchoolMeans",
    "SchoolTable",
    "VarianceComponents",
    "aggregate",
    "icc1",
    "icc2",
    "rwg_j",
    "school_means",
    "variance_components",
]
