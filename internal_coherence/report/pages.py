"""The page that a school reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from tqdm import tqdm

from internal_coherence.errors import ModelError
from internal_coherence.instrument import RECONSTRUCTION_NOTICE
from internal_coherence.ordering import Metric, Order, earliest_weak_stage, published_orders
from internal_coherence.profiles import Profile, Profiles
from internal_coherence.profiles.parts import ItemShare
from internal_coherence.report import ordering_wording, wording
from internal_coherence.report.figures import profile_svg, spread_svg
from internal_coherence.report.stage_views import order_view

Orders = Order | Sequence[Order] | None
Bar = float | Mapping[str, float] | None


def profile_page(
    profile: Profile,
    path: str | Path | None = None,
    order: Orders = None,
    *,
    bar: Bar = None,
    metric: Metric = "response",
) -> str:
    """Return a profile as one self-contained page.

    Parameters
    ----------
    profile : Profile
    path : path, optional
        A file to write as well.
    order : Order or sequence of Order, optional
        By default both published statements.
    bar, metric
        What counts as weak.

    Returns
    -------
    str
    """
    page = environment().get_template("profile.html.j2").render(**_contents(profile, _orders(order), bar, metric))
    return written(page, path)


def written(page: str, path: str | Path | None) -> str:
    """Return a page, and write it where that was asked for.

    Parameters
    ----------
    page : str
    path : path or None
        None for nowhere; folders are made.

    Returns
    -------
    str
    """
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(page, encoding="utf-8")
    return page


def write_pages(
    profiles: Profiles,
    folder: str | Path,
    order: Orders = None,
    *,
    bar: Bar = None,
    metric: Metric = "response",
    workers: int = 1,
    progress: bool = False,
) -> dict[str, Path]:
    """Write the page of every school, if asked on several processes.

    Parameters
    ----------
    profiles : Profiles
    folder : path
        Made if need be.
    order, bar, metric
        As in `profile_page`.
    workers : int
    progress : bool

    Returns
    -------
    dict
        School to file.
    """
    if workers < 1:
        raise ModelError(f"workers={workers}: at least one process has to draw")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = {school: folder / name for school, name in file_names(profiles).items()}
    draw = partial(_write_one, order=_orders(order), bar=bar, metric=metric)
    jobs = [(profiles[school], path) for school, path in files.items()]
    with tqdm(total=len(jobs), desc="pages", disable=not progress) as counter:
        for _ in _done(draw, jobs, workers):
            counter.update()
    return files


def _done(draw: partial[None], jobs: list[tuple[Profile, Path]], workers: int) -> Iterable[None]:
    if workers == 1:
        yield from map(draw, jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(draw, jobs, chunksize=8)


def _write_one(job: tuple[Profile, Path], order: Sequence[Order], bar: Bar, metric: Metric) -> None:
    profile, path = job
    profile_page(profile, path, order, bar=bar, metric=metric)


def file_names(schools: Iterable[str]) -> dict[str, str]:
    """Return a file name for each school: plain words, whatever the name holds, and no two alike.

    Parameters
    ----------
    schools : iterable of str

    Returns
    -------
    dict
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for number, school in enumerate(schools, 1):
        words = re.sub(r"[\W_]+", "-", school.casefold()).strip("-")[:60]
        stem = f"profile-{words or number}"
        while stem in taken:
            stem = f"{stem}-{number}"
        taken.add(stem)
        names[school] = f"{stem}.html"
    return names


@cache
def environment() -> Environment:
    """Return what fills templates: everything escaped, nothing undefined.

    Returns
    -------
    Environment
    """
    environment = Environment(
        loader=PackageLoader("internal_coherence.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "signed": wording.signed,
        "decimal": wording.decimal,
        "percent": wording.percent,
        "favourable": wording.favourable_share,
        "bar_name": wording.bar_name,
    }
    return environment


def _orders(order: Orders) -> Sequence[Order]:
    if order is None:
        return published_orders()
    return [order] if isinstance(order, Order) else list(order)


def _contents(profile: Profile, orders: Sequence[Order], bar: Bar, metric: Metric) -> Mapping[str, object]:
    """Gather what the template lays out."""
    level = profile.choices.level
    contents: dict[str, object] = {
        "profile": profile,
        "response": wording.response(profile),
        "notice": RECONSTRUCTION_NOTICE if profile.status == "reconstructed" else "",
        "choices": wording.choices_made(profile),
        "provenance": wording.provenance(profile),
        "formative_use": wording.FORMATIVE_USE,
        "made_by": wording.made_by(),
        "order_caution": ordering_wording.ORDER_CAUTION,
        "level": wording.level_text(level),
        "sentences": [wording.in_words(e, level) for e in profile.dimensions],
        "interval": partial(wording.interval, level=level),
    }
    if profile.withheld:
        return contents
    walked = [(order, earliest_weak_stage(profile, order, bar=bar, metric=metric)) for order in orders]
    found = [(order, outcome) for order, outcome in walked if outcome.measures_any]
    return contents | {
        "picture": profile_svg(profile),
        "spread_picture": spread_svg(profile),
        "scale_labels": {e.key: e.label for e in profile.scales},
        "items_by_scale": _items_by_scale(profile.items),
        "no_spread": _common_reason([spread.withheld for spread in profile.spreads]),
        "no_items": _common_reason([item.withheld for item in profile.items]),
        "orders": [order_view(outcome, order) for order, outcome in found],
        "orders_agree": ordering_wording.agreement_of_orders(found),
        "track": ordering_wording.track(found[0][1]) if found else "",
    }


def _common_reason(reasons: Sequence[str]) -> str:
    """Return the reason why nothing of a section is shown, if it is one and the same."""
    return reasons[0] if reasons and len(set(reasons)) == 1 else ""


def _items_by_scale(items: Iterable[ItemShare]) -> dict[str, list[ItemShare]]:
    grouped: dict[str, list[ItemShare]] = {}
    for item in items:
        grouped.setdefault(item.scale, []).append(item)
    return grouped
