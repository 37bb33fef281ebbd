"""From teachers to schools."""

from internal_coherence.schools.aggregation import SchoolTable, aggregate
from internal_coherence.schools.agreement.within_group import Agreement, rwg_j
from internal_coherence.schools.disclosure.gates import Gates
from internal_coherence.schools.variance.intraclass import IntraclassCorrelation, icc1, icc2

__all__ = ["Agreement", "Gates", "IntraclassCorrelation", "SchoolTable", "aggregate", "icc1", "icc2", "rwg_j"]
