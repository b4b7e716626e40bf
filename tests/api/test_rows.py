"""Lists with rows that cannot be read, and answers with fields of other types than documented."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from api_testing import answer
from scripted_server import Reply, ScriptedServer
from transport_testing import service

from airflow_provider_activation.api import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.api.call import Call, Page, every_page
from airflow_provider_activation.api.rows import Rows, Unreadable, unreadable_of
from airflow_provider_activation.errors import UnreadableResponse
from airflow_provider_activation.transport import Transport
from airflow_provider_activation.waits.delta_projects import ActivityProbe

PERSON = "anna@example.com"
JOBS = acoustic_exchange.list_jobs("SEGMENT_EXPORT")
ACCOUNT = {"media_agency_id": "m", "client_id": "c"}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()


LISTS: list[tuple[Call[Any], Any, Any]] = [
    (JOBS, {"jobId": 1, "status": "RUNNING"}, {"jobId": PERSON, "status": "RUNNING"}),
    (delta_projects.list_activities(**ACCOUNT), {"id": "1", "name": "a"}, {"id": [PERSON], "name": "a"}),
    (dataddo.list_flows(), {"id": "f", "source": []}, {"id": "g", "source": PERSON}),
    (dataddo.list_services(), {"id": "1"}, {"service": PERSON}),
    (acoustic_exchange.list_endpoints(), {"endpointId": 1}, {"endpointId": {PERSON: 1}}),
]
PAGED: list[tuple[Call[Page[Any]], str, Any, Any]] = [
    (
        liveramp.list_deliveries("c"),
        "v2/Deliveries",
        {"id": "d", "status": "DELIVERED"},
        {"id": "e", "status": [PERSON]},
    ),
    (
        liveramp.list_distribution_managers(),
        "v2/DistributionManagers",
        {"id": "m", "name": "n", "integrationConnectionID": "7"},
        {"id": "o", "name": PERSON},
    ),
]


@pytest.mark.parametrize("alien", [None, 7, PERSON, [], [[[]]]], ids=str)
@pytest.mark.parametrize(("call", "row", "unfit"), LISTS, ids=lambda value: getattr(value, "operation", None))
def test_a_row_that_cannot_be_read_is_left_out(call: Call[Any], row: Any, unfit: Any, alien: Any) -> None:
    listed = call.parse(answer([alien, row, unfit]))
    assert len(listed) == 1
    assert isinstance(listed, Rows)
    assert len(listed.unreadable) == 2
    assert PERSON not in repr(listed.unreadable[0])


@pytest.mark.parametrize(
    ("call", "envelope", "row", "unfit"), PAGED, ids=lambda value: getattr(value, "operation", None)
)
def test_the_same_holds_on_a_page(call: Call[Page[Any]], envelope: str, row: Any, unfit: Any) -> None:
    page = call.parse(answer({envelope: [unfit, row], "_pagination": {"after": "2"}}))
    assert len(page.items) == 1
    assert page.following
    (left_out,) = unreadable_of(page)
    assert left_out.id == unfit["id"]


def test_the_rows_of_every_page_are_counted(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    def page(asked: Any) -> Reply:
        after = None if "after=" in asked.target else "2"
        rows = [None, {"id": "e", "status": [PERSON]}, {"id": "d", "status": "DELIVERED"}]
        return Reply(body={"v2/Deliveries": rows, "_pagination": {"after": after}})

    server.always = page
    transport = Transport(service(server.url))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            listed = transport.run(every_page(liveramp.list_deliveries("c")))
    transport.close()
    assert (len(listed), len(listed.unreadable)) == (2, 4)
    (warning,) = caplog.messages
    assert "list_deliveries" in warning
    assert "2 rows are left out" in warning
    assert PERSON not in warning


@pytest.mark.parametrize(
    ("text", "sought", "found"),
    [
        ('{"d": "Win-back [af:0a1b2c]"}', "0a1b2c", True),
        ('{"d": "WIN-BACK [AF:0A1B2C]"}', "0a1b2c", True),
        ('{"d": "x0a1b2c"}', "0a1b2c", False),
        ('{"id": 17}', "7", False),
        ('{"id": 7}', "7", True),
        ('{"d": "win_7_back"}', "7", True),
        ('{"label": "a \\"good\\" one"}', 'a "good" one', True),
        ('{"label": "größer"}', "GRÖSSER", False),
        ('{"label": "größer"}', "GRÖßER", True),
        ("", "anything", True),
    ],
)
def test_which_row_may_be_the_one_looked_for(text: str, sought: str, found: bool) -> None:
    assert Unreadable(None, text, "a reason").may_be(sought) is found


# fields of other types


@pytest.mark.parametrize(
    "status",
    [
        {"segmentID": "1"},
        {"segmentID": "1", "taxonomy": None},
        {"segmentID": "1", "taxonomy": {}},
        {"segmentID": 1, "taxonomy": {"taxonomySyncStatus": None, "destinationSegmentID": None}},
        {"taxonomy": {"destinationSegmentID": 7}},
    ],
    ids=str,
)
def test_every_field_of_a_taxonomy_status_may_be_absent(status: Any) -> None:
    page = liveramp.list_segment_statuses("ONBOARDING", ["1"]).parse(answer({"v2/SegmentStatuses": [status]}))
    assert page.items[0].sync_status is None
    assert page.unreadable == ()


@pytest.mark.parametrize("body", [b"{}", b'{"id": null}', b'{"label": 7}', b'{"id": ""}', b""])
@pytest.mark.parametrize(
    "call",
    [
        dataddo.update_source("s", {"label": "b"}),
        dataddo.update_flow("s", {"label": "b"}),
        dataddo.update_destination("s", {"label": "b"}),
    ],
    ids=lambda call: call.operation,
)
def test_an_update_without_an_id_was_done(call: Call[Any], body: bytes) -> None:
    assert call.parse(answer(body)).id == "s"


def test_what_dataddo_leaves_untyped() -> None:
    flows = dataddo.list_flows().parse(
        answer(
            [
                {"id": 1, "label": {"text": "a"}, "source": [{"source_id": None}, {}]},
                {"id": "2", "label": 7, "source": None},
            ]
        )
    )
    assert [flow.label for flow in flows] == [{"text": "a"}, "7"]
    assert [source.source_id for source in flows[0].source] == [None, None]
    assert flows[1].source == []
    assert dataddo.get_flow_status("f").parse(answer({"status": None, "description": ["a"]})).state == ""


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (acoustic_exchange.get_job("SEGMENT_EXPORT", 1), {"jobId": "1", "status": None, "shareAction": 5}),
        (delta_projects.get_activity("1", **ACCOUNT), {"id": 1, "name": 2026, "budget": "12.5"}),
        (delta_projects.get_activity("1", **ACCOUNT), {"id": 1, "name": None, "flightStart": None}),
        (liveramp.get_integration("1", "2"), {"id": 1, "name": 7, "deviceTypes": None}),
        (liveramp.get_oauth_connection_attempt("a"), {"id": 1, "status": None, "statusDetail": 404}),
    ],
    ids=lambda value: getattr(value, "operation", None),
)
def test_numbers_for_texts_texts_for_numbers_and_null(call: Call[Any], body: Any) -> None:
    assert call.parse(answer(body))


def test_a_timestamp_without_zone_can_be_compared() -> None:
    fields = {"id": "1", "name": "a", "enabled": True, "flightStart": "2026-01-01T00:00:00"}
    activity = delta_projects.get_activity("1", **ACCOUNT).parse(answer(fields))
    ActivityProbe("m", "c", "1", until="flight_start").judge(activity, datetime.now(UTC))


@pytest.mark.parametrize(
    "error", [IndexError("list index out of range"), RuntimeError("no"), AssertionError()]
)
def test_whatever_reading_raises_is_an_unreadable_response(error: Exception) -> None:
    def read(answer: Any) -> Any:
        raise error

    with pytest.raises(UnreadableResponse):
        replace(JOBS, read=read).parse(answer([]))
