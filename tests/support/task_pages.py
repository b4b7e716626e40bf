"""Writes into the pages of services, and into docs/tasks.md, what each operator, sensor and trigger takes.

Run by ``make coverage``. `make test` fails when a page and the docstrings do not agree.
"""

from __future__ import annotations

import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from made_parts import with_part
from provided_classes import public_classes

from airflow_provider_activation.get_provider_info import CONNECTION_TYPES, get_provider_info
from airflow_provider_activation.operators import base as operators
from airflow_provider_activation.sensors.base import ActivationSensor
from airflow_provider_activation.triggers.events import ActivationEventTrigger

DOCS = Path(__file__).resolve().parents[2] / "docs"
PACKAGE = "airflow_provider_activation"
BEGIN = "<!-- tasks: begin, written by make coverage -->\n"
END = "<!-- tasks: end -->\n"
TASKS = DOCS / "tasks.md"
AUDIENCES = "audience"
SHARED = (
    operators.ActivationOperator,
    operators.ActionOperator,
    operators.DeleteOperator,
    operators.SubmitOperator,
    operators.SubmitAndWaitOperator,
    ActivationSensor,
)
"""The bases whose arguments docs/tasks.md describes once, for all who have them."""
LONGEST_LINE = 110
"""As `make lint` has it, which reads the code in pages too."""
FIELD = re.compile(r"^:(param|raises) (\w+): (.*?)(?=^:|\Z)", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"^\.\. code-block:: python\n\n((?: {4}.*\n|\n)+)", re.MULTILINE)


class Argument(NamedTuple):
    """An argument as a table shows it; `default` is empty if it must be given."""

    name: str
    default: str
    meaning: str

    def row(self) -> str:
        needed = "" if self.default else "**required**"
        return f"| `{self.name}` | {needed or self.default} | {self.meaning.replace('|', chr(92) + '|')} |"


def pages() -> dict[Path, str]:
    """The pages with what is made of the docstrings, each whole."""
    found = {TASKS: _with(TASKS, _tables() + _shared())}
    for connection in CONNECTION_TYPES:
        service = connection["connection-type"]
        page = page_of(service)
        found[page] = _with(page, "\n".join(_sections(service)))
    return found


def page_of(service: str) -> Path:
    """The page of a service, or the one where tasks with audiences are described."""
    return TASKS if service == AUDIENCES else DOCS / "services" / f"{service.replace('_', '-')}.md"


def _with(page: Path, made: str) -> str:
    return with_part(page.read_text(), BEGIN, END, f"\n{made}\n")


def tasks(service: str, kind: str) -> list[type]:
    """The operators or the sensors of a service, in the order of their modules."""
    room = f"{PACKAGE}.{kind}.{service}"
    return [found for found in public_classes() if f"{found.__module__}.".startswith(f"{room}.")]


def triggers(service: str) -> list[type]:
    """The event triggers of a service."""
    entries = get_provider_info()["triggers"]
    names = [name for entry in entries for name in entry["python-modules"] if name.endswith(f".{service}")]
    return [
        found
        for name in names
        for found in vars(importlib.import_module(name)).values()
        if inspect.isclass(found) and issubclass(found, ActivationEventTrigger) and found.__module__ == name
    ]


def _sections(service: str) -> Iterator[str]:
    for title, classes in (
        ("Operators", tasks(service, "operators")),
        ("Sensors", tasks(service, "sensors")),
        ("Triggers", triggers(service)),
    ):
        if classes:
            yield f"## {title}\n"
        yield from (_section(found) for found in classes)


def _section(kind: type) -> str:
    doc = inspect.getdoc(kind) or ""
    prose, returned, document = _prose(doc)
    parts = [f"### `{kind.__name__}`", *prose]
    if example := EXAMPLE.search(doc + "\n"):
        code = textwrap.dedent(example[1]).strip()
        parts.append(f"```python\n{_imports(kind, code)}\n\n{code}\n```")
    own, shared = _arguments(kind)
    parts.append("| argument | default | |\n|---|---|---|\n" + "\n".join(one.row() for one in own))
    if shared:
        names = ", ".join(f"`{one.name}`" for one in shared)
        parts.append(f"Also: {names} ([what many take](../tasks.md#arguments-that-many-tasks-take)).")
    if returned:
        outputs = getattr(kind, "outputs", ())
        keys = f" Separate XComs: {', '.join(f'`{name}`' for name in outputs)}." if outputs else ""
        parts.append(f"**Result.** {returned}{keys}")
    raised = [f"- `{name}`: {_inline(text)}" for field, name, text in FIELD.findall(doc) if field == "raises"]
    if raised:
        parts.append("**Errors of its own**\n\n" + "\n".join(raised))
    if document:
        parts.append(document)
    return "\n\n".join(parts) + "\n"


def _imports(kind: type, code: str) -> str:
    """The lines that the example of a docstring leaves out."""
    module, name = public_module(kind), kind.__name__
    line = f"from {module} import {name}"
    lines = [line if len(line) <= LONGEST_LINE else f"from {module} import (\n    {name},\n)"]
    if "timedelta(" in code:
        lines = ["from datetime import timedelta", "", *lines]
    return "\n".join(lines)


def public_module(kind: type) -> str:
    """Where users import a class from: the module or the package of its service."""
    return ".".join(kind.__module__.split(".")[:3])


def sentences(text: str) -> list[str]:
    """The sentences of a text's first paragraph."""
    return re.split(r"(?<=\.) (?=[A-Z`])", _inline(text.partition("\n\n")[0]))


def _prose(doc: str) -> tuple[list[str], str, str]:
    """The paragraphs of a docstring without its example and fields; what it returns; its document."""
    text = EXAMPLE.sub("\n", FIELD.sub("", doc + "\n"))
    paragraphs, returned, document = [], "", ""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if re.match(r"\s*[-*|+]", paragraph):
            paragraphs.append(paragraph)
            continue
        kept = []
        for sentence in sentences(paragraph):
            if sentence.startswith("Returns "):
                returned = f"{returned} {sentence}".strip()
            elif (document and not document.endswith(".")) or re.match(r"Documents?(,|:| )", sentence):
                document = f"{document} {sentence}".strip()
            else:
                kept.append(sentence)
        if kept:
            paragraphs.append(" ".join(kept))
    return paragraphs, returned, document


def _inline(text: str) -> str:
    """A text of a docstring on one line, in Markdown."""
    return re.sub(r"``(.+?)``", r"`\1`", " ".join(text.split()))


def _arguments(kind: type) -> tuple[list[Argument], list[Argument]]:
    """The arguments of its own, those that must be given in front; and those that many have."""
    ours = [base for base in kind.__mro__ if base.__module__.startswith(PACKAGE)]
    meanings: dict[str, str] = {}
    defaults: dict[str, Any] = {}
    shared: set[str] = set()
    for base in ours:
        for field, name, text in FIELD.findall(inspect.cleandoc(base.__doc__ or "")):
            if field == "param":
                if name not in meanings and base in SHARED:
                    shared.add(name)
                meanings.setdefault(name, _meaning(text))
        for name, default in _defaults(base).items():
            defaults.setdefault(name, default)
    ignored: frozenset[str] = getattr(kind, "ignored_arguments", frozenset()) - _defaults(kind).keys()
    every = [
        Argument(name, _default(name, default), meanings[name])
        for name, default in defaults.items()
        if name not in ignored and name in meanings
    ]
    every.sort(key=lambda one: (bool(one.default), one.name.endswith("_conn_id")))
    return [one for one in every if one.name not in shared], [one for one in every if one.name in shared]


def _defaults(base: type) -> dict[str, Any]:
    """The default of each argument that the class itself takes."""
    if "__init__" not in vars(base):
        return {}
    parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
    return {one.name: one.default for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}


def _meaning(text: str) -> str:
    """What is said of an argument. Nearly all are templated: docs/tasks.md names those that are not."""
    return re.sub(r" ?\(templated\)", "", _inline(text))


def _default(name: str, value: object) -> str:
    if value is inspect.Parameter.empty:
        return ""
    if name == "deferrable":
        return "Airflow's `default_deferrable`"
    if value is None:
        return "optional"
    if isinstance(value, timedelta):
        days = value / timedelta(days=1)
        return f"{days:g} day{'s' * (days != 1)}" if days >= 1 else f"{value.total_seconds():g} s"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value!r}`"


def _shared() -> str:
    """What docs/tasks.md says of the arguments that many tasks take."""
    rows: dict[str, list[str]] = {}
    for base in SHARED:
        for field, name, text in FIELD.findall(inspect.cleandoc(base.__doc__ or "")):
            meaning = _meaning(text)
            if field == "param" and not meaning.startswith("see `"):
                who = "sensors" if base is ActivationSensor else "operators"
                default = _default(name, _defaults(base).get(name, False))
                rows.setdefault(name, []).append(f"| `{name}` | {who} | {default} | {meaning} |")
    head = "## Arguments that many tasks take\n\n| argument | of | default | |\n|---|---|---|---|\n"
    return head + "\n".join(row for name in rows for row in rows[name]) + "\n"


def _tables() -> str:
    """A table of all operators, sensors and triggers for each service."""
    parts = []
    services = [(one["hook-name"], one["connection-type"]) for one in CONNECTION_TYPES]
    for title, service in (*services, ("Audiences", AUDIENCES)):
        parts.append(f"## {title}\n\n| | does | result |\n|---|---|---|")
        for found in (*tasks(service, "operators"), *tasks(service, "sensors"), *triggers(service)):
            prose, returned, _ = _prose(inspect.getdoc(found) or "")
            page = "" if page_of(service) == TASKS else page_of(service).relative_to(DOCS)
            link = f"[`{found.__name__}`]({page}#{found.__name__.lower()})"
            does = sentences(prose[0])[0].rstrip(".")
            result = sentences(returned.removeprefix("Returns "))[0].rstrip(".")
            parts.append(f"| {link} | {does} | {result} |")
        parts.append("")
        if service == AUDIENCES:
            parts += [_section(found).replace("../tasks.md#", "#") for found in tasks(service, "operators")]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
