"""What was asked, as data."""

from internal_coherence.instrument.codebook import read_codebook
from internal_coherence.instrument.definitions import RECONSTRUCTION_NOTICE, Dimension, Instrument, Item, Scale
from internal_coherence.instrument.library import list_instruments, load_instrument
from internal_coherence.instrument.provenance import Provenance

__all__ = [
    "RECONSTRUCTION_NOTICE",
    "Dimension",
    "Instrument",
    "Item",
    "Provenance",
    "Scale",
    "list_instruments",
    "load_instrument",
    "read_codebook",
]
