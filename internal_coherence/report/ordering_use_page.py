"""The page of one school along one order: what to do now, and what to build toward."""

from __future__ import annotations

from pathlib import Path

from internal_coherence.ordering import WeakStage
from internal_coherence.report import ordering_wording
from internal_coherence.report.pages import environment
from internal_coherence.report.stage_views import order_view
from internal_coherence.report.wording import FORMATIVE_USE, made_by


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
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(page, encoding="utf-8")
    return page
