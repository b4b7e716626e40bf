"""How Sphinx builds the site: `make docs`."""

from __future__ import annotations

import posixpath
import re
import tomllib
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.highlighting import lexers

from airflow_provider_activation import __version__

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LINK = re.compile(r"(?<=\]\()(\.\./[^)#\s]+)")

project = PROJECT["name"]
author = PROJECT["authors"][0]["name"]
copyright = author
release = version = __version__
release = re.search(r'__version__ = "(.+)"', (ROOT / "airflow_provider_activation/__init__.py").read_text())[
    1
]  # type: ignore[index]
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "reference/_*"]
suppress_warnings = ["myst.header"]
nitpicky = False

myst_heading_anchors = 4
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "show-inheritance": True, "exclude-members": "__init__"}
autosummary_generate = True
autosummary_ignore_module_all = False
autosummary_imported_members = True
add_module_names = False
default_role = "code"
maximum_signature_line_length = 88
lexers["csv"] = TextLexer()
copybutton_exclude = ".linenos, .gp"

html_theme = "furo"
html_title = "Audience activation for Airflow"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_baseurl = PROJECT["urls"]["Documentation"]
html_show_copyright = False
html_show_sphinx = False
html_theme_options = {
    "source_repository": PROJECT["urls"]["Source"],
    "source_branch": "main",
    "source_directory": "docs/",
}


def link_the_repository(app: Sphinx, page: str, text: list[str]) -> None:
    """Have links to files outside the site lead to the repository."""
    folder = posixpath.join("docs", posixpath.dirname(page))

    def target(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, found[1]))
        if path.startswith("docs/"):
            return found[1]
        kind = "tree" if (ROOT / path).is_dir() else "blob"
        return f"{PROJECT['urls']['Source']}/{kind}/main/{path}"

    text[0] = LINK.sub(target, text[0])


def setup(app: Sphinx) -> None:
    app.connect("source-read", link_the_repository)
