"""What a service says of a file of people, without what stands in the file: it may quote a row."""

from __future__ import annotations

import gzip
import re
import zlib
from io import TextIOWrapper
from typing import BinaryIO, cast

from airflow_provider_activation.api.call import FileBody

_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"\S*(?:@|%40|\\u0040)\S*")
_DIGEST = re.compile(r"[0-9A-Fa-f]{32,}|(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{13,}")
"""Also one that the service cut short. Shorter ones may be parts of ids, and digits alone are ids."""
_PIECE = 1024 * 1024
LEFT_OUT = "..."


def in_place_of_a_file(said: str) -> str:
    """What came instead of a file: JSON without addresses and digests; nothing else, it may be rows."""
    return without_marks(said) if said.lstrip().startswith(("{", "[")) else ""


def without_marks(said: str) -> str:
    """A text without addresses and digests."""
    return _DIGEST.sub(LEFT_OUT, _ADDRESS.sub(LEFT_OUT, said))


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
