"""A fitted model as files: what is in them, what is not, and, where R is there, that lavaan finds the same."""

from __future__ import annotations

import re
import shutil
import subprocess
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from semopy.examples import holzinger39

import internal_coherence as ic
from internal_coherence.latent.exported_scripts import plain_names
from internal_coherence.latent.exporting import export_model

M3 = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
MIMIC = f"{M3}\nvisual ~ a*sex + ageyr\ntextual ~ sex + b*visual\nindirect := a*b"
TEAMS = "ldr =~ ldr_1 + ldr_2 + ldr_3 + ldr_4\nsup =~ tsu_1 + tsu_2 + tsu_3 + tsu_4"


@cache
def has_lavaan() -> bool:
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(lavaan)"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def lavaan():
    if not has_lavaan():
        pytest.skip("needs R with lavaan")

    def run(folder: Path) -> dict[str, float]:
        done = subprocess.run(["Rscript", "model.R"], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found = re.findall(r"(?:Largest difference of|Parameters of ours that) ([a-z ]+): *(\S+)", done.stdout)
        return {name: np.nan if value == "NA" else float(value) for name, value in found}

    return run


def holzinger() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return holzinger39.get_data().assign(w=rng.uniform(0.5, 2, 301))


def with_gaps() -> pd.DataFrame:
    rng, frame = np.random.default_rng(2), holzinger()
    for name in ("x1", "x5", "x9"):
        frame.loc[rng.random(301) < 0.15, name] = np.nan
    return frame


def schools(**options):
    return ic.cfa(ic.simulate_responses(n_schools=120, teachers=10, rng=1), TEAMS, **options)


FITS = {
    "ML": lambda: ic.cfa(holzinger(), M3),
    "wishart": lambda: ic.cfa(holzinger(), M3, likelihood="wishart"),
    "MLR": lambda: ic.cfa(holzinger(), M3, estimator="MLR"),
    "MLR, expected": lambda: ic.cfa(holzinger(), M3, estimator="MLR", information="expected"),
    "MLMV": lambda: ic.cfa(holzinger(), M3, estimator="MLMV"),
    "ULSM": lambda: ic.cfa(holzinger(), M3, estimator="ULSM"),
    "WLS": lambda: ic.cfa(holzinger(), M3, estimator="WLS"),
    "no tests": lambda: ic.cfa(holzinger(), M3, se="none", test="none"),
    "groups": lambda: ic.cfa(holzinger(), M3, group="school", group_equal=("loadings", "intercepts"), estimator="MLR"),
    "fiml": lambda: ic.cfa(with_gaps(), M3, missing="fiml", estimator="MLR"),
    "auxiliary": lambda: ic.cfa(with_gaps(), M3.rsplit("\n", 1)[0], missing="fiml", auxiliary=["x7", "x9"]),
    "pairwise": lambda: ic.cfa(with_gaps(), M3, missing="pairwise"),
    "weights": lambda: ic.cfa(holzinger(), M3, sampling_weights="w"),
    "schools": schools,
    "schools, Satorra-Bentler": lambda: schools(test="satorra.bentler"),
    "covariates": lambda: ic.sem(holzinger(), MIMIC),
    "free covariates": lambda: ic.sem(holzinger(), MIMIC, fixed_x=False),
    "bounds": lambda: ic.cfa(holzinger(), M3, bounds="pos_var"),
    "odd names": lambda: ic.cfa(
        holzinger().rename(columns={"x1": "item 1", "x2": "NA"}), M3.replace("x1 + x2", "'item 1' + 'NA'")
    ),
}


@pytest.mark.parametrize("name", FITS)
def test_lavaan_finds_what_we_found(name, tmp_path, lavaan):
    export_model(FITS[name](), tmp_path)
    found = lavaan(tmp_path)
    assert found.pop("lavaan does not have") == 0
    assert found["estimates"] < 2e-5  # lavaan's optimiser stops there
    if name != "no tests":
        assert found["standard errors"] < 2e-5
    assert found["fit measures"] < 1e-5


@pytest.mark.parametrize("name", ["ML", "covariates"])
def test_covariances_are_enough_for_plain_likelihood(name, tmp_path, lavaan):
    export = export_model(FITS[name](), tmp_path, data="moments")
    assert "data.csv" not in export.files
    assert max(lavaan(tmp_path).values()) < 2e-5


def test_moments_of_several_groups(tmp_path, lavaan):
    fit = ic.cfa(holzinger(), M3, group="school", group_equal="loadings")
    assert {"moments_1.csv", "moments_2.csv"} <= set(export_model(fit, tmp_path, data="moments").files)
    assert max(lavaan(tmp_path).values()) < 2e-5


def test_a_wrong_number_of_ours_would_be_seen(tmp_path, lavaan):
    export_model(FITS["ML"](), tmp_path)
    ours = pd.read_csv(tmp_path / "ours_estimates.csv")
    ours.loc[1, "est"] += 0.01
    ours.to_csv(tmp_path / "ours_estimates.csv", index=False)
    assert lavaan(tmp_path)["estimates"] == pytest.approx(0.01, rel=1e-3)


def test_the_data_file_holds_the_rows_that_were_analysed_and_no_more(tmp_path):
    frame = with_gaps()
    fit = quietly(lambda: ic.cfa(frame, M3, group="school"))
    export = export_model(fit, tmp_path)
    written = pd.read_csv(tmp_path / "data.csv")
    complete = frame.dropna(subset=list(fit.observed))
    assert list(written.columns) == [*fit.observed, "group"]
    assert len(written) == fit.n == len(complete)
    by_group = [complete.loc[complete["school"] == label, list(fit.observed)] for label in fit.groups]
    assert np.array_equal(written[list(fit.observed)].to_numpy(), pd.concat(by_group).to_numpy())  # to the last digit
    assert list(written["group"].unique()) == list(fit.groups)
    assert repr(export) == (
        f"<ModelExport for lavaan in {tmp_path}: README.txt, data.csv, model.lav, model.R, ours_estimates.csv, ours_fit.csv;"
        f" answers of {fit.n} rows>"
    )


def test_schools_are_numbers_and_the_folder_says_what_it_holds(tmp_path):
    responses = ic.simulate_responses(n_schools=120, teachers=10, rng=1)
    export_model(ic.cfa(responses, TEAMS), tmp_path)
    written = pd.read_csv(tmp_path / "data.csv")
    assert sorted(written["school"].unique()) == list(range(1, 121))
    readme = (tmp_path / "README.txt").read_text()
    assert "PRIVACY. data.csv holds single teachers' answers" in readme
    assert "with a number for each school" in readme
    names = {str(name) for name in responses.school.unique()} | {str(name) for name in responses.teacher}
    everything = "\n".join(path.read_text() for path in tmp_path.iterdir() if path.name != "data.csv")
    assert not any(re.search(rf"\b{re.escape(name)}\b", everything) for name in names if not name.isdigit())
    assert "school" not in written.drop(columns="school").columns


def test_covariances_hold_no_answers_and_say_so(tmp_path):
    fit = FITS["ML"]()
    assert "covariances, no answers" in repr(export_model(fit, tmp_path, data="moments"))
    assert "no single teacher's answers" in (tmp_path / "README.txt").read_text()
    table = pd.read_csv(tmp_path / "moments_1.csv", index_col=0)
    frame = holzinger()[list(fit.observed)]
    assert np.allclose(table.loc[list(fit.observed)], frame.cov(), rtol=1e-12)
    assert np.allclose(table.loc["mean of each"], frame.mean(), rtol=1e-12)


def test_the_script_has_every_option(tmp_path):
    fit = FITS["groups"]()
    export_model(fit, tmp_path)
    script = (tmp_path / "model.R").read_text()
    for option in (
        'group = "group"',
        'group.label = c("Pasteur", "Grant-White")',
        'missing = "listwise"',
        'estimator = "ML"',
        'se = "robust.huber.white"',
        'test = "yuan.bentler.mplus"',
        'information = "observed"',
        "meanstructure = TRUE",
        "fixed.x = FALSE",
    ):
        assert f"  {option}" in script
    model = (tmp_path / "model.lav").read_text()
    table = ic.ParTable.from_syntax(model, auto=False, groups=fit.groups, meanstructure=True)
    assert table.n_free == fit.table.n_free == 63
    assert len(table.equal_pairs) == len(fit.table.equal_pairs) == 15


def test_our_results_are_there_unrounded(tmp_path):
    fit = FITS["MLR"]()
    export_model(fit, tmp_path)
    ours = pd.read_csv(tmp_path / "ours_estimates.csv", dtype=str)
    assert np.array_equal(ours["est"].map(float), fit.parameter_estimates()["est"])
    measures = pd.read_csv(tmp_path / "ours_fit.csv", dtype=str).set_index("measure")["ours"]
    assert float(measures["chisq.scaling.factor"]) == fit.fit_measures()["chisq_scaling_factor"]


def test_nothing_is_overwritten_unasked(tmp_path):
    fit = FITS["ML"]()
    (tmp_path / "model.R").write_text("mine")
    with pytest.raises(ic.ModelError, match=r"has 'model.R' already; pass overwrite=True"):
        export_model(fit, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"model.R"}
    export_model(fit, tmp_path, overwrite=True)
    assert (tmp_path / "model.R").read_text().startswith("# Fits the model")
    with pytest.raises(ic.ModelError, match="is a file; name a folder"):
        export_model(fit, tmp_path / "model.R")


def test_a_folder_is_made(tmp_path):
    assert export_model(FITS["ML"](), tmp_path / "for" / "you").n == 301
    assert (tmp_path / "for" / "you" / "model.R").exists()


@pytest.mark.parametrize("name", ["MLR", "WLS", "fiml", "weights", "schools"])
def test_covariances_are_refused_where_they_are_not_enough(name, tmp_path):
    with pytest.raises(ic.ModelError, match=r"needs the answers themselves; data='moments' is not enough"):
        export_model(FITS[name](), tmp_path, data="moments")
    assert not list(tmp_path.iterdir())


def test_fits_of_moments_have_no_rows_to_write(tmp_path):
    frame = holzinger()[[f"x{k}" for k in range(1, 10)]]
    export = export_model(ic.cfa(ic.Moments.from_data(frame), M3), tmp_path)
    assert export.data == "moments"
    assert list(export.to_frame()["file"]) == list(export.files)
    assert export_model(FITS["pairwise"](), tmp_path, overwrite=True).data == "moments"


def test_names_that_lavaan_can_not_read_are_changed_and_told(tmp_path):
    export_model(FITS["odd names"](), tmp_path)
    assert list(pd.read_csv(tmp_path / "data.csv", na_values=[]).columns[:2]) == ["item_1", "NA_"]
    assert "  item_1: item 1" in (tmp_path / "README.txt").read_text()
    table = ic.ParTable.from_syntax("f =~ 'a b' + 'a-b' + a_b + '1' + 'é'")
    assert plain_names(table) == {"a b": "a_b_2", "a-b": "a_b_3", "a_b": "a_b", "1": "v1", "é": "v", "f": "f"}


def test_a_column_never_hides_a_variable(tmp_path):
    frame = holzinger().rename(columns={"x1": "Group", "school": "where"})
    export_model(ic.cfa(frame, M3.replace("x1", "Group"), group="where"), tmp_path)
    assert "group2" in pd.read_csv(tmp_path / "data.csv").columns


def test_a_fit_that_did_not_converge_has_no_results_of_ours(tmp_path):
    lost = replace(FITS["ML"](), converged=False, trouble="the steps led nowhere", _judged=None)
    export_model(lost, tmp_path)
    assert pd.read_csv(tmp_path / "ours_estimates.csv")["est"].isna().all()
    assert pd.read_csv(tmp_path / "ours_fit.csv")["ours"].isna().all()
    assert "did not converge here (the steps led nowhere)" in (tmp_path / "README.txt").read_text()


# Mplus


def test_mplus_input_names_columns_groups_schools_and_weights(tmp_path):
    frame = holzinger().assign(place=np.arange(301) % 60)
    fit = quietly(lambda: ic.cfa(frame, M3, group="school", cluster="place", sampling_weights="w"))
    export_model(fit, tmp_path, "mplus")
    text = (tmp_path / "model.inp").read_text()
    for line in (
        "DATA: FILE = data.dat;",
        "  NAMES = x1 x2 x3 x4 x5 x6 x7 x8 x9 group school weight;",
        "  USEVARIABLES = x1 x2 x3 x4 x5 x6 x7 x8 x9;",
        "  GROUPING = group (1 = Pasteur 2 = Grant_Wh);",
        "  CLUSTER = school;",
        "  WEIGHT = weight;",
        "  TYPE = COMPLEX;",
        "  ESTIMATOR = MLR;",
        "MODEL Grant_Wh:",
    ):
        assert line in text.splitlines()
    rows = np.loadtxt(tmp_path / "data.dat")
    assert rows.shape == (301, 12)
    assert set(rows[:, 9]) == {1, 2}
    assert rows[:, 10].max() == 60
    assert max(map(len, text.splitlines())) <= 90
    assert "data.dat holds single teachers' answers" in (tmp_path / "README.txt").read_text()


def test_mplus_has_codes_for_missing_answers_and_moments(tmp_path):
    fit = FITS["fiml"]()
    export_model(fit, tmp_path / "fiml", "mplus")
    text = (tmp_path / "fiml" / "model.inp").read_text()
    assert "  MISSING = ALL (-99999);" in text.splitlines()
    assert "  INFORMATION = OBSERVED;" in text.splitlines()
    rows = np.loadtxt(tmp_path / "fiml" / "data.dat")
    assert (rows == -99999).sum() == with_gaps()[list(fit.observed)].isna().to_numpy().sum()
    export_model(FITS["ML"](), tmp_path / "moments", "mplus", data="moments")
    text = (tmp_path / "moments" / "model.inp").read_text()
    assert "  TYPE = MEANS COVARIANCE;" in text.splitlines()
    assert "  NOBSERVATIONS = 301;" in text.splitlines()
    lines = (tmp_path / "moments" / "data.dat").read_text().splitlines()
    assert [len(line.split()) for line in lines] == [9, *range(1, 10)]


def test_what_mplus_does_not_have_is_refused(tmp_path):
    for name, why in (("ULSM", "Mplus has no 'ULSM'"), ("wishart", "divides covariances by n")):
        with pytest.raises(ic.ModelError, match=why):
            export_model(FITS[name](), tmp_path, "mplus")
    grouped = ic.cfa(holzinger(), M3, group="school")
    with pytest.raises(ic.ModelError, match="moments of several groups are written for lavaan only"):
        export_model(grouped, tmp_path, "mplus", data="moments")
    coded = holzinger().assign(x1=lambda d: d["x1"].where(d.index != d.index[0], -99999.0))
    with pytest.raises(ic.ModelError, match="-99999 is an answer in these data"):
        export_model(quietly(lambda: ic.cfa(coded, M3)), tmp_path, "mplus")
    with pytest.raises(ic.ModelError, match="software='Mplus' is not one of"):
        export_model(FITS["ML"](), tmp_path, "Mplus")
    assert not list(tmp_path.iterdir())


def quietly(make):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ic.CoherenceWarning)
        return make()
