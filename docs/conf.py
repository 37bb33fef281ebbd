"""How the documentation is built: ``sphinx-build -b html docs docs/_build``. Nothing here needs the network."""

from pathlib import Path

import internal_coherence as ic

HERE = Path(__file__).parent

project = "internal_coherence"
author = "The internal_coherence developers"
release = version = ic.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
]
exclude_patterns = ["_build", "jupyter_execute", "**.ipynb_checkpoints"]
templates_path = ["_templates"]
default_role = "py:obj"

html_theme = "furo"
html_title = "internal_coherence"
html_static_path = ["_static"]
html_css_files = ["pages.css"]

myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 180


def copy_notebooks() -> None:
    """Put the tutorials, which live in the folder ``notebooks``, where Sphinx finds them, and turn their links."""
    for notebook in sorted((HERE.parent / "notebooks").glob("*.ipynb")):
        text = notebook.read_text(encoding="utf-8").replace("](../docs/", "](../")
        (HERE / "tutorials" / notebook.name).write_text(text, encoding="utf-8")


copy_notebooks()
