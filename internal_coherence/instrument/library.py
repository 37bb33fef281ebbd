"""The instruments that come with the library."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from internal_coherence.errors import InstrumentError, closest, listing
from internal_coherence.instrument.codebook import read_codebook
from internal_coherence.instrument.definitions import Instrument
from internal_coherence.instrument.exchange import read_toml

_BUNDLED = ("internal-coherence-survey",)


def list_instruments() -> list[str]:
    """Return the names that `load_instrument` knows.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import internal_coherence as ic
    >>> ic.list_instruments()
    ['internal-coherence-survey']
    """
    return list(_BUNDLED)


def load_instrument(name_or_path: str | Path) -> Instrument:
    """Load a bundled instrument by its name, or a codebook by its path.

    Parameters
    ----------
    name_or_path : str or path
        One of `list_instruments`, or a file that `read_codebook` reads.

    Returns
    -------
    Instrument

    Raises
    ------
    InstrumentError
        If it is neither; the message offers the closest name.

    Examples
    --------
    >>> import internal_coherence as ic
    >>> survey = ic.load_instrument("internal-coherence-survey")
    >>> [scale.key for scale in survey.in_dimension("efficacy")]
    ['individual_efficacy', 'collective_efficacy']
    >>> survey.scale("leadership").items[0].provenance["text"]
    Provenance(mark='background', citation=None)
    """
    if name_or_path in _BUNDLED:
        data = files("internal_coherence.instrument").joinpath(f"data/{name_or_path}.toml")
        return read_toml(data.read_text(encoding="utf-8"), str(name_or_path))
    if Path(name_or_path).suffix:
        return read_codebook(name_or_path)
    hint = closest(name_or_path, _BUNDLED)
    raise InstrumentError(
        f"no instrument {str(name_or_path)!r}; bundled are {listing(_BUNDLED)}, or give a file's path{hint}"
    )
