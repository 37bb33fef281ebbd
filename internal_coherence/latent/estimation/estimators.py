"""What the names of estimators mean, as lavaan has them: a discrepancy, standard errors, and a test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from internal_coherence.errors import ModelError, check_option, listing

Discrepancy = Literal["ML", "GLS", "ULS", "WLS", "DWLS"]
StandardErrors = Literal["standard", "robust.sem", "robust.huber.white", "robust.cluster", "first.order", "none"]
TestName = Literal["standard", "satorra.bentler", "mean.var.adjusted", "scaled.shifted", "yuan.bentler.mplus", "none"]
Information = Literal["expected", "observed", "first.order"]
ORDERED: Final = ("WLSM", "WLSMV", "WLSMVS", "PML")
COMPLETE_TESTS: Final = ("satorra.bentler", "scaled.shifted", "mean.var.adjusted")
CLUSTERED_ERRORS: Final = ("robust.cluster", "none")
CLUSTERED_TESTS: Final = ("yuan.bentler.mplus", "satorra.bentler", "standard", "none")
"""What there is where schools are known."""
STANDARD_ERRORS: Final[tuple[str, ...]] = get_args(StandardErrors)
TESTS: Final[tuple[str, ...]] = get_args(TestName)
INFORMATION: Final[tuple[str, ...]] = get_args(Information)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimator:
    """How a model is estimated and judged.

    Parameters
    ----------
    name : str
        As it was asked for.
    discrepancy : {"ML", "GLS", "ULS", "WLS", "DWLS"}
        What is made small.
    se : str
        How standard errors are made.
    test : str
        Which test statistic goes beside the standard one.
    information : {"expected", "observed", "first.order"}
        Which curvature standard errors rest on.
    wishart : bool
        Whether covariances have the divisor n − 1, and χ² the factor n − 1.
    """

    name: str
    discrepancy: Discrepancy
    se: StandardErrors
    test: TestName
    information: Information
    wishart: bool = False

    @property
    def robust(self) -> bool:
        """Whether there is a robust test beside the standard one."""
        return self.test not in ("standard", "none")


KNOWN: Final = {
    e.name: e
    for e in (
        Estimator(name="ML", discrepancy="ML", se="standard", test="standard", information="expected"),
        Estimator(name="MLM", discrepancy="ML", se="robust.sem", test="satorra.bentler", information="expected"),
        Estimator(name="MLMV", discrepancy="ML", se="robust.sem", test="scaled.shifted", information="expected"),
        Estimator(name="MLMVS", discrepancy="ML", se="robust.sem", test="mean.var.adjusted", information="expected"),
        Estimator(
            name="MLR", discrepancy="ML", se="robust.huber.white", test="yuan.bentler.mplus", information="observed"
        ),
        Estimator(name="MLF", discrepancy="ML", se="first.order", test="standard", information="first.order"),
        Estimator(name="GLS", discrepancy="GLS", se="standard", test="standard", information="expected"),
        Estimator(name="ULS", discrepancy="ULS", se="standard", test="standard", information="expected"),
        Estimator(name="ULSM", discrepancy="ULS", se="robust.sem", test="satorra.bentler", information="expected"),
        Estimator(name="ULSMV", discrepancy="ULS", se="robust.sem", test="scaled.shifted", information="expected"),
        Estimator(name="ULSMVS", discrepancy="ULS", se="robust.sem", test="mean.var.adjusted", information="expected"),
        Estimator(name="WLS", discrepancy="WLS", se="standard", test="standard", information="expected"),
        Estimator(name="DWLS", discrepancy="DWLS", se="standard", test="standard", information="expected"),
    )
}


def estimator_of(
    name: str,
    *,
    se: str | None,
    test: str | None,
    information: str | None,
    likelihood: str,
    fiml: bool,
    clustered: bool,
    weighted: bool = False,
) -> Estimator:
    """Return what an estimator's name and the other options mean together.

    Parameters
    ----------
    name : str
        For instance ``"MLR"``.
    se, test, information : str, optional
        In place of what the name stands for.
    likelihood : {"normal", "wishart"}
        Divisor n, or n − 1.
    fiml : bool
        Whether answers are missing and all rows are used.
    clustered : bool
        Whether the rows' schools are given.
    weighted : bool
        Whether rows have sampling weights, under which only a sandwich is right.

    Returns
    -------
    Estimator

    Raises
    ------
    ModelError
        For what does not exist, or does not go together.
    """
    if name in ORDERED:
        msg = f"estimator={name!r} is for ordered items, which are not there yet; 'MLR' treats answers as numbers, robustly"
        raise ModelError(msg)
    check_option("estimator", name, list(KNOWN))
    check_option("likelihood", likelihood, ("normal", "wishart"))
    found = KNOWN[name]
    if fiml:
        if found.discrepancy != "ML" or name in ("MLM", "MLMV", "MLMVS"):
            raise ModelError(f"missing='fiml' goes with estimator 'ML', 'MLR' or 'MLF', not {name!r}")
        if found.information == "expected":
            found = replace(found, information="observed")
    if weighted:
        if name not in ("ML", "MLR"):
            raise ModelError(f"sampling_weights= goes with estimator 'ML' or 'MLR', not {name!r}")
        found = replace(KNOWN["MLR"], name=name)
    if clustered:
        _refuse_with_schools(found, se, test)
        found = replace(found, se="robust.cluster", test="yuan.bentler.mplus", information="observed")
    elif se == "robust.cluster":
        raise ModelError("se='robust.cluster' needs the rows' schools; pass cluster=")
    if likelihood == "wishart":
        if found.discrepancy != "ML" or found.robust or fiml:
            raise ModelError("likelihood='wishart' goes with estimator='ML' and complete data")
        found = replace(found, wishart=True)
    for option, value, allowed in (
        ("se", se, STANDARD_ERRORS),
        ("test", test, TESTS),
        ("information", information, INFORMATION),
    ):
        if value is not None:
            check_option(option, value, allowed)
            found = replace(found, **{option: value})  # type: ignore[arg-type]  # checked in the line above
    if fiml and (found.se == "robust.sem" or found.test in COMPLETE_TESTS):
        what = f"se={found.se!r}" if found.se == "robust.sem" else f"test={found.test!r}"
        raise ModelError(f"{what} is for complete answers; under missing='fiml' take estimator='MLR'")
    if weighted and found.test in ("scaled.shifted", "mean.var.adjusted"):
        raise ModelError(
            f"test={found.test!r} knows no sampling weights; 'yuan.bentler.mplus' and 'satorra.bentler' do"
        )
    if found.discrepancy != "ML":
        _refuse_likelihoods(name, found, information)
    # These errors have an information of their own.
    if information is None and se in ("first.order", "robust.huber.white") and found.discrepancy == "ML":
        found = replace(found, information="first.order" if se == "first.order" else "observed")
    return found


def _refuse_likelihoods(name: str, found: Estimator, information: str | None) -> None:
    """Refuse what is of a likelihood, for a discrepancy that is none."""
    for option, value, wrong in (
        ("se", found.se, ("robust.huber.white", "first.order")),
        ("test", found.test, ("yuan.bentler.mplus",)),
        ("information", information, ("observed", "first.order")),
    ):
        if value in wrong:
            raise ModelError(f"{option}={value!r} is of a likelihood, which estimator={name!r} has not")


def _refuse_with_schools(found: Estimator, se: str | None, test: str | None) -> None:
    """Refuse what knows nothing of schools, where they are given."""
    if found.discrepancy != "ML" or found.name in ("MLM", "MLMV", "MLMVS", "MLF"):
        raise ModelError(f"cluster= goes with estimator 'ML' or 'MLR', not {found.name!r}")
    for option, value, allowed in (("se", se, CLUSTERED_ERRORS), ("test", test, CLUSTERED_TESTS)):
        if value is not None and value not in allowed:
            raise ModelError(f"{option}={value!r} takes rows as independent; with cluster= there is {listing(allowed)}")
