"""`invariance`: from data, a model and groups or waves to the steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

import pandas as pd

from internal_coherence.errors import ModelError, check_level, check_option
from internal_coherence.latent.comparing import METHODS, Method
from internal_coherence.latent.equivalence.cutoffs import Cutoffs, check_cutoffs
from internal_coherence.latent.equivalence.designs import OverGroups, over_time
from internal_coherence.latent.equivalence.ladder import Rules, Until, climbed
from internal_coherence.latent.equivalence.record import Invariance
from internal_coherence.latent.equivalence.steps import USUAL, steps_of
from internal_coherence.latent.options import Options
from internal_coherence.latent.preparing import Column, Missing
from internal_coherence.latent.table.groups import Partial, released
from internal_coherence.responses import Responses

SEARCHES: Final = (None, *get_args(Until))


def invariance(
    data: pd.DataFrame | Responses,
    model: str | None = None,
    group: Column = None,
    *,
    wave: Column = None,
    person: Column = None,
    steps: Sequence[str] = USUAL,
    partial: Partial = (),
    search: Until | None = None,
    protect: Partial = (),
    cutoffs: str | Cutoffs = "chen",
    alpha: float = 0.05,
    method: Method = "auto",
    estimator: str = "ML",
    missing: Missing = "listwise",
    cluster: Column = None,
    sampling_weights: Column = None,
    std_lv: bool = False,
    orthogonal: bool = False,
    effect_coding: bool = False,
    information: str | None = None,
    se: str | None = None,
    test: str | None = None,
    bounds: str | None = None,
) -> Invariance:
    """Test whether a survey measures the same in several groups, or in the same teachers over time.

    Parameters
    ----------
    data : DataFrame or Responses
        Rows are teachers; for `wave`, teachers in waves.
    model : str, optional
        In lavaan's syntax; of `Responses` by default one factor a scale.
    group : str or array, optional
        A column, or one value a row: groups of different teachers. The first that occurs is what latent means are compared with.
    wave, person : str or array, optional
        In place of `group`: when each row was answered, and by whom. Of `Responses` with waves and teachers' ids ``wave="wave"``
        and ``person="teacher"``. Factors, and what each item has of its own, then covary over waves.
    steps : sequence of str
        Of ``"configural"``, ``"metric"`` (loadings equal), ``"scalar"`` (intercepts), ``"strict"`` (residual variances),
        ``"means"`` (of latent variables), or further kinds as `group_equal` of `cfa` has them. Each keeps what those before it hold
        equal.
    partial : str, or sequence of str or (str, str, str)
        Parameters that are free in all steps and groups: ``"trust =~ t2"``, ``"t2 ~ 1"``, ``"t2 ~~ t2"``.
    search : {"test", "indices"}, optional
        Where a step fails by the test of the difference, or by the indices, let go the parameter whose equality costs most by its
        score test (with a loading its item's intercept), in all groups at once, until the step holds, no score test rejects, or only
        two loadings, or intercepts, of a factor are equal. The unit of the latent variables is then their standard deviation in the
        first group, so that every loading is put to the test.
    protect : as `partial`
        Parameters that a search may not let go.
    cutoffs : {"chen", "cheung.rensvold", "meade", "rutkowski.svetina"} or Cutoffs
        By how much indices may worsen at a step. The CFI decides, and the others stand beside it: Chen (2007) supplements it by
        them, which lets more pass.
    alpha : float
        Level of the test of the difference of χ².
    method : {"auto", "standard", "satorra.bentler.2001", "satorra.bentler.2010", "satorra.2000"}
        How that difference is corrected; see `compare`.
    estimator, missing, sampling_weights, std_lv, orthogonal, effect_coding, information, se, test, bounds
        As in `cfa`.
    cluster : str or array, optional
        Each row's school; of `Responses` their own.

    Returns
    -------
    Invariance

    Raises
    ------
    ModelError
        If neither groups nor waves are given, or both; for steps, parameters or options that make no sense.
    ResponseError
        For data that do not have what is needed; waves without ids; a teacher twice in a wave.

    Warns
    -----
    ConvergenceWarning
        If a step finds no minimum; it is left out of the comparison, and stays in the table.

    Notes
    -----
    ``semTools::measurementInvariance``, or ``lavaan::cfa(group.equal = )`` step by step with ``lavTestLRT``. Steps: Meredith (1993).
    Score tests do not allow for schools or non-normal answers; what is let go is judged by the corrected difference all the same.
    A search capitalises on chance: say so, and try it on other data. Over waves: Little (2013).

    Examples
    --------
    >>> import internal_coherence as ic
    >>> district = ic.simulate_responses(n_schools=120, teachers=10, rng=1)
    >>> half = (district.school.str[-1].isin(list("02468"))).map({True: "even", False: "odd"})
    >>> model = "pub =~ pub_1 + pub_2 + pub_3 + pub_4"
    >>> found = ic.invariance(district, model, half, estimator="MLR", steps=("configural", "metric", "scalar"))
    >>> found.to_frame()["step"].tolist()
    ['configural', 'metric', 'scalar']
    """
    check_option("search", search, SEARCHES)
    check_option("method", method, METHODS)
    check_level(alpha)
    if (group is None) == (wave is None):
        raise ModelError(
            "invariance takes either group=, of different teachers, or wave= and person=, of the same ones"
        )
    if wave is None and person is not None:
        raise ModelError("invariance: person= links the same teachers over waves; give wave= too")
    if search is not None and effect_coding:
        raise ModelError(
            "invariance: a search gives latent variables the unit of the first group; leave out effect_coding=True"
        )
    taken = steps_of(steps)
    options = Options(
        kind="cfa",
        estimator=estimator,
        missing=missing,
        auxiliary=(),
        group=group,
        group_equal=(),
        group_partial=(),
        cluster=cluster,
        sampling_weights=sampling_weights,
        std_lv=std_lv or search is not None,
        orthogonal=orthogonal,
        effect_coding=effect_coding,
        meanstructure=True,
        fixed_x=True,
        information=information,
        se=se,
        test=test,
        likelihood="normal",
        bounds=bounds,
        insist=False,
    )
    check_cutoffs(cutoffs)
    rules = Rules(method=method, alpha=alpha, cutoffs=cutoffs, search=search, protected=released(protect))
    design = OverGroups.of(data, model, options) if wave is None else over_time(data, model, options, wave, person)
    return Invariance.of(climbed(design, taken, rules, sorted(released(partial))))
