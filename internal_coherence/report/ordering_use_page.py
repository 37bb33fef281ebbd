"""Pages of the use of an order: one school's stages, a district's map, a school's movement between waves."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from internal_coherence.ordering import StageMap, StageMovement, WeakStage
from internal_coherence.report import ordering_wording
from internal_coherence.report.figures import as_svg
from internal_coherence.report.ordering_use_figures import draw_stage_map, draw_stage_movement
from internal_coherence.report.pages import environment, written
from internal_coherence.report.stage_views import order_view
from internal_coherence.report.tables import html_table
from internal_coherence.report.wording import FORMATIVE_USE, made_by

MOST_ROWS: Final = 500
"""Schools, beyond which the middle of the table is left out; the frame has all."""


def weak_stage_page(found: WeakStage, path: str | Path | None = None) -> str:
    """Return the outcome of a walk along an order as one self-contained page.

    Parameters
    ----------
    found : WeakStage
        The walk.
    path : path, optional
        A file to write as well.

    Returns
    -------
    str
    """
    page = (
        environment()
        .get_template("weak_stage.html.j2")
        .render(
            school=found.school,
            order=order_view(found),
            caution=ordering_wording.ORDER_CAUTION,
            track=ordering_wording.track(found),
            formative_use=FORMATIVE_USE,
            made_by=made_by(),
        )
    )
    return written(page, path)


def stage_map_page(found: StageMap, path: str | Path | None = None) -> str:
    """Return a district's map as one self-contained page.

    Parameters
    ----------
    found : StageMap
        The map.
    path : path, optional
        A file to write as well.

    Returns
    -------
    str
    """
    described = "Schools by stages: how probably each stage is the earliest below the bar; the table says the same."
    page = _page(
        title="Where schools stand",
        over=found.order_title,
        wave=found.wave,
        cautions=(ordering_wording.MAP_CAUTION, ordering_wording.ORDER_CAUTION),
        sentences=ordering_wording.map_summary(found),
        picture=as_svg(draw_stage_map(found), "stage-map", "Schools along the order", described),
        table=html_table(found.conclusions(), most_rows=MOST_ROWS),
    )
    return written(page, path)


def stage_movement_page(found: StageMovement, path: str | Path | None = None) -> str:
    """Return a school's movement between two waves as one self-contained page.

    Parameters
    ----------
    found : StageMovement
        The movement.
    path : path, optional
        A file to write as well.

    Returns
    -------
    str
    """
    described = "The change of every stage with its limits; the sentences say the same."
    page = _page(
        title=found.school,
        over=found.order_title,
        wave=" and ".join(found.waves),
        cautions=(ordering_wording.MOVEMENT_CAUTION, ordering_wording.ORDER_CAUTION),
        sentences=ordering_wording.movement_in_words(found),
        picture=as_svg(draw_stage_movement(found), "stage-movement", "Changes between two waves", described),
        table=html_table(found.to_frame().drop(columns=["stage", "note"])),
    )
    return written(page, path)


def _page(**contents: object) -> str:
    template = environment().get_template("ordering_use.html.j2")
    return template.render(**contents, formative_use=FORMATIVE_USE, made_by=made_by())
