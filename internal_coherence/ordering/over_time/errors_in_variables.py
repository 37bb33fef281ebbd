"""Regression between school means whose sampling errors are known: moments less what error adds to them.

Observed are z = z* + u_z, x = x* + u_x, y = y* + u_y, errors with known covariances in each school. With b the solution of
Σ (z y′ − E_zy) = Σ (z x′ − E_zx) b, means out, b estimates the relation of the error-free y* to x* (Fuller 1987, §3.1); z = x gives
regression, another z instruments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """One step from wave to wave: three linear maps of a school's means.

    Parameters
    ----------
    Z, X, Y : (K, q) array
        So that Z m are the instruments, X m the causes and Y m the effects of a school with means m.
    """

    Z: Array
    X: Array
    Y: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regression:
    """What came of it.

    Parameters
    ----------
    b : (K, K) array
        Causes × effects.
    vcov : (K², K²) array
        Of b, row by row; schools are what is independent.
    plain : (K, K) array
        The same with no correction for error.
    true, observed : (K, K) array
        Covariances of the causes without and with sampling error, pooled over steps.
    effects : (K, K) array
        Covariances of the effects without sampling error.
    cross : (K, K) array
        Of instruments with causes, without sampling error.
    n_schools, n_rows : int
        Schools, and schools times steps.
    """

    b: Array
    vcov: Array
    plain: Array
    true: Array
    observed: Array
    effects: Array
    cross: Array
    n_schools: int
    n_rows: int


def corrected_regression(mean: Array, error: Array, steps: list[Step]) -> Regression:
    """Regress between schools' means, corrected for their sampling errors.

    Parameters
    ----------
    mean : (J, q) array
        NaN is missing: a school enters a step if it has all means of the step.
    error : (J, q, q) array
        Covariances of the means' sampling errors.
    steps : list of Step
        Pooled, each with intercepts of its own.

    Returns
    -------
    Regression
        NaN where the corrected moments can't be solved, or no variances could be what is left of the causes' after correction.

    Notes
    -----
    Taking out the mean of J schools takes a share 1/J of the error with it. Covariances of b are A⁻¹ G A⁻ᵀ J/(J − 1) with G from
    each school's sums of estimating equations over its steps; E is taken as known.
    """
    J, K = len(mean), len(steps[0].X)
    blocks = [_sums(mean, error, step) for step in steps]
    A, C, XX, YY, XO = (
        np.sum([getattr(block, name) for block in blocks], axis=0) for name in ("zx", "zy", "xx", "yy", "xo")
    )
    rows = sum(int(block.used.sum()) for block in blocks)
    free = max(rows - len(blocks), 1)
    schools = np.any([block.used for block in blocks], axis=0)
    n_schools = int(schools.sum())
    b, vcov = np.full((K, K), np.nan), np.full((K * K, K * K), np.nan)
    if n_schools > K + 1 and np.linalg.cond(A) < 1e10 and np.linalg.eigvalsh(XX).min() > 0:
        b = np.linalg.solve(A, C)
        G = np.zeros((J, K, K))
        for block in blocks:
            G[block.used] += block.zy_rows - block.zx_rows @ b
        g = G.reshape(J, K * K)
        bread = np.kron(np.linalg.inv(A), np.eye(K))
        vcov = bread @ (g.T @ g) @ bread.T * n_schools / (n_schools - 1)
    raw_A, raw_C = (np.sum([getattr(block, name) for block in blocks], axis=0) for name in ("zx_raw", "zy_raw"))
    plain = np.linalg.solve(raw_A, raw_C) if np.linalg.cond(raw_A) < 1e12 else np.full((K, K), np.nan)
    return Regression(
        b=b,
        vcov=vcov,
        plain=plain,
        true=XX / free,
        observed=XO / free,
        effects=YY / free,
        cross=A / free,
        n_schools=n_schools,
        n_rows=rows,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Block:
    """Sums of one step; `zx_rows` and `zy_rows` school by school."""

    used: NDArray[np.bool_]
    zx: Array
    zy: Array
    xx: Array
    yy: Array
    xo: Array
    zx_raw: Array
    zy_raw: Array
    zx_rows: Array
    zy_rows: Array


def _sums(mean: Array, error: Array, step: Step) -> _Block:
    needed = np.any(np.concatenate([step.Z, step.X, step.Y]) != 0, axis=0)
    used: NDArray[np.bool_] = np.asarray(np.isfinite(mean[:, needed]).all(axis=1), dtype=np.bool_)
    m, E = np.where(needed, mean, 0.0)[used], error[used]
    m = m - m.mean(axis=0) if len(m) else m
    z, x, y = (m @ L.T for L in (step.Z, step.X, step.Y))
    left = 1 - 1 / max(len(m), 1)

    def rows(a: Array, b: Array, La: Array, Lb: Array) -> tuple[Array, Array]:
        raw = a[:, :, None] * b[:, None, :]
        return raw, raw - left * (La @ E @ Lb.T)

    zx_raw, zx = rows(z, x, step.Z, step.X)
    zy_raw, zy = rows(z, y, step.Z, step.Y)
    xo, xx = rows(x, x, step.X, step.X)
    _, yy = rows(y, y, step.Y, step.Y)
    return _Block(
        used=used,
        zx=zx.sum(axis=0),
        zy=zy.sum(axis=0),
        xx=xx.sum(axis=0),
        yy=yy.sum(axis=0),
        xo=xo.sum(axis=0),
        zx_raw=zx_raw.sum(axis=0),
        zy_raw=zy_raw.sum(axis=0),
        zx_rows=zx,
        zy_rows=zy,
    )


def fixed_effects_bias(path: float, periods: int) -> float:
    """Return by how much demeaning each school pulls the path of a stage on itself, with endless schools.

    Parameters
    ----------
    path : float
        ρ in y_t = μ_j + ρ y_(t−1) + e, with |ρ| < 1.
    periods : int
        Steps from wave to wave, T: one less than waves.

    Returns
    -------
    float
        plim ρ̂ − ρ; NaN for |ρ| ≥ 1 or fewer than two periods.

    Notes
    -----
    Nickell (1981), equation 18, without other causes: −(1 + ρ)/(T − 1) · A / (1 − 2ρA/((1 − ρ)(T − 1))), with
    A = 1 − (1 − ρ^T)/(T(1 − ρ)). With two periods it is −(1 + ρ)/2.
    """
    rho, T = path, periods
    if not -1 < rho < 1 or T < 2:
        return float("nan")
    A = 1 - (1 - rho**T) / (T * (1 - rho))
    return -(1 + rho) / (T - 1) * A / (1 - 2 * rho * A / ((1 - rho) * (T - 1)))
