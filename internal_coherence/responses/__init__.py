"""What was answered, checked and coded."""

from internal_coherence.responses.coding import reverse_code
from internal_coherence.responses.example import example_responses
from internal_coherence.responses.log import CodingLog, LogEntry
from internal_coherence.responses.reading import read_responses
from internal_coherence.responses.record import Responses
from internal_coherence.responses.scoring import score
from internal_coherence.responses.simulation import simulate_responses

__all__ = [
    "CodingLog",
    "LogEntry",
    "Responses",
    "example_responses",
    "read_responses",
    "reverse_code",
    "score",
    "simulate_responses",
]
