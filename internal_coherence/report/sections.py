"""Sections of an appendix: a question, and what answers it in words, tables and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from internal_coherence.report.tables import html_table

MOST_ROWS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One question and what answers it.

    Parameters
    ----------
    title, question : str
        Its heading, and what is asked.
    paragraphs : list of str
        In words.
    tables : list of (str, str)
        Captions, and tables as HTML.
    figures : list of str
        As SVG.
    missing : str
        Why it could not be computed.
    """

    title: str
    question: str
    paragraphs: list[str] = field(default_factory=list)
    tables: list[tuple[str, str]] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    missing: str = ""


def captioned(caption: str, frame: pd.DataFrame, columns: Sequence[str] | None = None) -> tuple[str, str]:
    """Return a table as HTML with its caption.

    Parameters
    ----------
    caption : str
    frame : DataFrame
    columns : sequence of str, optional
        Those to be shown, where they are there; by default all.

    Returns
    -------
    (str, str)
    """
    shown = frame if columns is None else frame[[c for c in columns if c in frame]]
    whole = [c for c in shown.select_dtypes("float") if (shown[c].dropna() % 1 == 0).all()]
    shown = shown.astype(dict.fromkeys(whole, "Int64"))
    shown = shown.rename(columns=lambda c: str(c).replace("_", " "))
    for name in map(str, shown.select_dtypes("bool")):
        shown = shown.assign(**{name: shown[name].map({True: "yes", False: "no"})})
    return caption, html_table(shown, most_rows=MOST_ROWS)
