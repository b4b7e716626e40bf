"""Services that say yes and do something else: green needs proof."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from task_running import Task

from adversary.conftest import Connect, Outcome, Serve, all_at_once
from adversary.making import (
    CONNECTION,
    DELTA,
    DISTRIBUTION,
    EXPORT,
    FLOW,
    IMPORT,
    MANAGER,
    PROPERTIES,
    SERVICE,
    SOURCE,
    TOLD,
    Kind,
)
from adversary.server import Answer, Request, answer, cut
from adversary.services import Acoustic, Book, Delta, LiveRamp, Row
from airflow_provider_activation.errors import (
    ActivationError,
    InvalidRequest,
    PartialFailure,
    Refused,
    UncertainOutcome,
)
from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeDefineSegmentsOperator,
    AcousticExchangeDownloadSegmentDataOperator,
    AcousticExchangeRegisterEndpointOperator,
)
from airflow_provider_activation.operators.delta_projects import DeltaProjectsUpdateActivityOperator
from airflow_provider_activation.operators.liveramp import (
    LiveRampUpdateDistributionManagerOperator,
    LiveRampUpdateIntegrationConnectionOperator,
    LiveRampWithdrawSegmentsOperator,
)

Spoil = Callable[[Row], None]


def other(**values: Any) -> Spoil:
    return lambda row: row.update(values)


def error_of(call: Callable[[], Any]) -> BaseException:
    try:
        result = call()
    except Exception as error:
        return error
    raise AssertionError(f"green with {result!r}")


# --- what is made is not what was asked for --------------------------------------------------------

ACTION = {"action": "replace", "destination_segment_id": "d-1"}
REPLACING = replace(EXPORT, arguments=EXPORT.arguments | ACTION)
CONSENTED = replace(CONNECTION, arguments=CONNECTION.arguments | {"oauth_connection_id": "o-1"})
WRONG: dict[str, tuple[Kind, Spoil, str]] = {
    "budget": (DELTA, other(budget=100000), "budget"),
    "budget in cents": (DELTA, other(budget="1000.01"), "budget"),
    "budget of nothing": (DELTA, other(budget=0), "budget"),
    "flight a day late": (DELTA, other(flightStart="2030-01-02T00:00:00.000+0000"), "flight"),
    "flight in another zone": (DELTA, other(flightStop="2030-02-01T00:00:00.000+0100"), "flight"),
    "enabled at once": (DELTA, other(enabled=True), "enabled"),
    "another segment": (EXPORT, other(producerSegmentID=8000000000000001153), "egment"),
    "another source": (EXPORT, other(producerEndpointID=2), "ndpoint"),
    "another destination": (EXPORT, other(destinationEndpointID=4), "ndpoint"),
    "another action": (REPLACING, other(shareAction="REMOVE"), "ction"),
    "an action that adds": (REPLACING, other(shareAction="ADD"), "ction"),
    "an import of another segment": (IMPORT, other(producerSegmentID=3), "egment"),
    "another bucket": (
        CONNECTION,
        other(properties=[{"propertyKey": "bucket", "propertyValue": "theirs"}]),
        "propert",
    ),
    "a device less": (CONNECTION, other(deviceTypes=["PII"]), "device"),
    "a device more": (CONNECTION, other(deviceTypes=["PII", "WEB", "IOS"]), "device"),
    "another integration": (CONNECTION, other(integrationID=["1002", "2009"]), "integration"),
    "another consent": (CONSENTED, other(oAuthConnectionID="o-2"), "uth"),
    "no consent": (CONSENTED, other(oAuthConnectionID=""), "uth"),
    "another connection": (MANAGER, other(integrationConnectionID="56"), "onnection"),
    "a source of another service": (SOURCE, lambda row: row["parameters"].update(oAuthId=32), "oAuth"),
    "a source of fewer flows": (FLOW, other(source=[{"source_id": "s1"}]), "source"),
    "a flow of another source": (FLOW, other(source=[{"source_id": "s1"}, {"source_id": "s3"}]), "source"),
    "a flow for another app": (FLOW, other(api={"app": "tableau", "id": "x"}), "app"),
    "another type of service": (SERVICE, other(service="facebook"), "service"),
}


@pytest.fixture(scope="module")
def wrong(connect_for_all: Connect, serve_for_all: Serve) -> dict[str, tuple[Book, list[BaseException]]]:
    """Two tries of each at a service that makes something else."""
    cases: dict[str, Any] = {}
    for name, (kind, spoil, _) in WRONG.items():
        book = kind.book(spoils={kind.made: spoil})
        task = kind.served(connect_for_all, serve_for_all, book)
        cases[name] = partial(twice, book, task)
    return {name: outcome.result() for name, outcome in all_at_once(cases, 16).items()}


def twice(book: Book, task: Task) -> tuple[Book, list[BaseException]]:
    return book, [all_at_once({"try": task.run})["try"].error or AssertionError("green") for _ in range(2)]


@pytest.mark.parametrize("name", WRONG)
def test_what_was_made_is_what_was_asked_for(
    name: str, wrong: dict[str, tuple[Book, list[BaseException]]]
) -> None:
    """Green over ``enabled: false``, and over a budget, a flight or a destination that differed."""
    kind, _, field = WRONG[name]
    book, (first, second) = wrong[name]
    assert isinstance(first, Refused), first
    assert field in str(first)
    assert str(book.rows[kind.made][0][kind.thing]) in str(first)
    # neither a retry makes a second one
    assert isinstance(second, ActivationError)
    assert book.posts[kind.made] == 1
    assert book.posts[f"{kind.made} changed"] == 0


SAME: dict[str, tuple[Kind, Spoil]] = {
    "an instant in another zone": (DELTA, other(flightStart="2030-01-01T01:00:00.000+0100")),
    "an instant without fractions": (DELTA, other(flightStop="2030-02-01T00:00:00Z")),
    "a budget as a text": (DELTA, other(budget="1000.00")),
    "a budget as an exponent": (DELTA, other(budget=1e3)),
    "no budget shown": (DELTA, lambda row: row.pop("budget")),
    "null for what is not shown": (DELTA, other(flightStart=None, budget=None)),
    "fields of another version": (DELTA, other(orderId=None, templateId=None, version=7)),
    "ids as texts": (EXPORT, other(producerEndpointID="1", producerSegmentID="8000000000000001152")),
    "an action in another case": (EXPORT, other(shareAction="Add")),
    "nothing of the segment": (EXPORT, other(producerSegmentID=None, shareAction=None)),
    "devices in another order": (CONNECTION, other(deviceTypes=["WEB", "PII"])),
    "a value in another case": (
        CONNECTION,
        other(properties=[{"propertyKey": "Bucket", "propertyValue": " Audiences "}]),
    ),
    "sources in another order": (FLOW, other(source=[{"source_id": "s2"}, {"source_id": "s1"}])),
    "an app in another case": (FLOW, other(api={"app": "Google_Data_Studio", "id": "x"})),
    "a service by a text": (SOURCE, lambda row: row["parameters"].update(oAuthId="31")),
    "parameters that are not shown": (
        SOURCE,
        lambda row: row.update(parameters={"oAuthId": row["parameters"]["oAuthId"]}),
    ),
}


@pytest.fixture(scope="module")
def same(connect_for_all: Connect, serve_for_all: Serve) -> dict[str, Outcome]:
    cases: dict[str, Any] = {}
    for name, (kind, spoil) in SAME.items():
        book = kind.book(spoils={kind.made: spoil})
        cases[name] = kind.served(connect_for_all, serve_for_all, book).run
    return all_at_once(cases, 16)


@pytest.mark.parametrize("name", SAME)
def test_the_same_in_other_words_is_no_difference(name: str, same: dict[str, Outcome]) -> None:
    """Instants, numbers and lists are compared by what they mean."""
    assert same[name].result()


@pytest.mark.parametrize("kind", ["activity", "export", "manager", "source", "flow"])
def test_a_text_that_was_changed_is_a_warning(
    kind: str, connect: Connect, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """A name is free text: who, what, how much and when are as they were asked for."""
    book = TOLD[kind].book(changes=lambda text: f"{text} (Q4)")
    task = TOLD[kind].served(connect, serve, book)
    with caplog.at_level(logging.WARNING):
        assert task.run()
    assert "(Q4)" in caplog.text


# --- enabling ------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoils", ["ignored", "undone"])
def test_an_activity_that_is_not_enabled(spoils: str, connect: Connect, serve: Serve) -> None:
    """``create(enabled=True)`` was green over ``enabled: false``."""
    book = Delta(spoils={"activity changed": other(enabled=False if spoils == "ignored" else None)})
    if spoils == "undone":
        book.spoils = {"activity changed": other(enabled="false")}
    task = DELTA.served(connect, serve, book, enabled=True)
    assert isinstance(error_of(task.run), ActivationError)
    assert isinstance(error_of(task.run), ActivationError)
    assert book.posts["activity"] == 1


@pytest.mark.parametrize("name", ["budget", "flight a day late", "flight in another zone"])
def test_what_is_wrong_is_not_enabled(name: str, connect: Connect, serve: Serve) -> None:
    """An activity with a hundred times the budget must not run."""
    book = Delta(spoils={"activity": WRONG[name][1]})
    task = DELTA.served(connect, serve, book, enabled=True)
    for _ in range(2):
        assert isinstance(error_of(task.run), ActivationError)
    assert book.posts == {"activity": 1}
    assert book.rows["activity"][0]["enabled"] is False


@pytest.mark.parametrize("late", ["listed_after", "found_after", "settled_after"])
def test_an_activity_that_is_enabled_late(late: str, connect: Connect, serve: Serve) -> None:
    """Reads after the update show the old state for a while."""
    book = Delta(**{late: 0.2})  # type: ignore[arg-type]
    assert DELTA.served(connect, serve, book, enabled=True).run()["enabled"] is True
    assert book.posts["activity"] == 1


# --- updates -------------------------------------------------------------------------------------

DATES = {"createdAt": "2026-11-01T00:00:00Z", "updatedAt": "2026-11-01T00:00:00Z"}
OLD: dict[str, tuple[type[Book], Row]] = {
    "activity": (
        Delta,
        {
            "id": "a1",
            "name": "Win-back",
            "enabled": False,
            "budget": 1000,
            "flightStart": "2029-12-31T23:00:00.000+0000",
            "flightStop": "2030-01-31T23:00:00.000+0000",
        },
    ),
    "manager": (
        LiveRamp,
        {"id": "66", "name": "Daily", "integrationConnectionID": "55", "status": "ACTIVE", "expireAt": None}
        | DATES,
    ),
    "connection": (
        LiveRamp,
        {"id": "55", "integrationID": ["1002", "2002"], "properties": PROPERTIES, "deviceTypes": ["PII"]}
        | DATES,
    ),
}
UPDATES: dict[str, tuple[str, Row]] = {
    "enabled": ("activity", {"enabled": True}),
    "budget": ("activity", {"budget": "2500.50"}),
    "flight_stop": ("activity", {"flight_stop": "2030-03-01T00:00:00+01:00"}),
    "impression_budget": ("activity", {"impression_budget": 5000}),
    "all of an activity": ("activity", {"enabled": True, "budget": 5, "flight_stop": "2031-01-01T00:00:00Z"}),
    "status": ("manager", {"status": "INACTIVE"}),
    "expire_at": ("manager", {"expire_at": "2031-01-01"}),
    "device_types": ("connection", {"device_types": ["PII", "WEB"]}),
    "properties": ("connection", {"properties": {"bucket": "weekly"}}),
    "oauth_connection_id": ("connection", {"oauth_connection_id": "o-2"}),
}
UPDATING: dict[str, Callable[..., Any]] = {
    "activity": partial(DeltaProjectsUpdateActivityOperator, task_id="change", activity_id="a1"),
    "manager": partial(
        LiveRampUpdateDistributionManagerOperator, task_id="change", distribution_manager_id="66"
    ),
    "connection": partial(
        LiveRampUpdateIntegrationConnectionOperator, task_id="change", integration_connection_id="55"
    ),
}


def updating(name: str, connect: Connect, serve: Serve, **habits: Any) -> tuple[Book, Task]:
    kind, changed = UPDATES[name]
    of_kind, old = OLD[kind]
    book = of_kind(**habits)
    row = book.has(kind, **old)
    if name == "impression_budget":
        row["impressionBudget"] = 100
    service = "delta_projects" if of_kind is Delta else "liveramp"
    conn_id = connect(service, serve(book).url)
    return book, Task(lambda: UPDATING[kind](**{f"{service}_conn_id": conn_id}, **changed))


@pytest.fixture(scope="module")
def updates(connect_for_all: Connect, serve_for_all: Serve) -> dict[tuple[str, str], Outcome]:
    """Each update at a service that ignores it, undoes a part of it, or shows it late."""
    cases: dict[tuple[str, str], Any] = {}
    for name, (kind, _) in UPDATES.items():
        old = OLD[kind][1] | ({"impressionBudget": 100} if name == "impression_budget" else {})
        back = {"oAuthConnectionID": None} | old
        habits: dict[str, Row] = {
            "ignored": {"spoils": {f"{kind} changed": other(**back)}},
            "late": {"settled_after": 0.2},
            "made": {},
        }
        for how, given in habits.items():
            _, task = updating(name, connect_for_all, serve_for_all, **given)
            cases[name, how] = task.run
    return all_at_once(cases, 16)


@pytest.mark.parametrize(
    "name", [name for name in UPDATES if name not in ("oauth_connection_id", "expire_at")]
)
def test_an_update_that_changed_nothing(name: str, updates: dict[tuple[str, str], Outcome]) -> None:
    """200, and the budget, the flight or the status is as it was before."""
    error = updates[name, "ignored"].error
    assert isinstance(error, Refused), updates[name, "ignored"]
    field = {"all of an activity": "enabled", "device_types": "device"}.get(name, name.split("_")[0])
    assert field in str(error)


@pytest.mark.parametrize("how", ["late", "made"])
@pytest.mark.parametrize("name", UPDATES)
def test_an_update_that_shows_late(name: str, how: str, updates: dict[tuple[str, str], Outcome]) -> None:
    """A read right after the update shows the old state."""
    assert updates[name, how].result()


# --- managers of connections ---------------------------------------------------------------------


@pytest.mark.parametrize("habit", ["at once", "late", "lost"])
def test_a_manager_that_is_missing_is_made(habit: str, connect: Connect, serve: Serve) -> None:
    """A connection was green with ``distributionManagerID: null`` although a manager was asked for."""
    fates = {"manager": ["lost"]} if habit == "lost" else {}
    book = LiveRamp(fates, spoils={"no manager": other()}, listed_after=0.2 if habit == "late" else 0.0)
    task = CONNECTION.served(connect, serve, book)
    result = task.run()
    assert book.posts == {"connection": 1, "manager": 1}
    assert result["distributionManagerID"] == book.rows["manager"][0]["id"]
    assert book.rows["manager"][0]["integrationConnectionID"] == result["id"]


def test_the_manager_of_a_connection_that_exists(connect: Connect, serve: Serve) -> None:
    """The connection was there, with the manager of another team and without ours."""
    book = LiveRamp()
    known = {"properties": PROPERTIES, "deviceTypes": ["WEB", "PII"], "integrationID": ["1002", "2002"]}
    book.has("connection", id="55", **known, **DATES)
    book.has("manager", id="8", name="Theirs", integrationConnectionID="55", status="ACTIVE", **DATES)
    book.rows["manager"][0]["expireAt"] = None
    result = CONNECTION.served(connect, serve, book).run()
    assert result["id"] == "55"
    assert result["distributionManagerID"] not in (None, "8")
    assert book.posts == {"manager": 1}


# --- segments ------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", [True, False])
def test_segments_that_are_not_in_distribution(store: bool, connect: Connect, serve: Serve) -> None:
    """207 with success for both, and only one is listed."""
    book = LiveRamp(spoils={"dropped": other()})
    task = DISTRIBUTION.served(connect, serve, book, store=store)
    error = error_of(task.run)
    assert isinstance(error, PartialFailure | UncertainOutcome | Refused)
    assert "9002" in str(error)


def test_segments_that_stay_in_distribution(connect: Connect, serve: Serve) -> None:
    """207 with success, and the segment is still delivered."""
    book = LiveRamp(spoils={"withdrawn": other()})
    book.has("config", segmentID="9001", segmentType="ONBOARDING", distributionManagerID="66")
    conn_id = connect("liveramp", serve(book).url)
    task = Task(
        lambda: LiveRampWithdrawSegmentsOperator(
            task_id="out", distribution_manager_id="66", segment_ids=["9001"], liveramp_conn_id=conn_id
        )
    )
    error = error_of(task.run)
    assert isinstance(error, ActivationError)
    assert "9001" in str(error)


SEGMENT = {"id": 5, "name": "Win-back", "type": "Queries"}
MADE_OF_SEGMENTS: dict[str, Spoil] = {
    "other attributes": other(segment_attributes=[{"name": "age", "type": "number"}]),
    "no attributes": other(segment_attributes=[]),
}


def defining(connect: Connect, serve: Serve, book: Acoustic, mode: str = "replace") -> Task:
    conn_id = connect("acoustic_exchange", serve(book).url, key_level="endpoint")
    return Task(
        lambda: AcousticExchangeDefineSegmentsOperator(
            task_id="define",
            endpoint_id=1,
            segments=[SEGMENT | {"segment_attributes": [{"name": "mail", "type": "string"}]}],
            mode=mode,
            acoustic_exchange_conn_id=conn_id,
        )
    )


@pytest.mark.parametrize("name", MADE_OF_SEGMENTS)
def test_segments_that_an_endpoint_does_not_offer(name: str, connect: Connect, serve: Serve) -> None:
    """``true``, and the endpoint shows other segments, or none."""
    book = Acoustic(spoils={"segment": MADE_OF_SEGMENTS[name]})
    assert isinstance(error_of(defining(connect, serve, book).run), ActivationError)
    assert book.posts["segment"] == 1


@pytest.mark.parametrize("mode", ["append", "replace"])
def test_segments_that_an_endpoint_offers(mode: str, connect: Connect, serve: Serve) -> None:
    book = Acoustic(spoils={"segment": other(type="queries", id="5")})
    task = defining(connect, serve, book, mode)
    assert task.run()["added"] == ["5"]
    if mode == "append":
        assert task.run()["unchanged"] == ["5"]
        assert book.posts["segment"] == 1


# --- endpoints -----------------------------------------------------------------------------------

TYPES = {"segment": {"source": {"enabled": True, "producerType": "push"}}}
STORED: dict[str, Spoil] = {
    "another address": other(url="https://theirs.example"),
    "a type switched off": other(
        endpointTypes={"segment": {"source": {"enabled": False, "producerType": "push"}}}
    ),
    "pull for push": other(endpointTypes={"segment": {"source": {"enabled": True, "producerType": "pull"}}}),
}


def registering(connect: Connect, serve: Serve, book: Acoustic) -> Task:
    conn_id = connect("acoustic_exchange", serve(book).url, key_level="endpoint")
    return Task(
        lambda: AcousticExchangeRegisterEndpointOperator(
            task_id="register",
            name="Shop",
            provider_name="Example",
            endpoint_types=TYPES,
            url="https://shop.example/push",
            acoustic_exchange_conn_id=conn_id,
        )
    )


@pytest.mark.parametrize("name", STORED)
def test_a_registration_that_was_not_stored(name: str, connect: Connect, serve: Serve) -> None:
    """200 with the endpoint's id, and the endpoint shows another description."""
    book = Acoustic(spoils={"endpoint changed": STORED[name]})
    assert isinstance(error_of(registering(connect, serve, book).run), Refused)


def test_the_name_of_an_endpoint_that_was_changed(
    connect: Connect, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """Free text that the service changed is a warning."""
    book = Acoustic(spoils={"endpoint changed": other(name="Their shop")})
    with caplog.at_level(logging.WARNING):
        registering(connect, serve, book).run()
    assert "Their shop" in caplog.text


@pytest.mark.parametrize("late", [0.0, 0.2])
def test_a_registration_that_was_stored(late: float, connect: Connect, serve: Serve) -> None:
    book = Acoustic(settled_after=late)
    old: Row = {"name": "Shop", "providerName": "Old", "endpointTypes": {}, "url": None}
    book.has("endpoint", id=500, endpointId=500, **old)
    assert registering(connect, serve, book).run()["endpointId"] == "500"


# --- files ---------------------------------------------------------------------------------------

CSV = {"Content-Type": "text/csv"}
PIECES = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n"
PAGE = "<!doctype html><title>Sign in</title>"
NO_FILE: dict[str, Answer] = {
    "202": answer(b"a;b\n", 202, CSV),
    "202 without a word": answer(b"", 202, CSV),
    "203": answer(b"a;b\n", 203, CSV),
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "206": answer(b"a;b\n", 206, CSV | {"Content-Range": "bytes 0-3/400"}),
    "206 of all": answer(b"a;b\n", 206, CSV | {"Content-Range": "bytes 0-3/4"}),
    "false": answer(b"false"),
    "False as a text": answer(b"False", 200, {"Content-Type": "text/plain"}),
    "a JSON error": answer({"message": "expired"}),
    "untyped HTML": answer(PAGE, 200, {"Content-Type": ""}),
    "HTML as bytes": answer(f"\n\n  {PAGE}", 200, {"Content-Type": "application/octet-stream"}),
    "HTML as CSV": answer(PAGE.upper(), 200, CSV),
    "XHTML": answer(PAGE, 200, {"Content-Type": "application/xhtml+xml"}),
    "HTML behind a mark": answer(b"\xef\xbb\xbf" + PAGE.encode(), 200, {"Content-Type": ""}),
    "short": cut(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 400\r\n\r\na;b\n"),
    "longer than announced": cut(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 4\r\n\r\na;b\nmore rows"
    ),
    "short in pieces": cut(PIECES + b"4\r\na;b\n\r\n"),
    "short in a piece": cut(PIECES + b"ff\r\na;b\n"),
    "a broken gzip": answer(b"\x1f\x8b\x08\x00broken", 200, CSV | {"Content-Encoding": "gzip"}),
}


def downloading(said: Answer, names: Any, conn: Connect, serve: Serve, folder: Path, **given: Any) -> Task:
    job = {"jobId": 700, "jobCategory": "SEGMENT_EXPORT", "status": "READY_FOR_DOWNLOAD"}

    def handle(request: Request) -> Answer:
        if "segmentDataFiles" in request.path:
            return said
        return answer(job | {"segmentDataFiles": names})

    conn_id = conn("acoustic_exchange", serve(handle).url)
    options: Row = {"job_id": 700, "directory": str(folder), "acoustic_exchange_conn_id": conn_id} | given
    return Task(lambda: AcousticExchangeDownloadSegmentDataOperator(task_id="download", **options))


@pytest.mark.parametrize("name", NO_FILE)
def test_what_is_no_file_of_the_job(name: str, connect: Connect, serve: Serve, tmp_path: Path) -> None:
    """Each replaced the good file of yesterday."""
    good = tmp_path / "people.csv"
    good.write_text("yesterday")
    task = downloading(NO_FILE[name], ["people.csv"], connect, serve, tmp_path)
    assert isinstance(error_of(task.run), ActivationError)
    assert good.read_text() == "yesterday"
    assert list(tmp_path.iterdir()) == [good]


FILES: dict[str, tuple[Answer, bytes]] = {
    "typed": (answer(b"a;b\n1;2\n", 200, CSV), b"a;b\n1;2\n"),
    "untyped": (answer(b"a;b\n", 200, {"Content-Type": ""}), b"a;b\n"),
    "empty": (answer(b"", 200, CSV), b""),
    "in pieces": (
        PIECES + b"4\r\na;b\n\r\n0\r\n\r\n",
        b"a;b\n",
    ),
    "a file that speaks of pages": (answer(b"html;b\n<html>;2\n", 200, CSV), b"html;b\n<html>;2\n"),
    "a column false": (answer(b"false;b\n1;2\n", 200, CSV), b"false;b\n1;2\n"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_a_file_of_the_job(name: str, connect: Connect, serve: Serve, tmp_path: Path) -> None:
    said, content = FILES[name]
    result = downloading(said, ["people.csv"], connect, serve, tmp_path).run()
    assert result["files"] == [str(tmp_path / "people.csv")]
    assert (tmp_path / "people.csv").read_bytes() == content


@pytest.mark.parametrize(
    "name", ["../evil.csv", "/etc/evil.csv", "a/b.csv", "..", ".", "", "a\x00.csv", "a\\..\\b.csv"]
)
def test_a_job_whose_file_has_a_folder_in_its_name(
    name: str, connect: Connect, serve: Serve, tmp_path: Path
) -> None:
    """A name that leads out of the folder."""
    inner = tmp_path / "in"
    inner.mkdir()
    task = downloading(answer(b"a;b\n", 200, CSV), [name], connect, serve, inner)
    try:
        files = task.run()["files"]
    except ActivationError:
        files = []
    assert all(Path(file).parent == inner for file in files)
    assert list(tmp_path.iterdir()) == [inner]


def test_a_file_that_the_job_does_not_name(connect: Connect, serve: Serve, tmp_path: Path) -> None:
    """A file is one that the job names, whatever the service sends for another name."""
    task = downloading(
        answer(b"a;b\n", 200, CSV), ["people.csv"], connect, serve, tmp_path, file_names=["others.csv"]
    )
    assert isinstance(error_of(task.run), InvalidRequest)
    assert not list(tmp_path.iterdir())
