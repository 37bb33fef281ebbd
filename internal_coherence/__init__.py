"""internal_coherence: psychometrics of the Internal Coherence Survey, from teachers' answers to a school's profile."""

from internal_coherence.errors import (
    CoherenceError,
    CoherenceWarning,
    ConvergenceWarning,
    DisclosureError,
    ImproperSolutionWarning,
    InstrumentError,
    MissingDataWarning,
    ModelError,
    ResponseError,
    ReversedItemWarning,
    SmallSampleWarning,
)
from internal_coherence.instrument import (
    Dimension,
    Instrument,
    Item,
    Provenance,
    Scale,
    list_instruments,
    load_instrument,
    read_codebook,
)
from internal_coherence.measurement import Alpha, alpha
from internal_coherence.ordering import Order, Stage, WeakStage, earliest_weak_stage, list_orders, load_order
from internal_coherence.profiles import Profile, Profiles, profile, profile_schools
from internal_coherence.records import library_version
from internal_coherence.responses import (
    CodingLog,
    Responses,
    example_responses,
    read_responses,
    reverse_code,
    score,
    simulate_responses,
)
from internal_coherence.schools import (
    Agreement,
    Gates,
    IntraclassCorrelation,
    SchoolTable,
    aggregate,
    icc1,
    icc2,
    rwg_j,
)

__version__ = library_version()

__all__ = [
    "Agreement",
    "Alpha",
    "CodingLog",
    "CoherenceError",
    "CoherenceWarning",
    "ConvergenceWarning",
    "Dimension",
    "DisclosureError",
    "Gates",
    "ImproperSolutionWarning",
    "Instrument",
    "InstrumentError",
    "IntraclassCorrelation",
    "Item",
    "MissingDataWarning",
    "ModelError",
    "Order",
    "Profile",
    "Profiles",
    "Provenance",
    "ResponseError",
    "Responses",
    "ReversedItemWarning",
    "Scale",
    "SchoolTable",
    "SmallSampleWarning",
    "Stage",
    "WeakStage",
    "aggregate",
    "alpha",
    "earliest_weak_stage",
    "example_responses",
    "icc1",
    "icc2",
    "list_instruments",
    "list_orders",
    "load_instrument",
    "load_order",
    "profile",
    "profile_schools",
    "read_codebook",
    "read_responses",
    "reverse_code",
    "rwg_j",
    "score",
    "simulate_responses",
]
