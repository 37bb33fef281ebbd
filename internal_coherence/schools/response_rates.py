"""How many of those asked have answered."""

from __future__ import annotations

import numpy as np
import pandas as pd

from internal_coherence.responses import Responses


def response_rates(responses: Responses) -> pd.DataFrame:
    """Return for each school of one wave how many answered and how many were asked.

    Parameters
    ----------
    responses : Responses
        Of one wave.

    Returns
    -------
    DataFrame
        Index ``school``; columns ``n`` (answered), ``n_roster`` and ``response_rate``, NaN where the roster does not say.
    """
    answered = responses.school.value_counts().reindex(list(responses.schools))
    table = pd.DataFrame({"n": answered, "n_roster": np.nan})
    table.index = pd.Index(list(responses.schools), name="school", dtype=object)
    roster = responses.roster
    if roster is not None:
        if responses.waves and roster["wave"].notna().any():
            roster = roster[roster["wave"] == responses.waves[0]]
        asked = roster.set_index("school")["teachers"].astype(float)
        table["n_roster"] = asked.reindex(table.index).to_numpy()
    table["response_rate"] = table["n"] / table["n_roster"]
    return table
