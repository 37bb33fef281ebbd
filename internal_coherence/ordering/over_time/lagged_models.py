"""Models of stages over waves, written in lavaan's syntax: cross-lagged, random-intercept, latent change, growth.

A stage k in wave t is ``<stage>_t<t>``, a score or a latent variable. Every model is written out in full, so that it can be read
and run elsewhere (``lavaan::sem(model, data, fixed.x = FALSE, meanstructure = TRUE)``). Starting values are written where what a
variable is made of shows in no indicator of its own; they suppose variances of about 1, which standardised scores have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from internal_coherence.ordering.over_time.linking import at_wave

Model = Literal["cross_lagged", "random_intercept", "latent_change", "growth"]
Leading = Literal["level", "change", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaggedPath:
    """A path from a stage to a stage.

    Parameters
    ----------
    cause, effect : str
        Stages.
    lhs, rhs : str
        The variables in the model: effect and cause.
    label : str
        Of the parameter.
    of, by : {"level", "change"}
        What of the effect follows what of the cause.
    from_wave, to_wave : int
        Positions of the waves, from 1; both 1 and the last for growth.
    """

    cause: str
    effect: str
    lhs: str
    rhs: str
    label: str
    of: Literal["level", "change"]
    by: Literal["level", "change"]
    from_wave: int
    to_wave: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenModel:
    """A model in lavaan's syntax, and its paths from stage to stage."""

    syntax: str
    paths: tuple[LaggedPath, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be written.

    Parameters
    ----------
    stages : tuple of str
        The stages.
    n_waves : int
        Waves.
    times : tuple of float
        When they were, the first at 0; for growth.
    indicators : mapping of str to sequence of str
        Of latent stages; empty for scores.
    equal_lags : bool
        Whether a path is the same between all waves.
    leading : {"level", "change", "both"}
        For latent change: what of the cause comes before.
    """

    stages: tuple[str, ...]
    n_waves: int
    times: tuple[float, ...]
    indicators: Mapping[str, Sequence[str]]
    equal_lags: bool = False
    leading: Leading = "level"

    def label(self, sort: str, cause: str, effect: str, t: int) -> str:
        """Return the label of a path that ends in wave t."""
        end = "" if self.equal_lags else f"_t{t}"
        return f"{sort}_{self.stages.index(cause) + 1}_{self.stages.index(effect) + 1}{end}"

    def path(self, sort: str, ends: tuple[str, str], variables: tuple[str, str], waves: tuple[int, int]) -> LaggedPath:
        """Return a path; `sort` is of, by: ``"ll"``, ``"cl"``, ``"cc"``."""
        names: dict[str, Literal["level", "change"]] = {"l": "level", "c": "change"}
        return LaggedPath(
            cause=ends[0],
            effect=ends[1],
            rhs=variables[0],
            lhs=variables[1],
            label=self.label(sort, *ends, waves[1]),
            of=names[sort[0]],
            by=names[sort[1]],
            from_wave=waves[0],
            to_wave=waves[1],
        )


def in_wave(stage: str, t: int) -> str:
    """Return what a stage is called in wave t."""
    return f"{stage}_t{t}"


def covariances(names: Sequence[str]) -> list[str]:
    """Return lines by which variables covary."""
    return [f"{a} ~~ {b}" for a, b in combinations(names, 2)]


def measurement(plan: Plan) -> list[str]:
    """Return the lines that measure latent stages alike in every wave.

    Loadings and intercepts are equal over waves, the first of each stage 1 and 0; what an indicator has of its own covaries over
    waves.
    """
    lines: list[str] = []
    waves = range(1, plan.n_waves + 1)
    for k, (stage, items) in enumerate(plan.indicators.items(), 1):
        for t in waves:
            loads = [f"{'1' if i == 1 else f'l{k}_{i}'}*{at_wave(x, t)}" for i, x in enumerate(items, 1)]
            lines.append(f"{in_wave(stage, t)} =~ {' + '.join(loads)}")
            lines += [f"{at_wave(x, t)} ~ {'0' if i == 1 else f'n{k}_{i}'}*1" for i, x in enumerate(items, 1)]
        lines += [f"{at_wave(x, s)} ~~ {at_wave(x, t)}" for x in items for s, t in combinations(waves, 2)]
    return lines


def _regressions(paths: Sequence[LaggedPath], own: float | None = None) -> list[str]:
    """Return the lines of regressions; `own` is where paths of a stage on itself begin."""
    causes: dict[str, list[str]] = {}
    for path in paths:
        begin = f" + start({own})*{path.rhs}" if own is not None and path.cause == path.effect else ""
        causes.setdefault(path.lhs, []).append(f"{path.label}*{path.rhs}{begin}")
    return [f"{effect} ~ {' + '.join(terms)}" for effect, terms in causes.items()]


def cross_lagged(plan: Plan) -> WrittenModel:
    """Write the cross-lagged panel model: every stage on all stages one wave before.

    Notes
    -----
    It confounds stable differences between teachers with change.
    """
    waves, stages = range(1, plan.n_waves + 1), plan.stages
    paths = tuple(
        plan.path("ll", (j, k), (in_wave(j, t - 1), in_wave(k, t)), (t - 1, t))
        for t in waves[1:]
        for k in stages
        for j in stages
    )
    lines = [*measurement(plan), *_regressions(paths)]
    for t in waves:
        now = [in_wave(k, t) for k in stages]
        lines += [*covariances(now), *(f"{name} ~ 1" for name in now)]
    return WrittenModel(syntax="\n".join(lines), paths=paths)


def random_intercept(plan: Plan) -> WrittenModel:
    """Write the random-intercept cross-lagged panel model (Hamaker, Kuiper & Grasman 2015).

    A stage in a wave is the sum of its mean, what a teacher stably differs by (``ri_<stage>``), and where the teacher is at that
    time beyond it (``w_<stage>_t<t>``); the lags are between the latter.
    """
    waves, stages = range(1, plan.n_waves + 1), plan.stages
    paths = tuple(
        plan.path("ll", (j, k), (f"w_{in_wave(j, t - 1)}", f"w_{in_wave(k, t)}"), (t - 1, t))
        for t in waves[1:]
        for k in stages
        for j in stages
    )
    lines = measurement(plan)
    for k in stages:
        lines.append(f"ri_{k} =~ {' + '.join(f'1*{in_wave(k, t)}' for t in waves)}")
        for t in waves:
            name = in_wave(k, t)
            lines += [f"w_{name} =~ 1*{name}", f"{name} ~~ 0*{name}", f"{name} ~ 1"]
        lines += [f"{part} ~~ start(0.4)*{part}" for part in (f"ri_{k}", *(f"w_{in_wave(k, t)}" for t in waves))]
    lines += _regressions(paths, own=0.3)
    for t in waves:
        lines += covariances([f"w_{in_wave(k, t)}" for k in stages])
    lines += covariances([f"ri_{k}" for k in stages])
    lines += [f"ri_{k} ~~ 0*w_{in_wave(j, 1)}" for k in stages for j in stages]
    return WrittenModel(syntax="\n".join(lines), paths=paths)


def latent_change(plan: Plan) -> WrittenModel:
    """Write the latent change score model (McArdle 2009): each stage's change on all stages before.

    With ``leading="level"`` the change d_kt goes with the level of all stages one wave before; with ``"change"`` with its own level,
    and the change of all stages one step before; with ``"both"`` with both.
    """
    waves, stages = range(1, plan.n_waves + 1), plan.stages
    paths: list[LaggedPath] = []
    for t in waves[1:]:
        for k in stages:
            d = f"d_{in_wave(k, t)}"
            paths += [
                plan.path("cl", (j, k), (in_wave(j, t - 1), d), (t - 1, t))
                for j in stages
                if j == k or plan.leading != "change"
            ]
            if t > 2 and plan.leading != "level":
                paths += [plan.path("cc", (j, k), (f"d_{in_wave(j, t - 1)}", d), (t - 1, t)) for j in stages]
    lines = measurement(plan)
    for k in stages:
        lines.append(f"{in_wave(k, 1)} ~ 1")
        for t in waves[1:]:
            name = in_wave(k, t)
            lines += [
                f"d_{name} =~ 1*{name}",
                f"{name} ~ 1*{in_wave(k, t - 1)}",
                f"{name} ~~ 0*{name}",
                f"{name} ~ 0*1",
            ]
            lines.append(f"d_{name} ~ 1")
    lines += [*_regressions(paths), *covariances([in_wave(k, 1) for k in stages])]
    for t in waves[1:]:
        lines += covariances([f"d_{in_wave(k, t)}" for k in stages])
    return WrittenModel(syntax="\n".join(lines), paths=tuple(paths))


def growth(plan: Plan) -> WrittenModel:
    """Write growth of all stages together (Bollen & Curran 2006): each slope on the first levels of all stages."""
    waves, stages = range(1, plan.n_waves + 1), plan.stages
    paths = tuple(plan.path("cl", (j, k), (f"i_{j}", f"s_{k}"), (1, plan.n_waves)) for k in stages for j in stages)
    lines = measurement(plan)
    for k in stages:
        lines.append(f"i_{k} =~ {' + '.join(f'1*{in_wave(k, t)}' for t in waves)}")
        lines.append(f"s_{k} =~ {' + '.join(f'{plan.times[t - 1]!r}*{in_wave(k, t)}' for t in waves)}")
        lines += [f"i_{k} ~ 1", f"s_{k} ~ 1", *(f"{in_wave(k, t)} ~ 0*1" for t in waves)]
    lines += [*_regressions(paths), *covariances([f"i_{k}" for k in stages]), *covariances([f"s_{k}" for k in stages])]
    for t in waves:
        lines += covariances([in_wave(k, t) for k in stages])
    return WrittenModel(syntax="\n".join(lines), paths=paths)
