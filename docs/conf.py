"""How Sphinx builds the site: `make docs`."""

from __future__ import annotations

import inspect
import posixpath
import re
import tomllib
from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.highlighting import lexers
from sphinx.util.inspect import stringify_signature

from airflow_provider_activation import __version__

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TOLD_TO_BASES = {"arguments", "template_fields", "ignored_arguments", "takes_simulated_ids", "model_config"}
NOT_SEARCHED = {"architecture", "changelog"}
LINK = re.compile(r"(?<=\]\()(\.\./[^)#\s]+)")

project = PROJECT["name"]
author = PROJECT["authors"][0]["name"]
copyright = author
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]
suppress_warnings = ["myst.header"]

myst_heading_anchors = 4
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "show-inheritance": True, "exclude-members": "__init__"}
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
        if path.startswith("docs/") or (path.startswith("example_dags/") and path.endswith(".py")):
            return found[1]  # a page, or a file that the site has too
        kind = "tree" if (ROOT / path).is_dir() else "blob"
        return f"{PROJECT['urls']['Source']}/{kind}/main/{path}"

    text[0] = LINK.sub(target, text[0])


def sign_tasks(app: Sphinx, what: str, name: str, found: Any, *rest: Any) -> tuple[str, None] | None:
    """Show the arguments of a task's class, which its class of classes hides."""
    if what != "class" or not issubclass(found, BaseOperator):
        return None
    signature = inspect.signature(found.__init__)
    _, *arguments = signature.parameters.values()
    shown = signature.replace(parameters=arguments, return_annotation=inspect.Signature.empty)
    return stringify_signature(shown, unqualified_typehints=True), None


def leave_out(app: Sphinx, what: str, name: str, found: Any, skip: bool, options: Any) -> bool | None:
    """Leave out what tasks tell their bases by attributes: it is for who writes an operator."""
    return True if name in TOLD_TO_BASES else None


def leave_out_of_search(app: Sphinx, doctree: Any) -> None:
    """Let pages for users come before what tells of the package's making."""
    if app.env.docname in NOT_SEARCHED:
        app.env.metadata[app.env.docname]["nosearch"] = True


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", leave_out_of_search)
    app.connect("autodoc-process-signature", sign_tasks)
    app.connect("autodoc-skip-member", leave_out)
    app.connect("source-read", link_the_repository)
