"""A real Airflow with a person before it, who consents, answers, and marks and clears tasks that wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prepared_services import Services
from real_airflow import HEARS_ENDINGS, RealAirflow

from airflow_provider_activation.airflow_compat import answers_resume
from airflow_provider_activation.operators.liveramp.authorization import AUTHORIZED, NOBODY_AUTHORIZES
from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled

STEP = 1200.0
"""Seconds. Nothing ends at the services unless the test lets the time pass there."""
SOON = scaled(90.0)
"""Seconds in which everything here happens."""
A_WHILE = scaled(5.0)
"""Seconds in which what must not happen would have."""


@dataclass
class Office:
    """Airflow, the services, and what a person does at both."""

    airflow: RealAirflow
    sandbox: Sandbox
    services: Services

    def begin_consent(self) -> str:
        """A run whose task waits for a person's consent."""
        run_id = self.airflow.trigger("attended_consent")
        self.wait_until_deferred(run_id, "authorize")
        return run_id

    def begin_extraction(self) -> tuple[str, str]:
        """A run whose task waits for an extraction, and the source that loads."""
        source = self.services.source(self.services.service())
        run_id = self.airflow.trigger("attended_extraction", source=source)
        self.wait_until_deferred(run_id, "extract")
        self.airflow.wait_until(self.taken_over(run_id, "extract", times=1), SOON)
        return run_id, source

    def asks(self, source_id: str, times: int) -> Callable[[], bool]:
        """A condition: the service has been asked for a source so many times from now on."""
        begun = len(self.sandbox.requests)
        path = f"/sources/{source_id}/status"
        return lambda: sum(r["path"] == path for r in self.sandbox.requests[begun:]) >= times

    @contextmanager
    def no_free_slot(self) -> Iterator[None]:
        """Let no task begin."""
        occupied = self.airflow.home / "occupied"
        occupied.touch()
        self.wait_for("running", self.airflow.trigger("occupied_slot"), "occupy")
        yield
        occupied.unlink()

    def taken_over(self, run_id: str, task_id: str, times: int) -> Callable[[], bool]:
        """A condition: so many triggerers in all have begun with the task's wait."""
        return lambda: self.airflow.task_log(run_id, task_id).count(") starting") >= times

    def wait_until_deferred(self, run_id: str, task_id: str, times: int = 1) -> None:
        """Return once a task has been deferred so many times, as far as the scheduler knows."""
        self.wait_for("deferred", run_id, task_id)
        self.airflow.wait_until(lambda: self.airflow.parts_noticed(run_id, task_id) >= times, SOON)

    def wait_for(self, state: str, run_id: str, task_id: str) -> None:
        self.airflow.wait_until(lambda: self.airflow.task_states(run_id)[task_id] == state, SOON)

    def attempt(self) -> dict[str, Any]:
        """The latest attempt at LiveRamp."""
        attempt: dict[str, Any] = self.sandbox.state()["liveramp"]["oAuthConnectionAttempts"][-1]
        return attempt

    def consent(self, address: str) -> None:
        """Open the destination's page and press its button."""
        page = httpx.get(address, timeout=SOON)
        assert "asks to deliver audiences" in page.raise_for_status().text
        ticket = httpx.URL(address).params["ticket"]
        answer = httpx.post(address, data={"ticket": ticket, "decision": "authorize"}, timeout=SOON)
        assert "Access authorised" in answer.raise_for_status().text
        self.sandbox.advance(STEP)

    def source(self, source_id: str) -> dict[str, Any]:
        """How a source stands at Dataddo."""
        source: dict[str, Any]
        (source,) = (s for s in self.sandbox.state()["dataddo"]["sources"] if s["id"] == source_id)
        return source


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, dags: Path, postgresql: str) -> Iterator[Office]:
    home = tmp_path_factory.mktemp("office") / "home"
    with (
        Sandbox(port=0, step_seconds=STEP) as sandbox,
        RealAirflow(
            home, dags, sandbox.connections, database=postgresql, AIRFLOW__CORE__PARALLELISM="1"
        ) as airflow,
    ):
        yield Office(airflow, sandbox, Services(sandbox))


def test_a_person_follows_the_link_and_consents(office: Office) -> None:
    airflow = office.airflow
    run_id = office.begin_consent()
    address = office.attempt()["authorizationUrl"]
    assert airflow.links(run_id, "authorize") == {"Authorize": address}
    (action,) = airflow.required_actions(run_id)
    assert action["subject"] == "Authorise LiveRamp at destination 1001"
    assert f"({address})" in action["body"]
    assert AUTHORIZED in action["options"]

    office.consent(address)
    office.wait_for("success", run_id, "authorize")
    assert airflow.xcom(run_id, "authorize") == office.attempt()["oAuthConnectionID"]
    assert airflow.required_actions(run_id) == []


def test_an_answer_before_the_consent_is_checked(office: Office) -> None:
    airflow = office.airflow
    run_id = office.begin_consent()
    attempts = len(office.sandbox.state()["liveramp"]["oAuthConnectionAttempts"])
    airflow.answer(run_id, "authorize", AUTHORIZED)
    if answers_resume():
        airflow.wait_until(lambda: "the wait goes on" in airflow.task_log(run_id, "authorize"), SOON)
        office.wait_until_deferred(run_id, "authorize", times=2)
        (again,) = airflow.required_actions(run_id)
        assert f"({office.attempt()['authorizationUrl']})" in again["body"]
    else:
        time.sleep(A_WHILE)
        assert airflow.task_states(run_id) == {"authorize": "deferred"}
    office.consent(office.attempt()["authorizationUrl"])
    office.wait_for("success", run_id, "authorize")
    assert airflow.xcom(run_id, "authorize") == office.attempt()["oAuthConnectionID"]
    assert len(office.sandbox.state()["liveramp"]["oAuthConnectionAttempts"]) == attempts


def test_the_answer_that_nobody_will(office: Office) -> None:
    run_id = office.begin_consent()
    (action,) = office.airflow.required_actions(run_id)
    if not answers_resume():
        assert NOBODY_AUTHORIZES not in action["options"]
        return
    office.airflow.answer(run_id, "authorize", NOBODY_AUTHORIZES)
    office.wait_for("failed", run_id, "authorize")
    assert "Declined" in office.airflow.task_log(run_id, "authorize")


@pytest.mark.parametrize("state", ["failed", "success"])
def test_who_marks_a_waiting_task_ends_what_it_started(office: Office, state: Any) -> None:
    run_id, source = office.begin_extraction()
    office.airflow.mark(run_id, "extract", state)
    if HEARS_ENDINGS:
        office.airflow.wait_until(lambda: office.source(source)["status"] == "inactive", SOON)
        office.airflow.wait_until(
            lambda: "was deactivated" in office.airflow.task_log(run_id, "extract"), SOON
        )
    else:
        time.sleep(A_WHILE)
        assert office.source(source)["status"] == "live"
    assert office.airflow.task_states(run_id) == {"extract": state}


def test_who_clears_a_waiting_task_ends_what_it_started(office: Office) -> None:
    run_id, source = office.begin_extraction()
    with office.no_free_slot():  # the task is not to begin anew before it is seen what clearing does
        office.airflow.clear(run_id, "extract")
        if HEARS_ENDINGS:
            office.airflow.wait_until(lambda: office.source(source)["status"] == "inactive", SOON)
        else:
            time.sleep(A_WHILE)
            assert office.source(source)["status"] == "live"
    if HEARS_ENDINGS:
        office.wait_for("failed", run_id, "extract")
        assert "the action is inactive" in office.airflow.task_log(run_id, "extract", try_number=2)
    else:
        office.airflow.wait_until(lambda: office.source(source)["runs"] == 2, SOON)


def test_a_triggerer_that_takes_over_from_a_dead_one_cancels_nothing(office: Office) -> None:
    run_id, source = office.begin_extraction()
    office.airflow.kill("triggerer")
    office.airflow.restart("triggerer")
    office.airflow.wait_until(office.taken_over(run_id, "extract", times=2), SOON)
    # who took over goes on asking, and would have cancelled before
    office.airflow.wait_until(office.asks(source, times=10), SOON)
    assert office.source(source)["status"] == "live"
    office.sandbox.advance(2 * STEP)
    office.wait_for("success", run_id, "extract")


def test_a_triggerer_that_loses_a_wait_and_lives_cancels_nothing(office: Office) -> None:
    run_id, source = office.begin_extraction()
    airflow = office.airflow
    airflow.suspend("triggerer")
    airflow.restart("triggerer", "another triggerer")
    airflow.wait_until(office.taken_over(run_id, "extract", times=2), SOON)
    airflow.resume("triggerer")
    airflow.wait_until(lambda: "trigger completed" in airflow.task_log(run_id, "extract"), SOON)
    # that it was told to end what goes on is a flaw of Airflow; the other triggerer waits
    assert ("invoking on_kill" in airflow.task_log(run_id, "extract")) is HEARS_ENDINGS
    assert office.source(source)["status"] == "live"
    office.sandbox.advance(2 * STEP)
    office.wait_for("success", run_id, "extract")


def test_no_log_shows_a_secret(office: Office) -> None:
    secrets = set(office.sandbox.secrets.values())
    logs = [log for log in office.airflow.home.rglob("*.log*") if log.is_file()]
    assert any("Authorise" in log.read_text() or "authorise" in log.read_text() for log in logs)
    assert [(log.name, s) for log in logs for s in secrets if s in log.read_text(errors="replace")] == []
