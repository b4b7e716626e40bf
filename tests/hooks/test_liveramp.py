"""LiveRamp: how segments are named in a query, and what is listed of other segments."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from scripted_server import Asked, Reply, ScriptedServer

from airflow_provider_activation.errors import InvalidConnection, InvalidRequest
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.waits.liveramp import DeliveryProbe, SegmentSyncProbe
from airflow_provider_activation.waits.probe import Done

SPELLINGS = ("segmentIDs", "segmentIDs[]")
LISTS = {"/v2/deliveries": "v2/Deliveries", "/v2/segment-statuses": "v2/SegmentStatuses"}


def row(segment_id: str) -> dict[str, Any]:
    return {
        "id": f"d{segment_id}",
        "status": "DELIVERED",
        "segmentID": segment_id,
        "taxonomy": {"taxonomySyncStatus": "SYNCED"},
    }


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A service that knows no filter: it lists segments 1 to 3, on two pages."""
    server = ScriptedServer()

    def answer(asked: Asked) -> Reply:
        if "token" in asked.path:
            return Reply(body={"access_token": "t", "expires_in": 600})
        second = dict(asked.query).get("after")
        rows = [row("3")] if second else [row("1"), row("2")]
        after = None if second else "x"
        return Reply(body={LISTS[asked.path]: rows, "_pagination": {"after": after}})

    server.always = answer
    yield server
    server.stop()


def hook(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, **extra: Any) -> LiveRampHook:
    token_url = f"{server.url}/token"
    connection = {
        **{"conn_type": "liveramp", "host": server.url, "login": "a", "password": "secret-1"},
        "extra": {"org_id": "o", "token_url": token_url, **extra},
    }
    monkeypatch.setenv("AIRFLOW_CONN_L", json.dumps(connection))
    return LiveRampHook("l")


@pytest.mark.parametrize("spelling", [None, "", *SPELLINGS])
def test_segments_are_named_as_the_connection_says(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, spelling: str | None
) -> None:
    asker = hook(server, monkeypatch, segment_ids_parameter=spelling)
    assert [one.segment_id for one in asker.list_deliveries("7", ["1", 3])] == ["1", "3"]  # type: ignore[list-item]
    assert [one.segment_id for one in asker.list_segment_statuses("ONBOARDING", ["2"])] == ["2"]
    name = spelling or "segmentIDs"
    named = [[pair for pair in asked.query if pair[0] in SPELLINGS] for asked in server.asked[1:]]
    assert named == [[(name, "1"), (name, "3")]] * 2 + [[(name, "2")]] * 2


def test_another_word_is_refused_and_names_the_field(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidConnection, match="segment_ids_parameter"):
        hook(server, monkeypatch, segment_ids_parameter="segment_ids").list_deliveries()
    assert server.asked == []


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_rows_of_other_segments_are_left_out_and_said_once(
    server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    spelling: str,
) -> None:
    asker = hook(server, monkeypatch, segment_ids_parameter=spelling)
    for _ in range(2):
        outcome = asker.run(DeliveryProbe("7", ("2",)).look())
        assert isinstance(outcome, Done)
        assert [one["segmentID"] for one in outcome.result] == ["2"]
    said = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    (message,) = said
    assert "1 of 2 rows are about segments that were not asked for" in message
    assert "segment_ids_parameter" in message
    outcome = asker.run(SegmentSyncProbe("ONBOARDING", ("1",)).look())
    assert isinstance(outcome, Done)
    assert len(outcome.result) == 1


def test_nothing_is_said_where_only_the_segments_are_listed_or_all_are_wanted(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asker = hook(server, monkeypatch)
    assert len(asker.list_deliveries("7")) == len(asker.list_deliveries("7", ["1", "2", "3"])) == 3
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(("value", "field"), [("1", None), (None, "win_back")])
def test_a_value_and_its_field_are_given_together(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, value: str | None, field: str | None
) -> None:
    with pytest.raises(InvalidRequest, match=r"value_name and field_name must be given together, but"):
        hook(server, monkeypatch).list_segments(value, field)
    assert server.asked == []


@pytest.mark.parametrize("other", ["refused", "ignored"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_sandbox_reads_one_of_the_two(
    connections: Sandbox, monkeypatch: pytest.MonkeyPatch, spelling: str, other: str
) -> None:
    connections.habit("segment_ids", reads=spelling, other=other)
    known = connections.connections["liveramp_default"]
    for chosen in SPELLINGS:
        changed = {**known, "extra": {**known["extra"], "segment_ids_parameter": chosen}}
        monkeypatch.setenv("AIRFLOW_CONN_LIVERAMP_DEFAULT", json.dumps(changed))
        asker = LiveRampHook()
        if chosen != spelling and other == "refused":
            with pytest.raises(InvalidRequest):
                asker.list_segment_statuses("ONBOARDING", ["5000000001"])
        else:
            (found,) = asker.list_segment_statuses("ONBOARDING", ["5000000001"])
            assert found.segment_id == "5000000001"
