"""The measurement model of stages: scales as latent variables of their items, stages as what scales have together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from internal_coherence.errors import ModelError
from internal_coherence.instrument import Instrument
from internal_coherence.latent import SemFit
from internal_coherence.ordering.orders import Stage

Array = NDArray[np.float64]
StageAs = Literal["composite", "factor"]
STAGES_AS: Final[tuple[str, ...]] = get_args(StageAs)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementPlan:
    """Which items stand for which scales, and which scales for which stages.

    In the model items are ``v0``, ``v1``, …, scales ``s0``, …, stages ``g0``, …: whatever they are called outside.

    Parameters
    ----------
    items : tuple of str
        Keys, p of them.
    scale_of : tuple of int
        The scale of each item.
    stage_of : tuple of int
        The stage of each of the m scales.
    stage_as : {"composite", "factor"}
        A stage is the mean of its scales, or a latent variable that they have in common.
    """

    items: tuple[str, ...]
    scale_of: tuple[int, ...]
    stage_of: tuple[int, ...]
    stage_as: StageAs

    @classmethod
    def of(cls, instrument: Instrument, stages: Sequence[Stage], stage_as: StageAs) -> MeasurementPlan:
        """Lay out the model of some stages.

        Parameters
        ----------
        instrument : Instrument
        stages : sequence of Stage
            All their scales are the instrument's.
        stage_as : {"composite", "factor"}

        Returns
        -------
        MeasurementPlan
        """
        scales = [(k, instrument.scale(key)) for k, stage in enumerate(stages) for key in stage.measured_by]
        return cls(
            items=tuple(key for _, scale in scales for key in scale.item_keys),
            scale_of=tuple(m for m, (_, scale) in enumerate(scales) for _ in scale.item_keys),
            stage_of=tuple(k for k, _ in scales),
            stage_as=stage_as,
        )

    @property
    def n_stages(self) -> int:
        """Stages, k."""
        return 1 + max(self.stage_of)

    @property
    def n_scales(self) -> int:
        """Scales, m."""
        return len(self.stage_of)

    def scales_of(self, stage: int) -> list[int]:
        """Return the scales of a stage."""
        return [m for m, k in enumerate(self.stage_of) if k == stage]

    def joined(self, stage: int) -> bool:
        """Return whether a stage is a latent variable above several scales."""
        return self.stage_as == "factor" and len(self.scales_of(stage)) > 1

    def syntax(self) -> str:
        """Return the model in lavaan's syntax.

        Returns
        -------
        str
            Two indicators of one latent variable count alike; a single one is taken as it is.
        """
        lines = [
            _measured(f"s{m}", [f"v{i}" for i, at in enumerate(self.scale_of) if at == m]) for m in range(self.n_scales)
        ]
        lines += [
            _measured(f"g{k}", [f"s{m}" for m in self.scales_of(k)]) for k in range(self.n_stages) if self.joined(k)
        ]
        return "\n".join(lines)

    def read(self, fit: SemFit) -> ReadOff:
        """Read stages, and what schools add to them, off a fit.

        Parameters
        ----------
        fit : SemFit
            Of `syntax`, with unit variances of latent variables, and with schools.

        Returns
        -------
        ReadOff

        Raises
        ------
        ModelError
            If scales' covariances are impossible.
        """
        parameters = _Parameters.of(fit, fit.coef, fit.school_contributions().to_numpy())
        loadings = np.zeros((len(self.items), self.n_scales))
        for i, m in enumerate(self.scale_of):
            loadings[i, m] = parameters.value(f"s{m}=~v{i}")
        errors = np.diag([parameters.value(f"v{i}~~v{i}") for i in range(len(self.items))])
        if self.stage_as == "composite":
            return self._composites(parameters, loadings, errors)
        return self._factors(parameters, loadings, errors)

    def matrix_at(self, fit: SemFit, theta: Array) -> Array:
        """Return the stages' covariances at other estimates of the same model.

        Parameters
        ----------
        fit : SemFit
            Of `syntax`.
        theta : (Q,) array

        Returns
        -------
        (k, k) array
        """
        parameters = _Parameters.of(fit, theta, np.zeros((0, len(theta))))
        if self.stage_as == "factor":
            return parameters.covariances([self._top(k) for k in range(self.n_stages)])[0]
        weights = self._weights()
        matrix: Array = weights @ parameters.covariances(self._scales())[0] @ weights.T
        return matrix

    def _scales(self) -> list[str]:
        return [f"s{m}" for m in range(self.n_scales)]

    def _weights(self) -> Array:
        """Return what each scale counts in each stage, (k, m)."""
        weights = np.zeros((self.n_stages, self.n_scales))
        for m, k in enumerate(self.stage_of):
            weights[k, m] = 1 / self.stage_of.count(k)
        return weights

    def _composites(self, parameters: _Parameters, loadings: Array, errors: Array) -> ReadOff:
        """Stages are means of scales; what scales are beside them is theirs, whatever the stages do."""
        scales, of_schools = parameters.covariances(self._scales())
        _refuse_impossible(scales)
        weights = self._weights()
        matrix = weights @ scales @ weights.T
        toward = scales @ weights.T @ np.linalg.inv(matrix)
        rest = scales - toward @ matrix @ toward.T
        return ReadOff(
            matrix=matrix,
            contributions=weights @ of_schools @ weights.T,
            loadings=loadings @ toward,
            errors=loadings @ rest @ loadings.T + errors,
        )

    def _factors(self, parameters: _Parameters, loadings: Array, errors: Array) -> ReadOff:
        """Stages are latent variables above their scales, or a single scale's own."""
        matrix, of_schools = parameters.covariances([self._top(k) for k in range(self.n_stages)])
        _refuse_impossible(matrix)
        upper, own = np.zeros((self.n_scales, self.n_stages)), np.zeros(self.n_scales)
        for m, k in enumerate(self.stage_of):
            upper[m, k] = parameters.value(f"g{k}=~s{m}") if self.joined(k) else 1.0
            own[m] = parameters.value(f"s{m}~~s{m}") if self.joined(k) else 0.0
        return ReadOff(
            matrix=matrix,
            contributions=of_schools,
            loadings=loadings @ upper,
            errors=loadings @ np.diag(own) @ loadings.T + errors,
        )

    def _top(self, stage: int) -> str:
        return f"g{stage}" if self.joined(stage) else f"s{self.scales_of(stage)[0]}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadOff:
    """What a measurement model says of stages.

    Parameters
    ----------
    matrix : (k, k) array
        Φ.
    contributions : (J, k, k) array
        What each school adds to it.
    loadings, errors : (p, k), (p, p) array
        Of items on stages: Λ, and Θ, with what is the scales' own.
    """

    matrix: Array
    contributions: Array
    loadings: Array
    errors: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Parameters:
    """A fit's parameters by name, and what each school adds to them."""

    values: dict[str, float]
    place: dict[str, int]
    moved: Array

    @classmethod
    def of(cls, fit: SemFit, theta: Array, moved: Array) -> _Parameters:
        rows = fit.table.entries
        return cls(
            values={row.name: float(theta[row.free - 1]) if row.free else float(row.value or 0) for row in rows},
            place={row.name: row.free - 1 for row in rows if row.free},
            moved=moved,
        )

    def value(self, name: str) -> float:
        return self.values[name]

    def covariances(self, names: Sequence[str]) -> tuple[Array, Array]:
        """Return the covariances of latent variables, and what each school adds to them."""
        k = len(names)
        matrix, of_schools = np.zeros((k, k)), np.zeros((len(self.moved), k, k))
        for a, first in enumerate(names):
            for b, second in enumerate(names):
                name = f"{first}~~{second}"
                if name in self.values:
                    matrix[a, b] = matrix[b, a] = self.values[name]
                if name in self.place:
                    of_schools[:, a, b] = of_schools[:, b, a] = self.moved[:, self.place[name]]
        return matrix, of_schools


def _refuse_impossible(matrix: Array) -> None:
    if np.linalg.eigvalsh(matrix)[0] < 1e-8 * np.trace(matrix):
        raise ModelError(
            "within schools the correlations of the stages' scales are not positive definite: the items do not tell two of them"
            " apart, or teachers are too few"
        )


def _measured(latent: str, indicators: Sequence[str]) -> str:
    label = f"both_{latent}*" if len(indicators) == 2 else ""
    line = f"{latent} =~ " + " + ".join(label + name for name in indicators)
    return line if len(indicators) > 1 else f"{line}\n{indicators[0]} ~~ 0*{indicators[0]}"
