"""The spellings that JSON, HTML, addresses and base64 give a secret."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus


def _each(
    secret: str, escape: Callable[[str], str], every: int = 1, other: Callable[[str], str] | None = None
) -> str:
    """A secret with some signs escaped in one way, and the others in another, which puts them into quotes."""
    others = {sign: other(sign)[1:-1] if other else sign for sign in secret}
    return "".join(others[sign] if at % every else escape(sign) for at, sign in enumerate(secret))


def _in_json(sign: str) -> str:
    units = sign.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _percent(sign: str) -> str:
    return "".join(f"%{byte:02X}" for byte in sign.encode())


def _basic(login: str, encode: Callable[[bytes], bytes], *, padded: bool = True) -> Callable[[str], str]:
    def header(secret: str) -> str:
        text = encode(f"{login}:{secret}".encode()).decode()
        return text if padded else text.rstrip("=")

    return header


WHOLE: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON, not only ASCII": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "JSON, slashes escaped": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "JSON, all escaped": lambda secret: _each(secret, _in_json),
    "JSON, all escaped in upper case": lambda secret: _each(secret, _in_json).upper().replace("U", "u"),
    "JSON, some escaped": lambda secret: _each(secret, _in_json, 3, json.dumps),
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret)[1:-1])[1:-1],
    "HTML": html.escape,
    "HTML, decimal": lambda secret: _each(secret, lambda sign: f"&#{ord(sign)};"),
    "HTML, hexadecimal": lambda secret: _each(secret, lambda sign: f"&#X{ord(sign):x};", 2),
    "HTML in HTML": lambda secret: html.escape(html.escape(secret)),
    "percent": lambda secret: quote(secret, safe=""),
    "percent, slashes as they are": quote,
    "percent, as in a form": quote_plus,
    "percent, in lower case": lambda secret: _each(secret, _percent).lower(),
    "percent, some": lambda secret: _each(secret, _percent, 2),
    "percent, twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "percent in JSON": lambda secret: _each(quote(secret, safe=""), _in_json, 2),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 for addresses": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
    "base64 in an address": lambda secret: quote(base64.b64encode(secret.encode()).decode(), safe=""),
}
"""Each of them becomes nothing but asterisks."""

INSIDE: dict[str, Callable[[str], str]] = {
    f"base64 of {login}:secret{', unpadded' * (not padded)}, {encode.__name__}": _basic(
        login, encode, padded=padded
    )
    for login in ("me", "you", "them")
    for padded in (True, False)
    for encode in (base64.b64encode, base64.urlsafe_b64encode)
}
"""What stands before the secret stays."""

MISREAD: dict[str, Callable[[str], str]] = {
    "latin-1 read as UTF-8": lambda secret: secret.encode("latin-1").decode(errors="replace"),
    "UTF-8 read as latin-1": lambda secret: secret.encode().decode("latin-1"),
    "percent, latin-1": lambda secret: quote(secret.encode("latin-1"), safe=""),
}
"""For secrets that latin-1 has."""

SPELLINGS = {**WHOLE, **INSIDE, **MISREAD}
