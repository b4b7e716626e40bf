"""Writes the tables of ``docs/reliability.md``: of each action whose a resource is, and of the errors.

Run by ``make coverage``. `make test` fails when a table and the code do not agree.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from made_parts import with_part

from airflow_provider_activation import errors as every_error
from airflow_provider_activation.actions import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.actions.base import Action
from airflow_provider_activation.actions.items import ItemsAction
from airflow_provider_activation.errors import ActivationError, PartialFailure

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- from the actions: make coverage -->\n", "<!-- end -->\n"
BEGIN_ERRORS, END_ERRORS = "<!-- from the errors: make coverage -->\n", "<!-- end of errors -->\n"

SERVICES = {
    "LiveRamp": liveramp,
    "Acoustic": acoustic_exchange,
    "Delta": delta_projects,
    "Dataddo": dataddo,
}
COLUMNS = (
    *("resource", "what identifies it", "two tasks at once", "the service changes texts"),
    *("the response was lost, or was 202", "no state store", "a deleted run is created again"),
)
KEYED = "found by the key; uncertain if the key is cut off"
WITHOUT_STORE = "the same, once a minute has passed since the try began"
BESIDE_EQUAL = f"{WITHOUT_STORE}; uncertain beside an equal one without a key"
OLD_RUN = "its own; without a store that of the deleted run"
ANSWERS: dict[str, tuple[str, ...]] = {
    "key": ("each gets its own", KEYED, "found; sent again if it is not there", BESIDE_EQUAL, OLD_RUN),
    "name": (
        "each gets its own, or both the same; later ones take the same, and a warning says which to delete",
        "case, blanks and spelling do not matter; uncertain if one under another text may be it",
        "found; sent again if it is not there",
        WITHOUT_STORE,
        "the same one",
    ),
    "credentials": (
        "each gets its own; with the same credentials both may get the same one",
        KEYED,
        "found; sent again if it is not there",
        BESIDE_EQUAL,
        "the same one",
    ),
    "place": (
        "one of them creates it",
        "does not matter",
        "found, or sent again",
        "the same",
        "takes what is there",
    ),
    "id": (
        "uncertain if a response is lost",
        "does not matter",
        "uncertain; `adopt` takes the only new one",
        "uncertain after any failed first try",
        "its own",
    ),
    "none": (
        "each asks a person",
        "does not matter",
        "begun again; the earlier attempt creates nothing",
        "a person may be asked again",
        "asks again",
    ),
}
UNPROVEN = "found, or uncertain, because a missing entry in the list proves nothing"


def table() -> str:
    """The table in Markdown."""
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *_rows()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _rows() -> Iterator[tuple[str, ...]]:
    for service, module in SERVICES.items():
        for name, kind in inspect.getmembers(module, inspect.isclass):
            is_ours = kind.__module__ == module.__name__ and not name.startswith("_")
            if is_ours and issubclass(kind, Action | ItemsAction) and hasattr(kind, "noun"):
                two, texts, lost, stateless, again = ANSWERS[kind.told_by]
                if kind.told_by == "key" and not getattr(kind, "proves_absence", True):
                    lost, stateless = UNPROVEN, "the same, and after any failed first try"
                yield f"{service} {kind.noun}", kind.identity, two, texts, lost, stateless, again


def errors() -> str:
    """The table of errors: what each says, and whether another try helps."""
    lines = ["| error | what it says | tried again | what to do |", "|---|---|---|---|"]
    for kind in vars(every_error).values():
        if inspect.isclass(kind) and issubclass(kind, ActivationError) and kind is not ActivationError:
            says = " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split()).replace("``", "`")
            again = {False: "no", True: "yes"}[kind.retry_helps]
            again = "where something is left to do" if kind is PartialFailure else again
            lines.append(f"| `{kind.__name__}` | {says} | {again} | {kind.advice} |")
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """The page with the tables as they should be."""
    return with_part(with_part(text, BEGIN, END, table()), BEGIN_ERRORS, END_ERRORS, errors())


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
