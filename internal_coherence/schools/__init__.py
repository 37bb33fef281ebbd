"""From teachers to schools."""

from internal_coherence.schools.aggregation import aggregate
from internal_coherence.schools.agreement.agreement_record import Agreement
from internal_coherence.schools.agreement.deviations import AverageDeviation, average_deviation
from internal_coherence.schools.agreement.evidence import AggregationEvidence, aggregation_evidence
from internal_coherence.schools.agreement.given_mean import AgreementGivenMean, awg
from internal_coherence.schools.agreement.within_group import rwg, rwg_j, rwg_j_lindell
from internal_coherence.schools.disclosure.gates import Gates
from internal_coherence.schools.school_table import SchoolTable
from internal_coherence.schools.shrinkage.borrowing import school_means
from internal_coherence.schools.shrinkage.school_means_record import SchoolMeans
from internal_coherence.schools.variance.components import VarianceComponents, variance_components
from internal_coherence.schools.variance.intraclass import icc1, icc2
from internal_coherence.schools.variance.intraclass_record import IntraclassCorrelation

__all__ = [
    "AggregationEvidence",
    "Agreement",
    "AgreementGivenMean",
    "AverageDeviation",
    "Gates",
    "IntraclassCorrelation",
    "SchoolMeans",
    "SchoolTable",
    "VarianceComponents",
    "aggregate",
    "aggregation_evidence",
    "average_deviation",
    "awg",
    "icc1",
    "icc2",
    "rwg",
    "rwg_j",
    "rwg_j_lindell",
    "school_means",
    "variance_components",
]
