"""A person's consent: the link, the notifiers, the required action, and what the answers do."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred
from airflow.sdk import BaseNotifier
from task_running import Task

from airflow_provider_activation import airflow_compat
from airflow_provider_activation.errors import InvalidRequest, JobFailed
from airflow_provider_activation.operators.liveramp import LiveRampAuthorizeOAuthConnectionOperator
from airflow_provider_activation.operators.liveramp.authorization import AUTHORIZED, NOBODY_AUTHORIZES
from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled

both_modes = pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])


def authorize(**arguments: Any) -> LiveRampAuthorizeOAuthConnectionOperator:
    return LiveRampAuthorizeOAuthConnectionOperator(
        task_id="authorize",
        **{
            "destination_id": "1001",
            "integration_id": "2001",
            "poll_interval": 0.1,
            "timeout": scaled(20),
            **arguments,
        },
    )


@both_modes
def test_a_consent_yields_the_oauth_connection(connections: Sandbox, deferrable: bool) -> None:
    task = Task(lambda: authorize(deferrable=deferrable))
    oauth_connection_id = task.run()
    assert [c["id"] for c in connections.state()["liveramp"]["oAuthConnections"]] == [oauth_connection_id]
    assert task.ti is not None
    assert task.ti.xcoms["_link_LiveRampAuthorizeLink"].startswith(connections.url)


def test_an_existing_authorisation_is_taken_and_nobody_is_asked(connections: Sandbox) -> None:
    first = Task(authorize).run()
    assert Task(authorize).run() == first
    assert len(connections.state()["liveramp"]["oAuthConnectionAttempts"]) == 1


def test_authorising_again(connections: Sandbox) -> None:
    first = Task(authorize).run()
    assert Task(lambda: authorize(oauth_connection_id=first)).run() == first
    assert len(connections.state()["liveramp"]["oAuthConnectionAttempts"]) == 2


@both_modes
def test_a_refusal_fails_with_the_reason(connections: Sandbox, deferrable: bool) -> None:
    connections.misbehave(
        "fail", service="liveramp", method="POST", path="/v2/oauth-connection-attempts", times=1
    )
    with pytest.raises(JobFailed, match="OAuth connection attempt"):
        Task(lambda: authorize(deferrable=deferrable)).run()


def test_notifiers_are_told_the_address(connections: Sandbox) -> None:
    told: list[str] = []

    class Tell(BaseNotifier):
        template_fields = ("text",)

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

        def notify(self, context: Any) -> None:
            told.append(self.text)
            raise RuntimeError("the mail server is down")

    Task(lambda: authorize(notifiers=Tell("Open {{ authorization_url }}"))).run()
    assert told[0].startswith(f"Open {connections.url}/liveramp/consent/")


def test_an_integration_that_needs_no_consent_is_refused(connections: Sandbox) -> None:
    with pytest.raises(InvalidRequest, match="needs no authorisation"):
        Task(lambda: authorize(destination_id="1002", integration_id="2002")).run()


class TestRequiredAction:
    """What Airflow lists while the task is deferred, and what an answer does."""

    @pytest.fixture
    def asked(self, slow: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []
        monkeypatch.setattr(airflow_compat, "require_action", lambda ti, **what: asked.append(what))
        monkeypatch.setattr(airflow_compat, "answers_resume", lambda: True)
        return asked

    def begin(self) -> Task:
        task = Task(lambda: authorize(deferrable=True))
        with pytest.raises(TaskDeferred):
            task.begin()
        return task

    def answer(self, task: Task, *options: str) -> Any:
        event = {"event": {"chosen_options": list(options), "params_input": {}}}
        operator = authorize(deferrable=True)
        return operator.resume_execution("execute_complete", event, task.context)

    def test_it_names_the_page(self, slow: Sandbox, asked: list[dict[str, Any]]) -> None:
        self.begin()
        (action,) = asked
        assert f"({slow.url}/liveramp/consent/" in action["body"]
        assert action["options"] == [AUTHORIZED, NOBODY_AUTHORIZES]

    def test_an_answer_nobody_hears_is_not_offered(
        self, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(airflow_compat, "answers_resume", lambda: False)
        self.begin()
        assert asked[0]["options"] == [AUTHORIZED]

    def test_the_answer_that_it_is_done_is_checked(self, slow: Sandbox, asked: list[dict[str, Any]]) -> None:
        task = self.begin()
        with pytest.raises(TaskDeferred) as deferral:
            self.answer(task, AUTHORIZED)
        assert len(asked) == 2
        assert deferral.value.trigger.deadline == task.triggers[0].deadline, "the wait got longer"
        (attempt,) = slow.state()["liveramp"]["oAuthConnectionAttempts"]
        consent(attempt["authorizationUrl"])
        slow.advance(2 * 3600)
        assert self.answer(task, AUTHORIZED) == slow.state()["liveramp"]["oAuthConnections"][0]["id"]

    def test_the_answer_that_nobody_will(self, asked: list[dict[str, Any]]) -> None:
        # below Airflow 3.3 the second tells it not to try again
        with pytest.raises((JobFailed, AirflowFailException), match=NOBODY_AUTHORIZES):
            self.answer(self.begin(), NOBODY_AUTHORIZES)


def consent(address: str) -> None:
    """What a person does on the destination's page."""
    ticket = address.partition("ticket=")[2]
    answer = httpx.post(address, data={"ticket": ticket, "decision": "authorize"})
    assert answer.status_code == 200
