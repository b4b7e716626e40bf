"""What the code of commit 8873075 wrote goes on under this one: waits, notes, events, cursors.

Each file in `fixtures/` was written by that code. Ids may be numbers or texts when they come out again.
"""

from __future__ import annotations

import asyncio
import dataclasses
import fnmatch
import json
import pkgutil
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from event_watching import Store, triggerer, with_shared_streams
from event_watching import run as run_watch
from stored_tasks import ANYWHERE, CASES, PINNED, RUN_ID, SOON, Answers, Case, Notes, stored
from task_running import TaskInstance

from airflow_provider_activation import errors
from airflow_provider_activation.errors import ActivationError, Conflict, UncertainOutcome, WaitTimeout
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.waits.probe import Probe

WAITS, NOTES, WATCHES, ERRORS = stored("waits"), stored("notes"), stored("watches"), stored("errors")
BY_NAME = {case.name: case for case in CASES}
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
WAITING = [case for case in CASES if case.waits]


def as_texts(value: Any) -> Any:
    """A value with its numbers as texts: ids may come as either."""
    if isinstance(value, dict):
        return {name: as_texts(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_texts(item) for item in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def with_ids(value: Any, ids: dict[str, str]) -> Any:
    """A value with other ids, as numbers where they were."""
    if isinstance(value, dict):
        return {name: with_ids(item, ids) for name, item in value.items()}
    if isinstance(value, list):
        return [with_ids(item, ids) for item in value]
    renamed = ids.get(str(value))
    return value if renamed is None else type(value)(renamed)


# Waits


@pytest.fixture(scope="module")
def server() -> Iterator[Answers]:
    with pytest.MonkeyPatch.context() as patch:
        answers = Answers(WAITS["answers"])
        for name, connection in answers.environment.items():
            patch.setenv(name, connection)
        yield answers
        answers.stop()


def probe_of(wait: dict[str, Any]) -> str:
    return str(wait["kwargs"]["probe"])


every_wait = pytest.mark.parametrize(
    "wait", WAITS["waits"], ids=[probe_of(wait).rpartition(".")[2] for wait in WAITS["waits"]]
)


def test_no_name_was_taken_out_of_the_list() -> None:
    assert {probe_of(wait) for wait in WAITS["waits"]} <= PINNED["probes"].keys()
    assert {event["error"]["kind"] for event in ERRORS} <= PINNED["errors"].keys()
    assert {stored["path"] for stored in (*WAITS["waits"], *WATCHES)} <= PINNED["triggers"].keys()
    for case in CASES:
        assert sorted(NOTES[case.name]["made"]) == PINNED["task state"]["keys"][case.operator]


@every_wait
def test_a_trigger_is_made_again_of_what_is_stored(wait: dict[str, Any]) -> None:
    trigger = pkgutil.resolve_name(wait["path"])(**wait["kwargs"])
    path, arguments = trigger.serialize()
    assert pkgutil.resolve_name(path) is type(trigger)
    assert arguments.items() >= wait["kwargs"].items()


@every_wait
def test_a_probe_is_loaded_and_equal(wait: dict[str, Any]) -> None:
    fields = json.loads(wait["kwargs"]["fields"])
    probe = Probe.load(wait["kwargs"]["probe"], wait["kwargs"]["fields"])
    assert isinstance(probe, pkgutil.resolve_name(wait["kwargs"]["probe"]))
    loaded = json.loads(json.dumps(dataclasses.asdict(probe)))
    assert loaded.items() >= fields.items()
    assert Probe.load(*probe.dump()) == probe


def test_every_wait_goes_on_to_its_event(server: Answers) -> None:
    async def event_of(wait: dict[str, Any]) -> Any:
        soon = {"poll_interval": SOON["poll_interval"], "deadline": time.time() + 30}
        async for event in pkgutil.resolve_name(wait["path"])(**{**wait["kwargs"], **soon}).run():
            return json.loads(json.dumps(event.payload))

    async def events() -> list[Any]:
        return await asyncio.gather(*(event_of(wait) for wait in WAITS["waits"]))

    for wait, event in zip(WAITS["waits"], asyncio.run(events()), strict=True):
        expected = wait["event"]
        assert sorted(event) == sorted(expected)
        if "error" in expected:
            assert event["error"]["kind"] == expected["error"]["kind"]
            assert event["error"].keys() >= expected["error"].keys()
        else:
            assert as_texts(event) == as_texts(expected), probe_of(wait)


# Events


def resumed(case: Case, event: Any, submission: Any = None, **arguments: Any) -> Any:
    """What a deferred task makes of an event."""
    operator = case.make(arguments.pop("place", ANYWHERE), **arguments)
    ti = TaskInstance(operator.task_id, RUN_ID)
    if submission is not None:
        ti.xcoms["submission"] = submission
    context: Any = {"ti": ti, "task_state_store": Notes()}
    return operator.execute_complete(context, event)  # type: ignore[attr-defined]


@pytest.mark.parametrize("event", ERRORS, ids=lambda event: event["error"]["kind"])
@pytest.mark.parametrize("case", [BY_NAME["export"], BY_NAME["write"]], ids=lambda case: case.name)
def test_an_error_of_a_trigger_is_raised_as_it_was(case: Case, event: dict[str, Any]) -> None:
    with pytest.raises(ActivationError) as caught:
        resumed(case, event)
    kind = getattr(errors, event["error"]["kind"])
    assert type(caught.value) is kind
    assert caught.value.as_json().items() >= {**event["error"], "kind": kind.__name__}.items()


@pytest.mark.parametrize("case", WAITING, ids=lambda case: case.name)
def test_a_result_of_a_trigger_is_the_task_s(case: Case) -> None:
    kinds = {"authorize": "OAuthConnectionAttemptProbe", "distribute": "DistributionProbe"}
    kinds |= {"extract": "SourceRunProbe", "write": "FlowRunProbe"}
    probe = kinds.get(case.name, "JobProbe")
    event = next(wait["event"] for wait in WAITS["waits"] if probe_of(wait).endswith(f".{probe}"))
    assert as_texts(resumed(case, event)) == as_texts(event["result"])


@pytest.mark.parametrize("event", [None, {}, {"done": 1}])
def test_an_event_of_nobody_is_an_error(event: Any) -> None:
    with pytest.raises(ActivationError):
        resumed(BY_NAME["export"], event)


def test_a_person_s_answer_is_understood(connections: Sandbox) -> None:
    event = {"chosen_options": [PINNED["answers"][1]], "params_input": {}}
    with pytest.raises(errors.Declined, match=NOTES["authorize"]["submission"]["made"]):
        resumed(BY_NAME["authorize"], event, NOTES["authorize"]["submission"])


# Notes and the XCom of what was submitted


class Earlier:
    """A task whose first try was made under this code, and what the earlier code noted of just the same."""

    def __init__(self, case: Case, sandbox: Sandbox, **arguments: Any) -> None:
        self.case, self.sandbox = case, sandbox
        self.place = case.prepare()
        before = len(case.created(sandbox))
        self.task = case.task(self.place, **arguments)
        self.result = self.task.run()
        self.sent = case.created(sandbox)[before:]
        assert self.sent
        self.ids = dict(zip(NOTES[case.name]["ids"], case.ids(sandbox), strict=True))

    def compare_names(self) -> None:
        """Whether the first try wrote under the names that are listed, and the same key to the service."""
        keys, state = PINNED["task state"]["keys"], PINNED["task state"]
        assert isinstance(self.task.store, Notes)
        assert sorted(self.task.store) == keys[self.case.operator]
        for note in (note for notes in self.task.store.history for note in notes.values()):
            assert note["version"] == state["version"]
            assert sorted(note.keys() - state["fields"]) == [], "add it to stored_names.json"
        assert self.task.ti is not None
        xcoms = self.task.ti.xcoms
        assert sorted(xcoms) == PINNED["xcoms"][self.case.operator]
        assert sorted(xcoms.get("submission", PINNED["submission"])) == PINNED["submission"]
        sent = json.dumps([request["body"] for request in self.sent])
        assert [text for text in NOTES[self.case.name].get("texts", ()) if text not in sent] == []

    def try_again(self, note: Any) -> tuple[Any, int]:
        """The next try, with this note: its result, and how many more were made."""
        assert isinstance(self.task.store, Notes)
        self.task.store.clear()
        self.task.store.update(with_ids(note, self.ids))
        before = len(self.case.created(self.sandbox))
        try:
            result = self.task.run()
        except UncertainOutcome as error:
            result = error
        return result, len(self.case.created(self.sandbox)) - before


def told(result: Any) -> Any:
    """What tells one result from another of the same task."""
    if not isinstance(result, dict):
        return result
    names = ("id", "jobId", "source_id", "flow_id", "added", "lastRunStarted")
    return {name: as_texts(result[name]) for name in names if name in result}


@every_case
def test_a_try_stores_what_it_did_as_before_and_the_next_one_looks_before_it_sends(
    connections: Sandbox, case: Case
) -> None:
    earlier = Earlier(case, connections)
    earlier.compare_names()
    asked = len(connections.requests)
    result, more = earlier.try_again(NOTES[case.name]["intent"])
    assert more == 0
    assert any(request["method"] == "GET" for request in connections.requests[asked:])
    if case.is_proof or not isinstance(result, UncertainOutcome):
        assert told(result) == told(earlier.result)


@every_case
def test_a_known_id_is_taken_and_after_clearing_another_one_is_made(connections: Sandbox, case: Case) -> None:
    earlier = Earlier(case, connections, **case.anew)
    made = NOTES[case.name]["made"]
    result, more = earlier.try_again(made)
    assert more == 0
    assert told(result) == told(earlier.result)
    earlier.task.clear()
    if case.name == "upload":
        with pytest.raises(Conflict):
            earlier.try_again(made)
    elif case.name == "distribute":
        result, more = earlier.try_again(made)
        assert (result["added"], more) == ([], 0), "they were there before the task was cleared"
    else:
        result, more = earlier.try_again(made)
        assert more == len(earlier.sent)
        assert told(result) != told(earlier.result)


def test_what_an_earlier_try_gave_up_is_not_taken(connections: Sandbox) -> None:
    given_up, case = NOTES["given_up"], BY_NAME["export"]
    earlier = Earlier(case, connections)
    again = case.task(earlier.place)
    taken = again.run()
    ids = dict(zip(given_up["ids"], case.ids(connections), strict=True))
    again.store = Notes()
    again.store.update(with_ids(given_up["intent"], ids))
    assert told(again.run()) == told(taken) != told(earlier.result)
    assert len(case.created(connections)) == 2


TIME_IS_OUT = next(event for event in ERRORS if event["error"]["kind"] == "WaitTimeout")
UNDONE = {"distribute": "DELETE */segment-configs", "extract": "POST */extraction/deactivate"}


@pytest.mark.parametrize("name", UNDONE)
def test_what_was_submitted_is_undone_when_the_time_is_out(connections: Sandbox, name: str) -> None:
    earlier = Earlier(BY_NAME[name], connections)
    submission = with_ids(NOTES[name]["submission"], earlier.ids)
    with pytest.raises(WaitTimeout):
        resumed(earlier.case, TIME_IS_OUT, submission, place=earlier.place, cancel_on_kill=True)
    requests = [f"{request['method']} {request['path']}" for request in connections.requests]
    assert fnmatch.filter(requests, UNDONE[name])


@pytest.mark.parametrize("name", [case.name for case in WAITING if case.name not in UNDONE])
def test_what_was_submitted_and_cannot_be_undone_is_named(
    connections: Sandbox, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    submission = NOTES[name]["submission"]
    with pytest.raises(WaitTimeout):
        resumed(BY_NAME[name], TIME_IS_OUT, submission)
    assert (ANYWHERE["flow_id"] if name == "write" else str(submission["made"])) in caplog.text


# Event triggers


@pytest.mark.parametrize("watch", WATCHES, ids=lambda watch: watch["path"].rpartition(".")[2])
@with_shared_streams
def test_a_watch_goes_on_from_its_cursor(server: Answers, watch: dict[str, Any]) -> None:
    kind = pkgutil.resolve_name(watch["path"])
    kept = kind(**watch["kwargs"]).serialize()[1]
    assert kept.items() >= watch["kwargs"].items()
    server.answers.update(watch["answers"])
    store = Store(watch["state"])

    async def test() -> None:
        async with triggerer() as airflow:
            soon = {"poll_interval": SOON["poll_interval"], "report_existing": True}
            airflow.start(kind(**{**watch["kwargs"], **soon}), store)
            payloads = await airflow.fired(1)
            assert as_texts(payloads) == as_texts(watch["payloads"])
            await airflow.until(lambda: store != watch["state"])

    run_watch(test)
    assert sorted(watch["payloads"][0]) == PINNED["asset events"][watch["path"]]
    assert store == watch["state_after"]
    assert all(re.fullmatch(PINNED["cursors"][watch["path"]], key) for key in store)
