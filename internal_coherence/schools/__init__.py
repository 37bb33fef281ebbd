"""From teachers to schools."""

from internal_coherence.schools.aggregation import aggregate
from internal_coherence.schools.agreement.agreement_record import Agreement
from internal_coherence.schools.agreement.deviations import AverageDeviation, average_deviation
from internal_coherence.schools.agreement.evidence import AggregationEvidence, aggregation_evidence
from internal_coherence.schools.agreement.given_mean import AgreementGivenMean, awg
from internal_coherence.schools.agreement.within_group import rwg, rwg_j, rwg_j_lindell
from internal_coherence.schools.comparing.comparison import SchoolComparison
from internal_coherence.schools.comparing.differences import SchoolDifference
from internal_coherence.schools.comparing.outcome_correlations import OutcomeCorrelation, OutcomeCorrelations
from internal_coherence.schools.comparing.outcomes import correlate_with_outcome
from internal_coherence.schools.comparing.paired_schools import compare_matched_schools, compare_waves
from internal_coherence.schools.comparing.roles import compare_roles
from internal_coherence.schools.comparing.school_groups import compare_school_groups
from internal_coherence.schools.comparing.several_groups import SeveralGroups
from internal_coherence.schools.disclosure.attacker import Attacker
from internal_coherence.schools.disclosure.auditing import DisclosureAudit, audit_disclosure
from internal_coherence.schools.disclosure.gates import Gates
from internal_coherence.schools.disclosure.protecting import ProtectedTables, protect_tables
from internal_coherence.schools.disclosure.subgroups import SubgroupTable, subgroup_table
from internal_coherence.schools.planning.design_effects import DesignEffect, design_effect
from internal_coherence.schools.planning.drawing_up_plans import plan_schools
from internal_coherence.schools.planning.school_plan import SchoolPlan
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
    "Attacker",
    "AverageDeviation",
    "DesignEffect",
    "DisclosureAudit",
    "Gates",
    "IntraclassCorrelation",
    "OutcomeCorrelation",
    "OutcomeCorrelations",
    "ProtectedTables",
    "SchoolComparison",
    "SchoolDifference",
    "SchoolMeans",
    "SchoolPlan",
    "SchoolTable",
    "SeveralGroups",
    "SubgroupTable",
    "VarianceComponents",
    "aggregate",
    "aggregation_evidence",
    "audit_disclosure",
    "average_deviation",
    "awg",
    "compare_matched_schools",
    "compare_roles",
    "compare_school_groups",
    "compare_waves",
    "correlate_with_outcome",
    "design_effect",
    "icc1",
    "icc2",
    "plan_schools",
    "protect_tables",
    "rwg",
    "rwg_j",
    "rwg_j_lindell",
    "school_means",
    "subgroup_table",
    "variance_components",
]
