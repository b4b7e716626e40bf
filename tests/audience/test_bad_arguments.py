"""Arguments that cannot be meant: each is refused, most of them before the source is opened."""

from __future__ import annotations

from typing import Any

import pytest
from audience_attacks import EMAIL, Room, room

from airflow_provider_activation.errors import InvalidArgument, UnfitAudience

__all__ = ["room"]

GOOD = "email,note\na@example.com,x\nb@example.com,y\n"


@pytest.mark.parametrize(
    "source",
    [
        {"path": "x.csv", "sep": ";"},
        {},
        {"path": None},
        {"path": 1},
        {"path": ""},
        {"paths": []},
        1,
        None,
        b"x.csv",
        {"path": "PATH", "delimiter": ";;"},
        {"path": "PATH", "delimiter": ""},
        {"path": "PATH", "delimiter": "\n"},
        {"path": "PATH", "delimiter": '"'},
        {"path": "PATH", "delimiter": 1},
        {"path": "PATH", "quote": "''"},
        {"path": "PATH", "quote": ","},
        {"path": "PATH", "header": False},
        {"path": "PATH", "header": []},
        {"path": "PATH", "header": "email"},
        {"path": "PATH", "header": ["email", "email"]},
        {"path": "PATH", "header": [1]},
        {"path": "PATH", "format": "xlsx"},
        {"path": "PATH", "format": ["csv"]},
        {"path": "PATH", "compression": "bz2"},
        {"path": "PATH", "compression": 1},
        {"path": "PATH", "format": "jsonl", "delimiter": ";"},
        ["people.csv"],
        [1],
        [None],
        "",
        object(),
    ],
)
def test_a_source_that_says_nothing_readable_is_refused(room: Room, source: Any) -> None:
    path = room.file(GOOD)
    if isinstance(source, dict) and source.get("path") == "PATH":
        source = {**source, "path": str(path)}
    room.refused(InvalidArgument, source)


@pytest.mark.parametrize(
    "change",
    [
        {"columns": {}},
        {"columns": {"a": {"kind": "e-mail", "source": "email"}}},
        {"columns": {"a": {"kind": "email"}}},
        {"columns": {"a": {"kind": "email", "source": "email", "hash": "sha256", "salt": "x"}}},
        {"columns": {"a": {"kind": "email", "source": "email", "hash": "sha512"}}},
        {"columns": {"a": {"kind": "email", "source": "email", "hash": "md5"}}},
        {"columns": {"a": {"kind": "email", "source": "email"}}},
        {"columns": {"a": {"kind": "email", "source": "email", "hashed": "sha256"}}},
        {"columns": {"a": {"kind": "email", "source": "email", "hashed": "sha256", "normalised": "nobody"}}},
        {"columns": {"a": {"kind": "email", "source": "email", "hash": "sha256", "normalised": "google"}}},
        {"columns": {"a": {"kind": "email", "source": ["email"], "hash": "sha256"}}},
        {"columns": {"a": {"kind": "email", "source": "", "hash": "sha256"}}},
        {"columns": {"": {"kind": "email", "source": "email", "hash": "sha256"}}},
        {"columns": {"a": {"kind": "device_id", "source": "email", "hash": "sha256"}}},
        {"columns": {"a": {"kind": "device_id", "source": "email", "platform": "windows"}}},
        {"columns": {"a": {"kind": "phone", "source": "email", "hash": "sha256", "region": "Sweden"}}},
        {"columns": {"a": {"kind": "phone", "source": "email", "hash": "sha256", "region": "XX"}}},
        {"columns": {"a": {"kind": "name", "source": "email"}}},
        {"columns": {"a": {"kind": "attribute", "source": "email", "type": "colour"}}},
        {"columns": {"a": {"kind": "attribute", "source": "email", "hash": "sha256"}}},
        {
            "columns": {
                "a": {"kind": "attribute", "source": "email", "type": "timestamp", "timezone": "Mars/Base"}
            }
        },
        {"columns": {"a": {"kind": "constant"}}},
        {"columns": {"a": {"kind": "constant", "value": 1}}},
        {"columns": {"a": {"kind": "constant", "value": "1", "source": "email"}}},
        {"columns": ["email"]},
        {"columns": {"a": "email"}},
        {"require": ["email_sha256"]},
        {"require_any": ["nobody"]},
        {"require_any": "email_sha256"},
        {"require_any": [1]},
        {"suppress_by": {"a": {"kind": "attribute", "source": "email"}}},
        {"suppress_by": {"a": {"kind": "email", "source": "email", "unknown": 1}}},
        {"suppress_by": ["email"]},
    ],
)
def test_a_schema_that_cannot_be_is_refused_before_the_source_is_opened(
    room: Room, change: dict[str, Any]
) -> None:
    message = room.refused(InvalidArgument, str(room.sources / "is not there.csv"), {**EMAIL, **change})
    assert "is not there" not in message


@pytest.mark.parametrize("schema", [None, 1, "email", [], {}, {"column": {}}])
def test_what_is_no_schema_is_refused(room: Room, schema: Any) -> None:
    room.refused(InvalidArgument, str(room.sources / "is not there.csv"), schema)


@pytest.mark.parametrize(
    "profile",
    [
        "nobody",
        "",
        None,
        1,
        [],
        {},
        {"name": "nobody"},
        {"name": "google", "unknown": 1},
        {"digest": "hex"},
        {"name": "google", "digest": "octal"},
        {"name": "google", "name_": 1},
        "acoustic",
        {"name": "acoustic", "registration": {}},
        {"name": "acoustic", "registration": 1},
        {"name": ["google"]},
    ],
)
def test_what_is_no_profile_is_refused(room: Room, profile: Any) -> None:
    room.refused(InvalidArgument, str(room.sources / "is not there.csv"), profile=profile)


@pytest.mark.parametrize(
    "suppress",
    [
        [{}],
        [1],
        ["list.csv"],
        [{"source": "x.csv"}],
        [{"source": "x.csv", "schema": EMAIL, "unknown": 1}],
        [{"source": "x.csv", "schema": {**EMAIL, "unknown": 1}}],
        [{"source": {"path": "x.csv", "sep": 1}, "schema": EMAIL}],
        [{"source": "x.csv", "schema": {"columns": {"p": {"kind": "phone", "source": "p"}}}}],
        [{"source": "x.csv", "schema": {"columns": {"p": {"kind": "attribute", "source": "p"}}}}],
        [{"source": "x.csv", "schema": EMAIL, "profile": "nobody"}],
        [{"source": "x.csv", "schema": EMAIL, "allow_empty": "yes"}],
        "x.csv",
        {"source": "x.csv", "schema": EMAIL},
        1,
        None,
    ],
)
def test_what_is_no_list_is_refused(room: Room, suppress: Any) -> None:
    room.refused(InvalidArgument, room.file(GOOD), suppress=suppress)


@pytest.mark.parametrize(
    "options",
    [
        {"order_by": 1},
        {"min_rows": -1},
        {"min_rows": "1"},
        {"min_rows": True},
        {"fail_on_rejects": "yes"},
        {"name": 1},
        {"name": "a b"},
        {"folder": 1},
        {"folder": None},
        {"folder": ""},
        {"folder": "s3://bucket/x"},
        {"registration": 1},
        {"name": ".hidden"},
        {"name": "a" * 300},
    ],
)
def test_an_option_that_cannot_be_is_refused(room: Room, options: dict[str, Any]) -> None:
    room.refused(InvalidArgument, room.file(GOOD), **options)


def test_a_column_to_order_by_that_is_missing_is_told(room: Room) -> None:
    assert "since" in room.refused(UnfitAudience, room.file(GOOD), order_by="since")
