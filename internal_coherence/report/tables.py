"""Tables to read on a screen, and tables to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from internal_coherence.errors import ResponseError
from internal_coherence.instrument import RECONSTRUCTION_NOTICE
from internal_coherence.profiles import Profile, Profiles
from internal_coherence.report.figures import profile_svg
from internal_coherence.report.wording import interval, percent, signed
from internal_coherence.schools import SchoolTable

_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def inert(cell: object) -> object:
    """Return a cell that a spreadsheet shows and never runs: a text that starts a formula gets an apostrophe.

    Parameters
    ----------
    cell : object

    Returns
    -------
    object
    """
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_STARTS_A_FORMULA) else cell


def write_csv(table: pd.DataFrame, path: str | Path) -> Path:
    """Write a table as CSV in UTF-8, unrounded, safe to open in a spreadsheet.

    Parameters
    ----------
    table : DataFrame
    path : path

    Returns
    -------
    Path
    """
    safe = table.rename(columns=inert).map(inert)
    safe.to_csv(path, index=False, encoding="utf-8-sig")
    return Path(path)


def write_xlsx(sheets: Mapping[str, pd.DataFrame], path: str | Path) -> Path:
    """Write tables as the sheets of an Excel workbook, unrounded, no cell of which is a formula.

    Parameters
    ----------
    sheets : mapping of str to DataFrame
        Name of the sheet to table.
    path : path

    Returns
    -------
    Path

    Raises
    ------
    ResponseError
        If openpyxl is not installed.
    """
    try:
        with pd.ExcelWriter(path, engine="openpyxl") as book:
            for name, table in sheets.items():
                table.rename(columns=inert).map(inert).to_excel(book, sheet_name=name, index=False)
    except ImportError:
        raise ResponseError("writing Excel files needs openpyxl: pip install 'internal-coherence[excel]'") from None
    return Path(path)


def html_table(table: pd.DataFrame, most_rows: int = 60) -> str:
    """Return a table as HTML with everything escaped, rounded to three digits.

    Parameters
    ----------
    table : DataFrame
    most_rows : int
        Beyond them the middle is left out.

    Returns
    -------
    str
    """
    return table.to_html(
        index=False, border=0, float_format="{:.3f}".format, na_rep="–", max_rows=most_rows, escape=True
    )


def school_table(table: SchoolTable) -> str:
    """Return a school table as HTML, and what instrument it is of.

    Parameters
    ----------
    table : SchoolTable

    Returns
    -------
    str
    """
    notice = f"<p>{RECONSTRUCTION_NOTICE}</p>" if table.status == "reconstructed" else ""
    return html_table(table.to_frame()) + notice


def district_table(profiles: Profiles) -> str:
    """Return the district's overview as text: a row a school, a column a dimension.

    Parameters
    ----------
    profiles : Profiles

    Returns
    -------
    str
        In SDs from the reference mean, with intervals; plain characters, which any terminal shows.
    """
    rows = []
    for school, profile in profiles.items():
        row = {"School": school, "Teachers": "-" if profile.n is None else str(profile.n)}
        row["Response"] = "-" if profile.response_rate is None else percent(profile.response_rate)
        if profile.withheld:
            rows.append(row | {profile.dimension_labels[0][1]: f"withheld: {profile.withheld}"})
            continue
        for e in profile.dimensions:
            row[e.label] = f"{signed(e.z)} [{interval(e, profile.choices.level)}]".replace("−", "-")
        rows.append(row)
    reconstructed = any(profile.status == "reconstructed" for profile in profiles.values())
    return _aligned(rows) + (f"\n\n{RECONSTRUCTION_NOTICE}" if reconstructed else "")


def _aligned(rows: list[dict[str, str]]) -> str:
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    widths = {h: max(len(h), *(len(row.get(h, "")) for row in rows)) for h in headings}
    lines = ["  ".join(h.ljust(widths[h]) for h in headings).rstrip()]
    lines += ["  ".join(row.get(h, "").ljust(widths[h]) for h in headings).rstrip() for row in rows]
    return "\n".join(lines)


def profile_summary(profile: Profile) -> str:
    """Return a profile's picture and a small table of its dimensions and scales as HTML.

    Parameters
    ----------
    profile : Profile

    Returns
    -------
    str
    """
    if profile.withheld:
        return html_table(pd.DataFrame({"school": [profile.school], "withheld": [profile.withheld]}))
    return profile_svg(profile) + html_table(
        profile.to_frame().astype({"n": "Int64"})[
            ["kind", "label", "n", "z", "ci_lower", "ci_upper", "reference_low", "reference_high", "withheld"]
        ]
    )
