"""Whose a resource is: the submission key in a text of it, which the service may have changed."""

from __future__ import annotations

import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import unquote

Mark = Literal["suffix", "prefix"]
"""Where the submission key stands in a free text."""

MARK = "[af:"
"""Where a submission key begins in a text."""
_MARKED = re.compile(r"(?<![0-9a-z])af\W{0,3}([0-9a-f]{12})(?![0-9a-f])")


def submission_key(dag_id: str, run_id: str, task_id: str, map_index: int, generation: int) -> str:
    """A short text, the same on every try of a task and new after a person cleared it.

    :param generation: the number of the first try since the task was last cleared.
    """
    return _short_hash(dag_id, run_id, task_id, str(map_index), str(generation))


def credentials_key(service: str, secrets: Mapping[str, Any]) -> str:
    """A short text that shows for which credentials a resource is, and does not show the credentials.

    :param service: what the credentials are for.
    :param secrets: the credentials.
    """
    values = {
        name: value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        for name, value in secrets.items()
    }
    text = "\0".join((service, *(f"{name}\0{values[name]}" for name in sorted(values))))
    # slow on purpose: whoever can list the resources could try passwords otherwise
    slow = hashlib.scrypt(text.encode(), salt=b"airflow-provider-activation", n=2**14, r=8, p=1, dklen=6)
    return slow.hex()


def _short_hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def marked(text: str | None, key: str | None, *, mark: Mark = "suffix", longest: int | None = None) -> str:
    """A free text with the submission key, the text shortened if need be.

    :param text: the user's own text.
    :param key: the submission key; None leaves the text as it is.
    :param mark: where the key stands: some services cut the end of a text.
    :param longest: how many characters the service takes.
    """
    text = text or ""
    if key is None:
        return text
    sign = f"{MARK}{key}]"
    if longest is not None:
        text = text[: max(0, longest - len(sign) - 1)]
    return (f"{sign} {text}" if mark == "prefix" else f"{text} {sign}").strip()


def carries(text: str | None, key: str) -> bool:
    """Whether a text that a service shows carries the key. The service may have changed the rest of it."""
    return key.lower() in _plain(text)


def carries_another(text: str | None, key: str | None) -> bool:
    """Whether a text carries the key of another task. Of a key that was cut nobody can tell whose it is."""
    return any(found != key for found in _MARKED.findall(_plain(text))) and not (
        key is not None and carries(text, key)
    )


def alike(text: str | None, other: str | None) -> bool:
    """Whether two texts are equal but for case, blanks and the spelling of characters."""
    return _folded(text) == _folded(other)


def may_come_of(shown: str | None, sent: str | None) -> bool:
    """Whether a service may have made the one text of the other: changed, cut anywhere, or added to."""
    shorter, longer = sorted((_letters(shown), _letters(sent)), key=len)
    kept = _begin_alike(shorter, longer) + _begin_alike(shorter[::-1], longer[::-1])
    return shorter in longer or kept >= len(shorter)


def _plain(text: str | None) -> str:
    return unicodedata.normalize("NFKC", unquote(html.unescape(text or ""))).lower()


def _folded(text: str | None) -> str:
    return " ".join(_plain(text).casefold().split())


def _begin_alike(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    return next(
        (index for index, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one)
    )


def _letters(text: str | None) -> str:
    """The letters and digits alone, without accents: what an address or an old system leaves of a text."""
    decomposed = unicodedata.normalize("NFD", _plain(text).casefold())
    return "".join(character for character in decomposed if character.isascii() and character.isalnum())
