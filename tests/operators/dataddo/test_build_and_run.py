"""Dataddo's main tasks: a flow is built, its source extracted and its destination written, in both modes."""

from __future__ import annotations

from typing import Any

import pytest
from example_tasks import build_flow
from task_running import Task

from airflow_provider_activation.errors import InvalidRequest, JobFailed, UncertainOutcome
from airflow_provider_activation.operators.dataddo import (
    DataddoExtractSourceOperator,
    DataddoWriteFlowOperator,
)
from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled

both_modes = pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])
with_or_without_store = pytest.mark.parametrize("store", [True, False], ids=["store", "no store"])


class TestDataddo:
    def test_builds_once(self, connections: Sandbox) -> None:
        first = Task(build_flow).run()
        assert Task(build_flow).run() == first
        state = connections.state()["dataddo"]
        assert [len(state[noun]) for noun in ("services", "sources", "flows")] == [1, 1, 1]

    @with_or_without_store
    @pytest.mark.parametrize("path", ["/services", "/connectors/*", "/flows"])
    @pytest.mark.parametrize("what", ["drop_after", "refuse", "half_body"])
    def test_a_retry_goes_on_at_the_step_that_failed(
        self, connections: Sandbox, path: str, what: str, store: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))
        status = 400 if what == "refuse" else None
        connections.misbehave(what, service="dataddo", method="POST", path=path, status=status, times=1)
        task = Task(build_flow, store=store)
        try:
            task.run()
        except Exception:
            task.run()
        state = connections.state()["dataddo"]
        assert [len(state[noun]) for noun in ("services", "sources", "flows")] == [1, 1, 1]

    def test_credentials_are_nowhere_but_at_dataddo(
        self, connections: Sandbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        task = Task(build_flow)
        connections.misbehave("html", service="dataddo", method="POST", path="/connectors/*", times=None)
        with pytest.raises(UncertainOutcome) as caught:
            task.run()
        for name in ("snapchat_client_secret", "snapchat_refresh_token", "dataddo_password"):
            secret = connections.secrets[name]
            assert secret not in caplog.text
            assert secret not in repr(caught.value) + str(caught.value)
            assert secret not in repr(task.store)

    @both_modes
    def test_loads_and_writes(self, connections: Sandbox, deferrable: bool) -> None:
        built = Task(build_flow).run()
        common: dict[str, Any] = {"deferrable": deferrable, "poll_interval": 0.1, "timeout": scaled(20)}
        for _ in range(2):
            status = Task(
                lambda: DataddoExtractSourceOperator(
                    task_id="extract", source_id=built["source_id"], date_range="7d1", **common
                )
            ).run()
            assert status["status"] == "live"
            assert status["lastRunFinished"] is not None
            status = Task(
                lambda: DataddoWriteFlowOperator(task_id="write", flow_id=built["flow_id"], **common)
            ).run()
            assert status["status"] == "live"

    @both_modes
    def test_a_broken_run_fails(self, connections: Sandbox, deferrable: bool) -> None:
        built = Task(build_flow).run()
        connections.misbehave("fail", service="dataddo", method="POST", path="/sources/*", times=1)
        with pytest.raises(JobFailed, match="broken"):
            Task(
                lambda: DataddoExtractSourceOperator(
                    task_id="extract",
                    source_id=built["source_id"],
                    deferrable=deferrable,
                    poll_interval=0.1,
                    timeout=scaled(20),
                )
            ).run()

    def test_a_lost_answer_to_an_enqueue_makes_no_second_run(self, connections: Sandbox) -> None:
        built = Task(build_flow).run()
        connections.misbehave("drop_after", service="dataddo", method="POST", path="/sources/*", times=1)
        Task(
            lambda: DataddoExtractSourceOperator(
                task_id="extract",
                source_id=built["source_id"],
                on_uncertain="adopt",
                poll_interval=0.1,
                timeout=scaled(20),
            )
        ).run()
        enqueued = [r for r in connections.requests if r["path"].endswith("extraction/enqueue")]
        assert len(enqueued) == 1

    @pytest.mark.parametrize(
        ("arguments", "field"),
        [
            ({"date_from": "2026-01-02"}, "together"),
            ({"date_from": "2026-01-02", "date_to": "2026-01-01"}, "date_from"),
            ({"date_range": "yesterday"}, "date_range.*30d1"),
            ({"source_id": ".."}, "source_id"),
        ],
    )
    def test_bad_input_is_refused_before_anything_is_sent(
        self, connections: Sandbox, arguments: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=field):
            Task(
                lambda: DataddoExtractSourceOperator(task_id="e", **{"source_id": "a" * 24, **arguments})
            ).run()
        assert connections.requests == []
