"""Answers with a meaning of their own, over real HTTP: what a caller gets, and what is not sent again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from endpoints.acoustic_exchange import EVENT_TYPE, EVENTS, EXPORT, IMPORT, SEGMENT
from endpoints.dataddo import FLOW, STATIC
from endpoints.table import BIG
from scripted_server import DROP, Reply, ScriptedServer
from transport_testing import service

from airflow_provider_activation import errors
from airflow_provider_activation.api import acoustic_exchange, dataddo
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.transport import Transport

ELSEWHERE = "https://elsewhere.example.org/v1/jobs/7"
KEY = "canary-key=:US"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()


@pytest.fixture
def transport(server: ScriptedServer) -> Iterator[Transport]:
    transport = Transport(service(server.url), sleep=lambda seconds: None)
    yield transport
    transport.close()


def operation(value: Any) -> str | None:
    return value.operation if isinstance(value, Call) else None


CHANGES = [
    acoustic_exchange.enable_endpoint(),
    acoustic_exchange.enable_endpoint(20002),
    acoustic_exchange.disable_endpoint(),
    acoustic_exchange.disable_endpoint(20002),
]


@pytest.mark.parametrize(
    ("reply", "changed"), [(Reply(200, b"True"), True), (Reply(200, b"true"), True), (Reply(304), False)]
)
@pytest.mark.parametrize("call", CHANGES, ids=operation)
def test_a_switch_says_whether_it_moved(
    server: ScriptedServer, transport: Transport, call: Call[bool], reply: Reply, changed: bool
) -> None:
    server.script.append(reply)
    assert transport.send(call) is changed


@pytest.mark.parametrize("call", CHANGES, ids=operation)
def test_a_switch_that_may_not_be_moved(
    server: ScriptedServer, transport: Transport, call: Call[bool]
) -> None:
    server.script.append(Reply(403, b"Not authorized"))
    with pytest.raises(errors.PermissionDenied):
        transport.send(call)
    assert len(server.asked) == 1


def test_304_elsewhere_is_no_success(server: ScriptedServer, transport: Transport) -> None:
    server.always = lambda asked: Reply(304)
    with pytest.raises(errors.UnreadableResponse):
        transport.send(acoustic_exchange.delete_segments(10001))


SEGMENT_CALLS = [
    acoustic_exchange.add_segments(10001, [SEGMENT]),
    acoustic_exchange.replace_segments(10001, [SEGMENT]),
    acoustic_exchange.delete_segments(10001),
    acoustic_exchange.delete_segment(10001, 7),
]
segment_calls = pytest.mark.parametrize("call", SEGMENT_CALLS, ids=operation)


@segment_calls
@pytest.mark.parametrize("body", [b"false", b"False"])
def test_200_and_false_names_who_refused_what(
    server: ScriptedServer, transport: Transport, call: Call[Any], body: bytes
) -> None:
    server.script.append(Reply(200, body))
    with pytest.raises(errors.Refused) as caught:
        transport.send(call)
    assert (caught.value.service, caught.value.operation) == ("Acoustic Exchange", call.operation)
    assert caught.value.status == 200
    assert len(server.asked) == 1


@segment_calls
@pytest.mark.parametrize("location", [None, "/v1/other", ELSEWHERE])
def test_308_names_what_can_be_done_instead_and_is_not_followed(
    server: ScriptedServer, transport: Transport, call: Call[Any], location: str | None
) -> None:
    headers = {"Location": location} if location else {}
    server.script.append(Reply(308, {"shareAction": "REPLACE"}, headers))
    with pytest.raises(errors.AlternateActionRequired) as caught:
        transport.send(call)
    assert caught.value.share_action == "REPLACE"
    assert len(server.asked) == 1


@segment_calls
def test_501_is_not_tried_again(server: ScriptedServer, transport: Transport, call: Call[Any]) -> None:
    server.script.append(Reply(501, b""))
    with pytest.raises(errors.NotSupported):
        transport.send(call)
    assert len(server.asked) == 1


JOBS = [
    acoustic_exchange.export_segment(EXPORT),
    acoustic_exchange.import_identities(IMPORT),
    acoustic_exchange.refresh_segments(),
]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"9007199254740993"),
        Reply(202, b'"9007199254740993"'),
        Reply(201, b'{"status": "RUNNING", "jobId": 5, "jobId": 9007199254740993}'),
        Reply(201, b"", {"Location": f"/v1/jobs/SEGMENT_EXPORT/{BIG}"}),
        Reply(201, b"", {"Location": f"https://elsewhere.example.org/v1/jobs/{BIG}"}),
    ],
)
@pytest.mark.parametrize("call", JOBS, ids=operation)
def test_a_jobs_id_comes_in_many_shapes_and_nothing_is_followed(
    server: ScriptedServer, transport: Transport, call: Call[int], reply: Reply
) -> None:
    server.script.append(reply)
    assert transport.send(call) == BIG
    assert len(server.asked) == 1


ONCE: list[Call[Any]] = [
    *JOBS,
    acoustic_exchange.add_segments(10001, [SEGMENT]),
    acoustic_exchange.publish_events(EVENTS),
    acoustic_exchange.create_event_type(EVENT_TYPE),
    dataddo.create_service("snapchat_static", STATIC),
    dataddo.create_typed_service("snapchat_static", STATIC),
    dataddo.create_source("snapchat", {}),
    dataddo.enqueue_extraction("s"),
    dataddo.create_flow(FLOW),
    dataddo.clone_flow("f"),
    dataddo.enqueue_write("f"),
    dataddo.create_destination("google_big_query", {}),
    dataddo.clone_destination("d"),
]


@pytest.mark.parametrize("fault", [DROP, Reply(500), Reply(503), Reply(302, b"", {"Location": ELSEWHERE})])
@pytest.mark.parametrize("call", ONCE, ids=operation)
def test_what_must_not_happen_twice_is_sent_once_also_where_it_is_a_get(
    server: ScriptedServer, transport: Transport, call: Call[Any], fault: Reply
) -> None:
    server.always = lambda asked: fault
    with pytest.raises(errors.UncertainOutcome):
        transport.send(call)
    assert len(server.asked) == 1


@pytest.mark.parametrize("call", JOBS, ids=operation)
def test_a_job_that_was_started_under_no_id_is_uncertain(
    server: ScriptedServer, transport: Transport, call: Call[int]
) -> None:
    server.script.append(Reply(200, b""))
    with pytest.raises(errors.UncertainOutcome):
        transport.send(call)


def test_a_status_is_a_bare_text(server: ScriptedServer, transport: Transport) -> None:
    server.script.append(Reply(200, b'"PENDING"'))
    assert transport.send(acoustic_exchange.get_endpoint_status(10001)) == "PENDING"
    assert server.asked[0].target == "/v1/10001/status"


def test_ids_arrive_whole(server: ScriptedServer, transport: Transport) -> None:
    server.script.append(Reply(200, b"7"))
    transport.send(acoustic_exchange.export_segment(EXPORT))
    assert b"9007199254740993" in server.asked[0].body


def test_null_arrives_where_the_document_prints_it(server: ScriptedServer, transport: Transport) -> None:
    weekly = acoustic_exchange.ScheduleDetails.weekly(["MON"], time(9))
    server.script.append(Reply(200, b"7"))
    transport.send(acoustic_exchange.export_segment(EXPORT.model_copy(update={"schedule_details": weekly})))
    assert server.asked[0].json["scheduleDetails"]["daysOfMonth"] is None


def test_a_file_arrives_whole(server: ScriptedServer, transport: Transport, tmp_path: Path) -> None:
    file = tmp_path / "audience.csv"
    file.write_bytes(b"email\n" + b"a@example.com\n" * 100_000)
    server.script.append(Reply(202, b""))
    assert transport.send(acoustic_exchange.upload_job_data(BIG, file)) is None
    assert server.asked[0].body == file.read_bytes()
    assert server.asked[0].headers["Content-Type"] == "text/csv; charset=utf-8"


def test_segment_data_arrives_whole_in_its_file(
    server: ScriptedServer, transport: Transport, tmp_path: Path
) -> None:
    body = b"email\n" + b"a@example.com\n" * 100_000
    server.script.extend([Reply(503), Reply(200, body, {"Content-Type": "text/csv"})])
    call = acoustic_exchange.download_segment_data(BIG, "part 1.csv", tmp_path / "audience.csv")
    assert transport.send(call).read_bytes() == body
    assert server.asked[1].target == f"/v1/jobs/{BIG}/segmentDataFiles/part%201.csv"


def test_segment_data_that_is_not_there_makes_no_file(
    server: ScriptedServer, transport: Transport, tmp_path: Path
) -> None:
    server.script.append(Reply(404, {"message": "no such file"}))
    with pytest.raises(errors.NotFound):
        transport.send(acoustic_exchange.download_segment_data(1, "x.csv", tmp_path / "audience.csv"))
    assert list(tmp_path.iterdir()) == []


# Keys


@pytest.mark.parametrize(
    ("level", "call"),
    [
        ("endpoint", acoustic_exchange.delete_endpoint(20002)),
        ("account", acoustic_exchange.delete_endpoint()),
        ("application", acoustic_exchange.delete_endpoint()),
        ("endpoint", acoustic_exchange.refresh_segments()),
        ("account", acoustic_exchange.set_endpoint_attributes(KEY, {"user": "someone"})),
        (
            "application",
            acoustic_exchange.set_endpoint_database(acoustic_exchange.EndpointDatabase(database_id="d")),
        ),
        ("endpoint", acoustic_exchange.list_endpoints(acoustic_exchange.EndpointQuery(endpoint_id=7))),
    ],
    ids=str,
)
def test_a_key_of_another_level_is_refused_before_anything_is_sent(
    server: ScriptedServer, level: str, call: Call[Any]
) -> None:
    transport = Transport(service(server.url, key_level=level))
    with pytest.raises(errors.InvalidConnection, match=f"holds one of level {level}"):
        transport.send(call)
    assert server.asked == []


def test_the_key_in_the_path_is_in_no_log_and_no_error(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    for logger in (None, "httpx"):  # Airflow silences the second
        caplog.set_level(logging.DEBUG, logger)
    transport = Transport(service(server.url, secrets=frozenset({KEY})))
    server.script.append(Reply(400, f"no endpoint has the key {KEY}".encode()))
    with pytest.raises(errors.InvalidRequest) as caught:
        transport.send(acoustic_exchange.set_endpoint_attributes(KEY, {"user": "someone"}))
    transport.close()
    assert server.asked[0].target == "/v1/endpointattributes/authkey/canary-key%3D%3AUS"
    assert "/v1/endpointattributes/authkey/" in caplog.text
    for text in (caplog.text, str(caught.value), repr(caught.value)):
        assert "canary" not in text


# Dataddo


def test_a_clone_that_answers_as_documented_was_made(server: ScriptedServer, transport: Transport) -> None:
    server.always = lambda asked: Reply(204, b"")
    assert transport.send(dataddo.clone_flow("f")) is None
    assert transport.send(dataddo.clone_destination("d")) is None
    server.always = lambda asked: Reply(200, {"id": "64a"})
    clone = transport.send(dataddo.clone_flow("f"))
    assert clone is not None
    assert clone.id == "64a"


@pytest.mark.parametrize(
    "location", ["/customer-api/v1/flows/64a", "https://elsewhere.example.org/flows/64a"]
)
def test_what_was_made_is_named_by_a_location_that_is_not_followed(
    server: ScriptedServer, transport: Transport, location: str
) -> None:
    server.script.append(Reply(201, b"", {"Location": location}))
    assert transport.send(dataddo.create_flow(FLOW)).id == "64a"
    assert len(server.asked) == 1


def test_202_says_no_more_than_that_it_was_taken(server: ScriptedServer, transport: Transport) -> None:
    server.always = lambda asked: Reply(202, b"")
    assert transport.send(dataddo.enqueue_extraction("s")) is None
    assert transport.send(dataddo.enqueue_write("f")).execution_id is None
    server.always = lambda asked: Reply(202, {"executionId": "64a"})
    assert transport.send(dataddo.enqueue_write("f")).execution_id == "64a"


@pytest.mark.parametrize(
    "call",
    [dataddo.delete_service("1"), dataddo.delete_source("1"), dataddo.delete_flow("1")],
    ids=operation,
)
def test_what_may_be_repeated_is_sent_again(
    server: ScriptedServer, transport: Transport, call: Call[Any]
) -> None:
    server.script.append(Reply(503))
    server.always = lambda asked: Reply(204, b"")
    assert transport.send(call) is None
    assert len(server.asked) == 2
