"""The submission key of a task, and the mark that carries it in a text of the service."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_activation.actions.identity import (
    carries,
    carries_another,
    credentials_key,
    marked,
    submission_key,
)

SAME: dict[str, Any] = {
    "dag_id": "winback",
    "run_id": "manual__2026-09-01",
    "task_id": "share",
    "map_index": -1,
    "generation": 1,
}


def test_the_key_is_short_and_the_same_on_every_try() -> None:
    assert submission_key(**SAME) == submission_key(**SAME)
    assert len(submission_key(**SAME)) == 12
    assert set(submission_key(**SAME)) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "change",
    [
        {"dag_id": "other"},
        {"run_id": "manual__2026-09-02"},
        {"task_id": "other"},
        {"map_index": 0},
        {"generation": 2},
        {"dag_id": "winbackmanual__2026-09-01", "run_id": ""},
        {"map_index": 1, "generation": 11},
    ],
    ids=str,
)
def test_another_run_task_map_index_or_generation_has_another_key(change: dict[str, Any]) -> None:
    assert submission_key(**{**SAME, **change}) != submission_key(**SAME)


def test_map_index_and_generation_are_not_run_together() -> None:
    one = submission_key(**{**SAME, "map_index": 1, "generation": 11})
    other = submission_key(**{**SAME, "map_index": 11, "generation": 1})
    assert one != other


# The mark

MARK = "[af:0123456789ab]"


@pytest.mark.parametrize(
    ("text", "key", "longest", "expected"),
    [
        ("for autumn", "0123456789ab", None, f"for autumn {MARK}"),
        (None, "0123456789ab", None, MARK),
        ("", "0123456789ab", 50, MARK),
        ("for autumn", None, None, "for autumn"),
        (None, None, None, ""),
        ("x" * 32, "0123456789ab", 50, f"{'x' * 32} {MARK}"),
        ("x" * 33, "0123456789ab", 50, f"{'x' * 32} {MARK}"),
        ("x" * 100, "0123456789ab", 50, f"{'x' * 32} {MARK}"),
        ("xyz", "0123456789ab", 19, f"x {MARK}"),
        ("xyz", "0123456789ab", 18, MARK),
        ("xyz", "0123456789ab", 17, MARK),
    ],
)
def test_the_mark_stands_at_the_end_and_the_text_gives_way(
    text: str | None, key: str | None, longest: int | None, expected: str
) -> None:
    assert marked(text, key, longest=longest) == expected


def test_the_key_of_credentials_is_theirs_alone_and_shows_none_of_them() -> None:
    secrets = {"staticKey": "a-refresh-token", "clientId": "an-app", "clientSecret": "a-secret"}
    key = credentials_key("snapchat_static", secrets)
    assert key == credentials_key("snapchat_static", dict(reversed(secrets.items())))
    assert carries(marked("Snapchat", key), key)
    assert not carries_another(marked("Snapchat", key), key)
    for name in secrets:
        assert credentials_key("snapchat_static", {**secrets, name: "another"}) != key
        assert secrets[name] not in key
    assert credentials_key("another_service", secrets) != key


@pytest.mark.parametrize(
    ("text", "is_anothers"),
    [
        ("Win-back [af:ffffffffffff]", True),
        ("WIN-BACK [AF:FFFFFFFFFFFF]", True),
        ("Win-back %5Baf%3Affffffffffff%5D", True),
        ("Win-back &#91;af&#58;ffffffffffff&#93;", True),
        ("Win-back [af:0a1b2c3d4e5f]", False),
        ("Win-back [af:ffffffffffff] [af:0a1b2c3d4e5f]", False),
        ("Win-back [af:ffff", False),
        ("Win-back", False),
        ("deaf ffffffffffff", False),
        (None, False),
    ],
)
def test_whose_key_a_text_carries(text: str | None, is_anothers: bool) -> None:
    assert carries_another(text, "0a1b2c3d4e5f") is is_anothers
