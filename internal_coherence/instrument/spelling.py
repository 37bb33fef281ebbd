"""When two texts are the same to a reader, however they are typed."""

from __future__ import annotations

import unicodedata


def fold(text: object) -> str:
    """Return a text as it is compared: without case, accents, punctuation and surplus spaces.

    Parameters
    ----------
    text : object
        What was typed.

    Returns
    -------
    str
        A text of punctuation only is left as it is.
    """
    plain = fold_accents(text)
    letters = plain.replace("'", "").replace("’", "")
    words = "".join(c if c.isalnum() or c == "+" or unicodedata.category(c)[0] == "M" else " " for c in letters).split()
    return " ".join(words) or plain


def fold_accents(text: object) -> str:
    """Return a text without case, accents and surplus spaces.

    Parameters
    ----------
    text : object
        What was typed.

    Returns
    -------
    str
    """
    decomposed = unicodedata.normalize("NFKD", str(text).casefold())
    return " ".join("".join(c for c in decomposed if not "\u0300" <= c <= "\u036f").split())
