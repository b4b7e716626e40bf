"""The base address of a service, as people write it into a connection."""

from __future__ import annotations

import ipaddress
import re

SCHEMES = ("http", "https")


def base_address(host: str, *, port: int | None, schema: str, default: str | None) -> str:
    """The address where paths begin, made of the fields of a connection.

    :param host: a name or an address, with or without scheme, port and path.
    :param port: the connection's own field.
    :param schema: ``http`` or ``https``, or a path, which is where Airflow puts the path of a URI.
    :param default: the vendor's public address, where there is one.
    :raises ValueError: what is wrong with which field. It quotes no part that may be a secret.
    """
    scheme, path = _schema(schema)
    if not host:
        given = {"port": port, "schema": path or (scheme != "https" and scheme)}
        if default is None:
            raise ValueError("host is empty; it holds the base URL, and this service has no public one")
        if filled := [name for name, value in given.items() if value]:
            raise ValueError(f"{' and '.join(filled)} is given, but host is empty")
        return default
    _refuse_odd_signs("host", host)
    written, separator, rest = host.partition("://")
    written = written.lower() if separator else ""
    if separator and not written:
        raise ValueError("host begins with '://'")
    if written and scheme and written != scheme:
        raise ValueError(f"host says {written} and schema says {scheme}")
    authority, _, tail = (rest if separator else host).partition("/")
    if "@" in authority:
        raise ValueError("host holds a user or a password ('@'); they belong into login and password")
    name, own_port = _name_and_port(authority)
    if own_port and port and own_port != port:
        raise ValueError(f"host says port {own_port} and port says {port}")
    if port and not 0 < port < 2**16:
        raise ValueError(f"port is {port}, which is no number from 1 to 65535")
    number = own_port or port
    _refuse_dots("host", tail)
    address = f"{written or scheme or 'https'}://{name}{f':{number}' if number else ''}"
    return "/".join(part for part in (address, tail.strip("/"), path) if part)


def other_address(address: str) -> str:
    """A whole address in an extra field; https if it has no scheme.

    :raises ValueError: what is wrong with it.
    """
    _refuse_odd_signs("it", address, odd="#\\")
    scheme, separator, rest = address.partition("://")
    if "@" in (rest if separator else address).partition("/")[0]:
        raise ValueError("it holds a user or a password ('@'); they belong into login and password")
    return f"{scheme.lower()}://{rest}" if separator else f"https://{address}"


def _schema(schema: str) -> tuple[str, str]:
    """The scheme and the path in the field schema; one of them, or none."""
    text = schema.strip()
    if text.lower().removesuffix("://") in SCHEMES:
        return text.lower().removesuffix("://"), ""
    if "://" in text:
        raise ValueError("schema holds an address, which belongs into host")
    _refuse_odd_signs("schema", text)
    _refuse_dots("schema", text)
    return "", text.strip("/")


def _refuse_odd_signs(field: str, text: str, odd: str = "?#\\") -> None:
    if any(sign.isspace() or not sign.isprintable() for sign in text):
        raise ValueError(f"{field} holds a blank or a control character")
    if found := [sign for sign in odd if sign in text]:
        raise ValueError(
            f"{field} holds {found[0]!r}: an address has no query, no fragment and no backslash here"
        )


def _refuse_dots(field: str, path: str) -> None:
    if {".", ".."} & set(path.split("/")):
        raise ValueError(f"{field} holds a path with '.' or '..'")


def _name_and_port(authority: str) -> tuple[str, int | None]:
    """A host's name, an IPv6 address in brackets, and its port."""
    if re.fullmatch(r"[^\[\]]*:[^\[\]]*:[^\[\]]*", authority):
        # without brackets, all of it is the address
        name, colon, digits = f"[{authority}]", "", ""
    elif authority.startswith("["):
        inner, bracket, after = authority.partition("]")
        name, (odd, colon, digits) = inner + bracket, after.partition(":")
        if odd:
            raise ValueError("host is no address: after ']' a port may follow")
    else:
        name, colon, digits = authority.partition(":")
    if name.startswith("["):
        try:
            ipaddress.IPv6Address(name.removeprefix("[").removesuffix("]") if name.endswith("]") else "")
        except ValueError:
            raise ValueError("host is no address: an IPv6 address stands in brackets") from None
    if not name or name.lower() in SCHEMES:
        raise ValueError("host is no address")
    if colon and not (digits.isascii() and digits.isdigit() and 0 < int(digits[:9]) < 2**16):
        raise ValueError("host has a port that is no number from 1 to 65535")
    return name, int(digits) if digits else None
