"""How wrong an order's check could be: what was not measured, who answered, and who did not."""

from internal_coherence.ordering.doubt.confounded_arrows import unmeasured_confounding
from internal_coherence.ordering.doubt.confounding_record import UnmeasuredConfounding
from internal_coherence.ordering.doubt.indirect_effects import CorrelatedErrors, correlated_errors
from internal_coherence.ordering.doubt.measurement_error import (
    IgnoredSchools,
    ImperfectReliability,
    ignored_schools,
    imperfect_reliability,
)
from internal_coherence.ordering.doubt.method_factor import CommonMethod, common_method
from internal_coherence.ordering.doubt.sensitivity import OrderingSensitivity, ordering_sensitivity
from internal_coherence.ordering.doubt.split_samples import SplitSampleOrdering, split_sample_ordering
from internal_coherence.ordering.doubt.who_answered import SelectiveResponse, selective_response

__all__ = [
    "CommonMethod",
    "CorrelatedErrors",
    "IgnoredSchools",
    "ImperfectReliability",
    "OrderingSensitivity",
    "SelectiveResponse",
    "SplitSampleOrdering",
    "UnmeasuredConfounding",
    "common_method",
    "correlated_errors",
    "ignored_schools",
    "imperfect_reliability",
    "ordering_sensitivity",
    "selective_response",
    "split_sample_ordering",
    "unmeasured_confounding",
]
