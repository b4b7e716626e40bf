"""Keeps secrets and people out of texts: our own errors, and what the HTTP libraries and we log.

A secret is known in every spelling that JSON, HTML, addresses and base64 give it, also in several at once and
for some of its characters only. A text is therefore searched twice: as it is, and with its escapes undone.
"""

from __future__ import annotations

import base64
import logging
import re
import string
import sys
import weakref
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

HIDDEN = "***"
SHORT = 4
"""Characters. A secret with fewer stays: without each ``a`` or ``key`` messages could not be read, and such a
secret protects nothing. Airflow's own masker passes over secrets with fewer than five."""
MOST_LAYERS = 8
"""Escapes within escapes that are undone."""

_ESCAPE = re.compile(
    # a backslash or more, as in JSON within JSON, and what they escape
    r"\\\\*(?:u[dD][89abAB]hh\\+u[dD][c-fC-F]hh|uhhhh|xhh|[\"'/bfnrt]|)"
    r"|&(?:#\d{1,7};?|#[xX]h{1,6};?|[a-zA-Z]\w{0,30};)"
    # one character in UTF-8, or a single byte
    r"|%(?:uhhhh|[cdCD]h%[89abAB]h|[eE]h(?:%[89abAB]h){2}|[fF][0-4](?:%[89abAB]h){3}|hh)".replace(
        "h", "[0-9a-fA-F]"
    )
)
_OF_ESCAPES = frozenset("\\\\&%#;" + string.ascii_letters + string.digits)
"""What an escape within an escape is made of."""
_UNPRINTABLE = re.compile(
    # C0 and C1, DEL, separators, what turns the direction, halves of a character
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def printable(text: str) -> str:
    """A text whose control characters are written out, so that it cannot steer a terminal or forge a line."""
    return _UNPRINTABLE.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


LEFT_OUT = "..."
"""In place of people."""
_SIGN_OF_ADDRESS = re.compile(r"@|%40|\\u0040")
_VALUE = re.compile(r"[^\s\"'<>(),;:=&?/|\[\]{}]+")
"""Text between what separates values in JSON, in addresses of pages and in sentences."""
_PHONE = re.compile(r"(?<![\w+])(?:\+|%2[bB])\d{7,15}(?!\w)")
"""A phone number in E.164, as an audience holds it. Digits alone may be an id."""


def without_contacts(said: str) -> str:
    """What a service says, without addresses of people and phone numbers."""
    return _PHONE.sub(LEFT_OUT, without_addresses(said, _VALUE))


def without_addresses(said: str, words: re.Pattern[str]) -> str:
    """A text without the words that hold an address of a person.

    :param words: what is a word; it takes each as a whole, so that the time is in proportion to the length.
    """
    return words.sub(lambda word: LEFT_OUT if _SIGN_OF_ADDRESS.search(word[0]) else word[0], said)


class Redactor:
    """Removes known secrets from texts, in each of their spellings."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = set(filter(None, secrets))
        self._ready: dict[int, _Spellings] = {}

    def add(self, secret: str) -> None:
        """Remove this secret too, from all further texts."""
        if secret:
            self._secrets.add(secret)
            self._ready = {}

    def __call__(self, text: str, *, shortest: int = SHORT) -> str:
        """The text without the secrets.

        :param shortest: secrets with fewer characters stay.
        """
        ready = self._ready
        if (spellings := ready.get(shortest)) is None:
            secrets = [secret for secret in self._secrets.copy() if len(secret) >= shortest]
            spellings = ready[shortest] = _Spellings(secrets)
        return spellings.hidden_in(text)


class _Spellings:
    """The spellings of some secrets that are no escapes, and one expression for them all."""

    def __init__(self, secrets: Iterable[str]) -> None:
        patterns: dict[str, str] = {}
        for secret in secrets:
            for form in _readings(secret):
                whole = re.escape(form)
                patterns[form] = whole if len(form) >= SHORT else rf"(?<!\w){whole}(?!\w)"
            if len(secret) >= SHORT:
                patterns |= _in_base64(secret)
        self._forms = tuple(patterns)
        self._shortest = min(map(len, patterns), default=sys.maxsize)
        self._any = re.compile("|".join(patterns[form] for form in sorted(patterns, key=len, reverse=True)))
        self._signs = _OF_ESCAPES.union(*patterns)

    def hidden_in(self, text: str) -> str:
        if len(text) < self._shortest:
            return text
        if self._are_in(text):
            text = self._any.sub(HIDDEN, text)
        if "\\" in text or "&" in text or "%" in text:
            # most escapes stand for a quote or the end of a line, which are in no secret
            meanings = map(_meaning, set(_ESCAPE.findall(text)))
            if not self._signs.isdisjoint("".join(meanings)):
                unescaped = _unescaped(text)
                if self._are_in(unescaped):
                    return self._hidden_in_escaped(text)
        return text

    def _are_in(self, text: str) -> bool:
        # many times faster than the expression, and most texts contain no secret
        for form in self._forms:  # noqa: SIM110
            if form in text:
                return True
        return False

    def _hidden_in_escaped(self, text: str) -> str:
        unescaped, places = _with_places(text)
        for found in reversed(list(self._any.finditer(unescaped))):
            text = text[: places[found.start()]] + HIDDEN + text[places[found.end()] :]
        return text


def _readings(secret: str) -> set[str]:
    """A secret as it is, as it is misread, and as in a form; each of them with its own escapes undone too."""
    utf8 = secret.encode(errors="replace")
    readings = {secret, utf8.decode("latin-1")}
    if not secret.isascii():
        misread = secret.encode("latin-1", "replace").decode(errors="replace")
        # so many replacements would be found in any text that was misread
        if len(misread.replace("\ufffd", "")) >= SHORT:
            readings.add(misread)
    readings |= {reading.replace(" ", "+") for reading in readings}
    return {form for reading in readings for form in (reading, _unescaped(reading)) if form}


def _in_base64(secret: str) -> dict[str, str]:
    """What of a secret in base64 is the same beside any neighbours, with an expression for all of it."""
    patterns: dict[str, str] = {}
    for data in {
        secret.encode(errors="replace"),
        secret.encode("latin-1", "replace"),
        quote(secret, "").encode(),
    }:
        for before in range(3):
            bits = 8 * (before + len(data))
            core = base64.b64encode(bytes(before) + data)[-(-8 * before // 6) : bits // 6].decode()
            first = r"[\w+/-]?" if before else ""
            last = r"[\w+/-]?(?:=|%3[dD]){0,2}" if bits % 6 else ""
            for form in (core, core.replace("+", "-").replace("/", "_")):
                patterns[form] = first + re.escape(form) + last
    return patterns


def _unescaped(text: str) -> str:
    """A text with its escapes undone, and the escapes within these."""
    for _ in range(MOST_LAYERS):
        before, text = text, _ESCAPE.sub(lambda escape: _meaning(escape[0]), text)
        if text == before:
            break
    return text


def _with_places(text: str) -> tuple[str, list[int]]:
    """The same, and for each character, and for the end, where it stands in the text."""
    places = list(range(len(text) + 1))
    for _ in range(MOST_LAYERS):
        pieces: list[str] = []
        kept: list[int] = []
        end = 0
        for escape in _ESCAPE.finditer(text):
            meaning = _meaning(escape[0])
            pieces += text[end : escape.start()], meaning
            kept += places[end : escape.start()]
            end = escape.end()
            kept += [places[escape.start()], *[places[end]] * (len(meaning) - 1)][: len(meaning)]
        before, text, places = text, "".join((*pieces, text[end:])), kept + places[end:]
        if text == before:
            break
    return text, places


@lru_cache(maxsize=4096)
def _meaning(spelled: str) -> str:
    """What an escape stands for."""
    if spelled[0] == "&":
        from html import unescape

        return unescape(spelled)
    if spelled[0] == "%" and spelled[1] != "u":
        data = bytes.fromhex(spelled.replace("%", ""))
        return data.decode() if len(data) > 1 or data[0] < 128 else chr(data[0])
    rest = spelled.lstrip("\\%")
    if rest[:1] not in ("u", "x"):
        return {"": "\\", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}.get(rest, rest)
    units = [int(unit, 16) for unit in re.split(r"\\+u", rest[1:])]
    return chr(0x10000 + (units[0] - 0xD800) * 0x400 + units[1] - 0xDC00) if units[1:] else chr(units[0])


_OF_ANSWERS = ("httpcore.http11", "httpcore.http2")
"""Loggers of what comes before anybody has read it: all headers, and what was no answer."""
_HEADER = re.compile(
    r"""\(b(?P<mark>['"])(?P<name>[^'"]*)(?P=mark), """
    r"""b(?P<marks>['"])(?:\\.|(?!(?P=marks)).)*(?P=marks)\)"""
)
_SHOWN_HEADERS = frozenset(
    {
        *("age", "cache-control", "connection", "content-encoding", "content-length", "content-type", "date"),
        *("keep-alive", "retry-after", "server", "transfer-encoding", "vary", "via"),
    }
)


def _without_value(header: re.Match[str]) -> str:
    return header[0] if header["name"].lower() in _SHOWN_HEADERS else f"(b'{header['name']}', {HIDDEN})"


class _Logs(logging.Filter):
    """Removes the secrets of all transports from what is logged: addresses, headers, words of a service."""

    def __init__(self) -> None:
        super().__init__()
        self._redactors: set[weakref.ref[Redactor]] = set()

    def add(self, redactor: Redactor) -> None:
        """Remove its secrets too, for as long as it lives."""
        self._redactors.add(weakref.ref(redactor, self._redactors.discard))

    def filter(self, record: logging.LogRecord) -> bool:
        text = redacted = record.getMessage()
        if record.name in _OF_ANSWERS:
            redacted = without_contacts(_HEADER.sub(_without_value, redacted))
        # copied in one step: another thread may add one meanwhile
        for reference in self._redactors.copy():
            if (redact := reference()) is not None:
                redacted = redact(redacted)
        if (redacted := printable(redacted)) != text:
            record.msg, record.args = redacted, None
        return True


_logs = _Logs()


def logger(name: str) -> logging.Logger:
    """A logger whose messages contain no secret of any transport, and no control characters."""
    log = logging.getLogger(name)
    log.addFilter(_logs)
    return log


# a filter works on the logger that is logged to, not on its children
for _name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy"):
    logger(_name)


def redact_logs(redactor: Redactor) -> None:
    """Keep the secrets of a redactor out of the logs for as long as it lives."""
    _logs.add(redactor)
