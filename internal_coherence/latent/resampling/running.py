"""Many draws, batch by batch, on one process or several; the same numbers either way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Final, TypeVar

from threadpoolctl import ThreadpoolController
from tqdm import tqdm

from internal_coherence.errors import ModelError

T = TypeVar("T")
R = TypeVar("R")
ANSWERS: Final = 1_000_000
"""In so many answers a batch of draws is small enough for processes to share the work evenly."""
FEWEST, MOST = 50, 200
"""Draws of a batch: of fewer it would not pay to go over the rows for their moments, more would gain nothing."""


def batch_size(n_answers: int) -> int:
    """Return how many draws a process is given at a time.

    Parameters
    ----------
    n_answers : int
        Of one draw.

    Returns
    -------
    int
        The same on however many processes, so that the numbers are.
    """
    return min(max(ANSWERS // max(n_answers, 1), FEWEST), MOST)


def mapped(
    job: Callable[[Sequence[T]], list[R]], given: Sequence[T], *, batch: int, workers: int, progress: bool, what: str
) -> list[R]:
    """Return what a job makes of many inputs, in their order.

    Parameters
    ----------
    job : callable
        Of a batch of inputs; must be able to travel to other processes if there are several.
    given : sequence
        The inputs.
    batch : int
        How many inputs a process is given at a time.
    workers : int
        Processes; −1 for as many as there are cores.
    progress : bool
        Show a progress bar.
    what : str
        Its title.

    Returns
    -------
    list

    Raises
    ------
    ModelError
        For a number of processes that makes no sense.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers == 0 or workers < -1:
        raise ModelError(f"workers={workers!r}: give a number of processes, or -1 for one on every core")
    batches = [given[k : k + batch] for k in range(0, len(given), batch)]
    done: list[list[R]] = []
    with tqdm(total=len(given), desc=what, disable=not progress) as counter:
        for found in _done(job, batches, workers):
            done.append(found)
            counter.update(len(found))
    return list(chain.from_iterable(done))


def _done(job: Callable[[Sequence[T]], list[R]], batches: list[Sequence[T]], workers: int) -> Iterator[list[R]]:
    if workers == 1:
        yield from (_alone(job, batch) for batch in batches)
        return
    from joblib import Parallel, delayed  # only where several processes are asked for

    yield from Parallel(n_jobs=workers, return_as="generator")(delayed(_alone)(job, batch) for batch in batches)


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()


def _alone(job: Callable[[Sequence[T]], list[R]], batch: Sequence[T]) -> list[R]:
    with _pools().limit(limits=1):  # many small matrices: threads would wait for each other longer than they work
        return job(batch)
