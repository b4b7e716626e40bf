"""What a service says, without the people it names: of a file of people it may quote a row."""

from __future__ import annotations

import gzip
import re
import zlib
from io import TextIOWrapper
from typing import BinaryIO, cast

from airflow_provider_activation.api.call import FileBody
from airflow_provider_activation.redaction import LEFT_OUT, without_addresses

_WORD = re.compile(r"\w+")
_UNBROKEN = re.compile(r"\S+")
_HEX = re.compile(r"[0-9A-Fa-f]{13,}")
"""A digest, perhaps cut short by the service. Shorter ones may be parts of ids."""
_DIGEST = 32
"""Characters of the shortest digest. Fewer digits without a letter are an id."""
_PIECE = 1024 * 1024


def in_place_of_a_file(said: str) -> str:
    """What came instead of a file: JSON without addresses and digests; nothing else, it may be rows."""
    return without_marks(said) if said.lstrip().startswith(("{", "[")) else ""


def without_marks(said: str) -> str:
    """A text without addresses and digests."""
    # here too a run is taken as a whole
    said = without_addresses(said, _UNBROKEN)
    return _HEX.sub(lambda run: LEFT_OUT if _is_digest(run[0]) else run[0], said)


def _is_digest(run: str) -> bool:
    return len(run) >= _DIGEST or not run.isdecimal()


def without_people(said: str, file: FileBody) -> str:
    """An answer without addresses and digests, and without every word that stands in a row of the file.

    Words of its first row stay: they are names of columns. If the file cannot be read, nothing stays.
    """
    said = without_marks(said)
    wanted = {word.casefold() for word in _WORD.findall(said)}
    try:
        found = wanted & _words_of(file, wanted)
    except (OSError, EOFError, zlib.error):
        return ""
    return _WORD.sub(lambda word: LEFT_OUT if word[0].casefold() in found else word[0], said)


def _words_of(file: FileBody, wanted: set[str]) -> set[str]:
    """Those of the words that are in a row of the file."""
    found: set[str] = set()
    with file.path.open("rb") as raw:
        opened = gzip.GzipFile(fileobj=raw) if file.encoding == "gzip" else raw
        text = TextIOWrapper(cast("BinaryIO", opened), encoding="utf-8", errors="replace", newline="")
        header, rest = {word.casefold() for word in _WORD.findall(text.readline(_PIECE))}, ""
        while piece := text.read(_PIECE):
            # the last word may go on in the next piece
            words = _WORD.findall((rest + piece).casefold())
            rest = words.pop() if words and (piece[-1].isalnum() or piece[-1] == "_") else ""
            found |= wanted.intersection(words)
        found |= wanted.intersection([rest])
    return found - header
