"""Limits that are odd, and connections that require suppression, spelt in every way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adversary.conftest import Connect
from adversary.exchange import Exchange
from adversary.sending import Sending, fails
from airflow_provider_activation.audience import AudienceGuard
from airflow_provider_activation.errors import ActivationError

KEY = "Zq9x-a-key-of-the-account"


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    started = Exchange()
    yield started
    started.close()


@pytest.fixture
def one(tmp_path: Path, exchange: Exchange, connect: Connect) -> Sending:
    return Sending(tmp_path, exchange, connect("acoustic_exchange", exchange.url, secret=KEY))


# limits


def test_exactly_at_a_limit_is_within_it() -> None:
    for before in range(1, 120):
        for percent in range(101):
            guard = AudienceGuard(max_shrink=percent / 100, max_growth=percent / 100)
            for now in (before * (100 - percent), before * (100 + percent)):
                if now % 100 == 0:
                    assert guard.breaches(rows(now // 100), rows(before)) == []
                    beyond = now // 100 + (1 if now > before * 100 else -1)
                    if beyond >= 0 and percent:
                        assert guard.breaches(rows(beyond), rows(before))


def rows(number: int) -> dict[str, int]:
    counts = dict.fromkeys(("left_out", "rejected", "suppressed", "duplicates"), 0)
    return counts | {"read": number, "written": number, "sent": number}


@pytest.mark.parametrize("limit", [True, "0.5", float("nan"), float("inf"), -0.1, [1]])
@pytest.mark.parametrize("name", ["min_rows", "max_rows", "max_shrink", "max_growth", "max_reject_rate"])
def test_limits_that_are_none(name: str, limit: Any) -> None:
    with pytest.raises(ActivationError, match=name):
        AudienceGuard(**{name: limit})


# suppression

YES: list[Any] = [True, "true", "True", " TRUE ", "1", 1, 1.0, "yes", "on"]
UNCLEAR: list[Any] = [[], [True], {"a": 1}, "nonsense", 2, "truee"]


@pytest.mark.parametrize("word", [*YES, *UNCLEAR], ids=repr)
@pytest.mark.parametrize("form", ["JSON", "URI"])
def test_suppression_that_is_required(
    one: Sending, exchange: Exchange, monkeypatch: pytest.MonkeyPatch, word: Any, form: str
) -> None:
    if form == "JSON":
        extra = {"require_suppression": word}
        fields = {"conn_type": "acoustic_exchange", "host": exchange.url, "password": KEY, "extra": extra}
        connection = json.dumps(fields)
    else:
        host = exchange.url.removeprefix("http://")
        extra_of_uri = f"require_suppression={str(word).strip()}&allow_http=true"
        connection = f"acoustic-exchange://:{KEY}@{host}/?{extra_of_uri}"
    monkeypatch.setenv("AIRFLOW_CONN_STRICT", connection)
    for lists in ([], [suppressing(0)], [suppressing(2, 2)], [suppressing(True)], suppressing(1), None):
        manifest = one.manifest(suppression=lists)
        assert "require" in fails(one.upload(manifest, acoustic_exchange_conn_id="strict"))
    path = one.manifest()["path"]
    assert "require" in fails(one.upload(path, acoustic_exchange_conn_id="strict"))
    assert exchange.changing == []


def suppressing(number: Any, unreadable: int = 0) -> dict[str, Any]:
    return {"name": "unsubscribed", "rows": number, "unreadable": unreadable, "suppressed": 0}


@pytest.mark.parametrize(
    "run",
    [
        None,
        {},
        {"dag_id": "a_dag"},
        {"dag_id": "a_dag", "run_id": "run_0"},
        {"dag_id": "b", "run_id": "run_1"},
    ],
)
def test_a_manifest_of_another_run(one: Sending, exchange: Exchange, connect: Connect, run: Any) -> None:
    strict = connect("acoustic_exchange", exchange.url, require_suppression=True)
    manifest = one.manifest(suppression=[suppressing(1)], run=run) if run else None
    manifest = manifest or one.manifest(suppression=[suppressing(1)]) | {"run": run}
    assert "requires suppression" in fails(one.upload(manifest, acoustic_exchange_conn_id=strict))
    assert exchange.changing == []
    mine = one.manifest(suppression=[suppressing(1)])
    one.upload(mine, acoustic_exchange_conn_id=strict).run()
    assert len(exchange.uploads) == 1
