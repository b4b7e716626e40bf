"""What a source may be given as, as far as that shows without looking for it."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_activation.errors import InvalidArgument
from airflow_provider_activation.storage import check_place, is_path, written

FORMATS = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_OF_CSV = frozenset({"delimiter", "quote", "header", "encoding"})
_OF_A_FILE = frozenset({"path", "format", "compression"}) | _OF_CSV
_OF_SQL = frozenset({"conn_id", "sql", "parameters"})


def check_source(given: Any, what: str = "source") -> None:
    """Refuse a mapping that can be no source. What else a source may be is checked when it is opened.

    :param what: the argument's name.
    :raises InvalidArgument: a key is not known or missing, or has a value that it cannot have.
    """
    if not isinstance(given, Mapping):
        return
    known = _OF_SQL if "sql" in given else _OF_A_FILE
    if unknown := sorted(set(map(str, given)) - known):
        raise InvalidArgument(f"{what} has {', '.join(unknown)}, which it does not know.")
    if "sql" in given:
        _check_sql(given, what)
    else:
        _check_file(given, what)


def _check_sql(given: Mapping[str, Any], what: str) -> None:
    for key in ("conn_id", "sql"):
        value = given.get(key)
        if not isinstance(value, str) or not value.strip():
            raise InvalidArgument(f"{what}: {key} must be text that is not empty.")
    parameters = given.get("parameters")
    if not (parameters is None or isinstance(parameters, Mapping | list | tuple)):
        raise InvalidArgument(
            f"{what}: parameters must be a mapping or a list, as the database's driver takes."
        )


def _check_file(given: Mapping[str, Any], what: str) -> None:
    path = given.get("path")
    if not (isinstance(path, str) or is_path(path)) or not str(path):
        raise InvalidArgument(f"{what} must have a path, or conn_id and sql.")
    check_place(what, written(path))
    if given.get("compression") not in (None, "none", *COMPRESSIONS.values()):
        raise InvalidArgument(f"{what}: compression must be none, gzip or zstd.")
    if (format := given.get("format")) not in (None, *FORMATS.values()):
        raise InvalidArgument(f"{what}: format must be csv, parquet or jsonl.")
    if format is not None:
        check_format(given, format, what)
    for key in ("delimiter", "quote"):
        sign = given.get(key, " ")
        if not isinstance(sign, str) or len(sign) != 1 or sign in "\r\n":
            raise InvalidArgument(f"{what}: {key} must be one character.")
    header = given.get("header", True)
    named = isinstance(header, Sequence) and not isinstance(header, str)
    if header is not True and not (
        named
        and all(isinstance(one, str) and one for one in header)
        and len({one.lower() for one in header}) == len(header) > 0
    ):
        raise InvalidArgument(
            f"{what}: header must be True, or the list of the columns' names, each once, if there is none."
        )
    try:
        # not all codecs are encodings of text
        "".encode(given.get("encoding", "utf-8"))
        codecs.lookup(given.get("encoding", "utf-8"))
    except (LookupError, TypeError):
        raise InvalidArgument(
            f"{what}: encoding must be the name of one, for example utf-8 or cp1252."
        ) from None


def check_format(given: Mapping[str, Any], format: str, what: str) -> None:
    """Refuse options of CSV for a file of another format."""
    if format != "csv" and (unused := sorted(set(given) & _OF_CSV)):
        raise InvalidArgument(f"{what} has {', '.join(unused)}, which only CSV has.")
