"""Lists with rows that nobody can read: the others are read, and none is passed over unsaid."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from task_running import Task

from adversary.conftest import Connect, Outcome, Serve, all_at_once, at_most
from adversary.server import Answer, Handler, Request, answer
from adversary.waiting import (
    ACOUSTIC,
    DATADDO,
    LIVERAMP,
    LIVERAMP_SYNC,
    TOKENS,
    Wait,
    creating,
    is_login,
    paged,
    payload_of,
)
from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.operators.dataddo import DataddoCreateFlowOperator
from airflow_provider_activation.operators.liveramp import LiveRampWithdrawSegmentsOperator

ALIEN: dict[str, Any] = {
    "null": None,
    "a number": 7,
    "a text": "row",
    "a list": [],
    "no fields": {},
    "no id": {"name": "n", "status": "RUNNING"},
    "id is null": {"id": None, "jobId": None, "name": "n", "status": "RUNNING"},
    "id is a list": {"id": [1], "jobId": {"x": 1}, "segmentID": [1], "name": "n"},
    "wrong types": {"id": "other", "jobId": "x-y", "name": 5, "label": {"a": 1}, "status": ["RUNNING"]},
    "nulls": {"id": "other", "jobId": 8, "name": None, "label": None, "status": None, "taxonomy": None},
    "odd times": {
        "id": "other",
        "name": "n",
        "flightStart": "soon",
        "flightStop": 20261125,
        "budget": "much",
    },
}


def rows_of(name: str, good: dict[str, Any]) -> list[Any]:
    return [good, ALIEN[name], {**good, "id": "second", "jobId": 701, "segmentID": "9002"}]


LISTS: dict[str, tuple[str, dict[str, Any], Callable[[list[Any]], Any], Callable[[str], list[Any]]]] = {
    "activities": (
        "delta_projects",
        {"id": "a1", "name": "Win-back"},
        lambda rows: rows,
        lambda conn_id: DeltaProjectsHook(conn_id).list_activities(),
    ),
    "jobs": (
        "acoustic_exchange",
        dict(ACOUSTIC.done),
        lambda rows: rows,
        lambda conn_id: AcousticExchangeHook(conn_id).list_jobs("SEGMENT_EXPORT"),
    ),
    "flows": (
        "dataddo",
        {"id": "f1", "label": "l", "source": [{"source_id": "s"}]},
        lambda rows: rows,
        lambda conn_id: DataddoHook(conn_id).list_flows(),
    ),
    "services": (
        "dataddo",
        {"id": 1000, "service": "snapchat_static", "label": "l"},
        lambda rows: rows,
        lambda conn_id: DataddoHook(conn_id).list_services(),
    ),
    "deliveries": (
        "liveramp",
        dict(LIVERAMP.done),
        LIVERAMP.listed,
        lambda conn_id: LiveRampHook(conn_id).list_deliveries(integration_connection_id="55"),
    ),
    "segment statuses": (
        "liveramp",
        dict(LIVERAMP_SYNC.done),
        LIVERAMP_SYNC.listed,
        lambda conn_id: LiveRampHook(conn_id).list_segment_statuses("ONBOARDING", ["9001", "9002"]),
    ),
    "managers": (
        "liveramp",
        {"id": "m1", "name": "m", "integrationConnectionID": "55", "status": "ACTIVE"},
        paged("v2/DistributionManagers"),
        lambda conn_id: LiveRampHook(conn_id).list_distribution_managers(),
    ),
}


@pytest.mark.parametrize("what", LISTS)
@pytest.mark.parametrize("name", ALIEN)
def test_one_alien_row_hides_no_other(what: str, name: str, connect: Connect, serve: Serve) -> None:
    """An activity without a name made every list unreadable."""
    service, good, listed, asked = LISTS[what]
    body = answer(listed(rows_of(name, good)))
    server = serve(lambda request: TOKENS if is_login(request) else body)
    with at_most(2):
        read = asked(connect(service, server.url))
    assert len(read) in (2, 3)
    wanted = {"second", "701", "9002"}
    assert any(wanted & {str(value) for value in row.model_dump().values()} for row in read)


def test_what_cannot_be_read_is_said_in_one_line(
    connect: Connect, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """Three hundred alien rows are one line in the log, with their number."""
    server = serve(answer([{"id": "a1", "name": "n"}, *[None] * 300]))
    hook = DeltaProjectsHook(connect("delta_projects", server.url))
    with caplog.at_level(logging.INFO):
        assert len(hook.list_activities()) == 1
    said = [record.getMessage() for record in caplog.records if "300" in record.getMessage()]
    assert len(said) == 1


WAITING: dict[str, Wait] = {"acoustic": ACOUSTIC, "liveramp": LIVERAMP, "sync": LIVERAMP_SYNC}


@pytest.fixture(scope="module")
def blinded(connect_for_all: Connect, serve_for_all: Serve) -> dict[Any, Outcome]:
    """A deferred wait for each alien row that stands in its list."""
    cases: dict[Any, Any] = {}
    for name, alien in ALIEN.items():
        for kind, wait in WAITING.items():
            server = serve_for_all(beside(alien, wait))
            trigger = wait.trigger(connect_for_all(wait.service, server.url), timeout=6)
            cases[kind, name] = partial(payload_of, trigger)
    return all_at_once(cases)


def beside(alien: Any, wait: Wait) -> Handler:
    looks = itertools.count()

    def handle(request: Request) -> Answer:
        if is_login(request):
            return TOKENS
        row = dict(wait.pending if next(looks) < 2 else wait.done)
        return answer(wait.listed([alien, row, alien]) if wait.is_list(request) else row)

    return handle


@pytest.mark.parametrize("name", ALIEN)
@pytest.mark.parametrize("wait", WAITING)
def test_an_alien_row_blinds_no_shared_poll(wait: str, name: str, blinded: dict[Any, Outcome]) -> None:
    """An alien job blinded the poll that all waits share."""
    outcome = blinded[wait, name]
    assert not outcome.result().get("error"), outcome.value
    assert outcome.seconds < 6


@pytest.mark.parametrize(
    "row",
    [
        {"jobId": 700, "status": None},
        {"jobId": "700", "status": "COMPLETE", "errorDetails": 5, "producerEndpointID": "x"},
        {"jobId": 700.0, "status": "COMPLETE"},
    ],
    ids=["no status", "odd fields", "a float"],
)
def test_a_row_that_may_be_the_one_looked_for(row: dict[str, Any], connect: Connect, serve: Serve) -> None:
    """The job's own row was odd for a while. The job is looked at alone, and the wait goes on to its end."""

    def handle(request: Request) -> Answer:
        if ACOUSTIC.is_list(request):
            return answer([row])
        return answer(dict(ACOUSTIC.pending if len(server.asked) < 3 else ACOUSTIC.done))

    server = serve(handle)
    trigger = ACOUSTIC.trigger(connect("acoustic_exchange", server.url), timeout=3)
    with at_most(4):
        payload = payload_of(trigger)
    assert not payload.get("error"), payload


@pytest.mark.parametrize("hidden", [{"id": "x1"}, {"id": "x1", "name": None}, None])
def test_a_row_without_a_name_may_be_what_was_made(hidden: Any, connect: Connect, serve: Serve) -> None:
    """The answer to a creation was lost, and the list shows a new row that cannot be read: no second one."""
    posted: list[Request] = []

    def handle(request: Request) -> Answer:
        if request.method == "POST":
            posted.append(request)
            return lambda wire: None
        return answer([hidden] if posted else []) if request.path.endswith("/activity") else answer({}, 404)

    conn_id = connect("delta_projects", serve(handle).url)
    task = creating(conn_id)
    for _ in range(2):
        with pytest.raises(ActivationError):
            task.run()
    assert len(posted) == 1


def test_a_flow_without_a_source_id_hides_no_other(connect: Connect, serve: Serve) -> None:
    """An untyped label or a null ``source_id`` in one flow failed the whole list; the equal flow is taken."""
    rows = [
        {"id": "f0", "label": None, "source": [{"source_id": None}]},
        {"id": "f1", "label": 17, "source": None},
        {"id": "f2", "label": "mine", "source": [{"source_id": "s1"}], "api": {"app": "google_data_studio"}},
    ]
    server = serve(
        lambda request: (
            TOKENS if is_login(request) else answer(rows[2] if request.path.endswith("/f2") else rows)
        )
    )
    conn_id = connect("dataddo", server.url)
    task = Task(
        lambda: DataddoCreateFlowOperator(
            task_id="flow",
            source_ids=["s1"],
            app="google_data_studio",
            flow_label="mine",
            dataddo_conn_id=conn_id,
        )
    )
    assert task.run()["id"] == "f2"
    assert server.asked_for("POST", "/flows") == []


@pytest.mark.parametrize("alien", [{"id": "c2"}, {"id": "c2", "segmentID": None}, None])
def test_a_config_that_cannot_be_read_is_not_withdrawn_in_silence(
    alien: Any, connect: Connect, serve: Serve
) -> None:
    """A segment stayed in distribution although the task that withdraws it was green."""

    def handle(request: Request) -> Answer:
        if is_login(request):
            return TOKENS
        if request.path.endswith("/segment-configs"):
            return answer({"segmentConfigs": [alien], "_pagination": {"after": None, "total": 1}})
        return answer({"id": "m1", "name": "m", "integrationConnectionID": "5", "status": "ACTIVE"})

    conn_id = connect("liveramp", serve(handle).url)
    task = Task(
        lambda: LiveRampWithdrawSegmentsOperator(
            task_id="out", distribution_manager_id="m1", segment_ids=["9001"], liveramp_conn_id=conn_id
        )
    )
    with at_most(20), pytest.raises(ActivationError):
        task.run()


@pytest.mark.parametrize("said", [b"{}", b"", b'{"label": "new"}', b"[]", b"null"])
def test_an_update_that_is_answered_without_an_id(said: bytes, connect: Connect, serve: Serve) -> None:
    """An update answered 200 ``{}`` was an error though it was done."""
    server = serve(lambda request: TOKENS if is_login(request) else answer(said))
    flow = DataddoHook(connect("dataddo", server.url)).update_flow("f1", {"label": "new"})
    assert flow.id == "f1"
    assert len(server.asked_for("PUT")) == 1


def test_a_run_status_of_a_flow_with_odd_times(connect: Connect, serve: Serve) -> None:
    """A time that nobody can read is one bad poll."""
    odd = dict(DATADDO.pending) | {"lastRunStarted": "just now"}
    server = serve(DATADDO.looks(odd, DATADDO.pending, DATADDO.done))
    assert DATADDO.run(connect("dataddo", server.url))["status"] == "live"
