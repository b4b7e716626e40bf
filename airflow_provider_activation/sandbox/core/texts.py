"""What becomes of a client's texts: how services store names, and what a neighbour sends in their place."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_activation.sandbox.core.habits import Habit

_CHANGES: Mapping[str, Callable[[str, Mapping[str, Any]], str]] = {
    "upper": lambda text, options: text.upper(),
    "lower": lambda text, options: text.lower(),
    "trim": lambda text, options: text.strip(),
    "fold": lambda text, options: re.sub(r"\s+", " ", text),
    "suffix": lambda text, options: text + str(options["suffix"]),
    "escape": lambda text, options: html.escape(text),
    "cut": lambda text, options: text[: options["length"]],
    "nfd": lambda text, options: unicodedata.normalize("NFD", text),
    "nfkc": lambda text, options: unicodedata.normalize("NFKC", text),
}

_MARK = re.compile(r"\[af:[^\]]*\]", re.IGNORECASE)


def as_stored(text: str, habit: Habit) -> str:
    """A text as a service with the habit `texts` stores it."""
    return _CHANGES[habit.options["change"]](text, habit.options)


def of_neighbour(value: Any, mark: str | None, fields: Mapping[str, Any]) -> Any:
    """A copy of a JSON value as a neighbour sends it.

    Submission marks are removed, or have another key. Some fields have other values, wherever they stand.
    """
    if isinstance(value, dict):
        return {
            name: fields[name] if name in fields else of_neighbour(inner, mark, fields)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [of_neighbour(inner, mark, fields) for inner in value]
    if not isinstance(value, str) or not _MARK.search(value):
        return value
    if mark is not None:
        return _MARK.sub(f"[af:{mark}]", value)
    # A name that was a mark only must not be empty.
    return _MARK.sub("", value).strip() or "neighbour"
