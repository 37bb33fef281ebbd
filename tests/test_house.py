"""The house itself: what importing loads, what the door shows, and that names do not hide each other."""

from __future__ import annotations

import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import internal_coherence as ic

ROOT = Path(__file__).parents[1]
HEAVY = (
    "scipy.stats",
    "sklearn",
    "statsmodels",
    "pingouin",
    "seaborn",
    "factor_analyzer",
    "matplotlib",
    "jinja2",
    "networkx",
)


def test_importing_loads_no_heavy_library_and_prints_nothing():
    code = f"import sys, internal_coherence; sys.exit(str([m for m in {HEAVY!r} if m in sys.modules] or ''))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == ""
    assert done.stdout == ""


def test_the_door_shows_what_it_names():
    assert sorted(ic.__all__) == ic.__all__
    for name in ic.__all__:
        assert inspect.getdoc(getattr(ic, name)), name


def test_no_verb_hides_a_room_or_a_file():
    package = ROOT / "internal_coherence"
    files = {path.stem for path in package.rglob("*.py")} | {path.name for path in package.iterdir() if path.is_dir()}
    verbs = {name for name in ic.__all__ if inspect.isfunction(getattr(ic, name))}
    assert not verbs & files


def test_errors_are_one_tree_of_value_errors():
    for error in (ic.InstrumentError, ic.ResponseError, ic.ModelError, ic.DisclosureError):
        assert issubclass(error, ic.CoherenceError)
        assert issubclass(error, ValueError)


def test_version_is_the_declared_one():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert ic.__version__ == declared


@pytest.mark.parametrize("package", ["statsmodels.api", "factor_analyzer", "networkx"])
def test_declared_dependencies_import_at_the_versions_installed(package):
    done = subprocess.run([sys.executable, "-c", f"import {package}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
