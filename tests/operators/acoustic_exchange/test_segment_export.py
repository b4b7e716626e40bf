"""Acoustic Exchange from the registration of an endpoint to the upload of an audience, in both modes."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_tasks import SEGMENT, define, export, register
from task_running import Task

from airflow_provider_activation.errors import (
    Conflict,
    InvalidConnection,
    InvalidRequest,
    JobFailed,
    NeedsAction,
    UncertainOutcome,
    WaitTimeout,
)
from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeUploadJobDataOperator
from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled

both_modes = pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])
with_or_without_store = pytest.mark.parametrize("store", [True, False], ids=["store", "no store"])


@pytest.fixture
def waiting_job(connections: Sandbox) -> int:
    """A job that waits for its audience."""
    Task(register).run()
    Task(define).run()
    return int(Task(export).run()["jobId"])


@pytest.fixture
def audience(tmp_path: Path) -> Path:
    file = tmp_path / "audience.csv"
    file.write_text("email_sha256\n" + "\n".join(f"{number:064x}" for number in range(250)) + "\n")
    return file


class TestAcousticExchange:
    def test_registers_the_key_s_own_endpoint(self, connections: Sandbox) -> None:
        assert Task(register).run() == {"endpointId": "10001", "name": "Customer base"}

    def test_registering_twice_is_registering_once(self, connections: Sandbox) -> None:
        assert Task(register).run() == Task(register).run()

    def test_the_account_s_key_registers_by_id(self, connections: Sandbox) -> None:
        task = Task(
            lambda: register(acoustic_exchange_conn_id="acoustic_exchange_default", endpoint_id="10001")
        )
        assert task.run()["endpointId"] == "10001"

    def test_the_wrong_key_level_is_refused_before_anything_is_sent(self, connections: Sandbox) -> None:
        with pytest.raises(InvalidConnection, match=r"level endpoint.*'acoustic_exchange_default'.*account"):
            Task(lambda: register(acoustic_exchange_conn_id="acoustic_exchange_default")).run()
        assert connections.requests == []

    def test_both_source_and_destination_is_refused_before_anything_is_sent(
        self, connections: Sandbox
    ) -> None:
        types = {
            "segment": {
                "source": {"enabled": True, "producerType": "push"},
                "destination": {"enabled": True, "destinationType": "push"},
            }
        }
        with pytest.raises(InvalidRequest, match="cannot be both"):
            Task(lambda: register(endpoint_types=types)).run()
        assert connections.requests == []

    def test_defines_a_segment_once(self, connections: Sandbox) -> None:
        Task(register).run()
        assert Task(define).run() == {"endpointId": "10001", "added": [str(SEGMENT)], "unchanged": []}
        assert Task(define).run() == {"endpointId": "10001", "added": [], "unchanged": [str(SEGMENT)]}

    def test_a_segment_described_otherwise_is_a_conflict(self, connections: Sandbox) -> None:
        Task(register).run()
        Task(define).run()
        changed = [{"id": SEGMENT, "name": "Another name"}]
        with pytest.raises(Conflict, match=r"another name\.") as caught:
            Task(lambda: define(segments=changed)).run()
        assert 'mode="replace"' in caught.value.advice
        assert Task(lambda: define(segments=changed, mode="replace")).run()["added"] == [str(SEGMENT)]

    def test_a_lost_answer_to_defining_is_looked_up(self, connections: Sandbox) -> None:
        Task(register).run()
        connections.misbehave(
            "drop_after", service="acoustic-exchange", method="POST", path="/v1/endpoint/*/segments", times=1
        )
        assert Task(define).run()["added"] == [str(SEGMENT)]

    @both_modes
    def test_an_export_ends_where_its_data_is_waited_for(self, waiting_job: int, deferrable: bool) -> None:
        job = Task(lambda: export(deferrable=deferrable)).run()
        assert job["status"] == "WAITING_TO_RECIEVE_DATA"
        assert int(job["jobId"]) > 2**53
        assert job["jobId"] != str(waiting_job)

    @both_modes
    def test_an_export_that_needs_data_can_fail(self, waiting_job: int, deferrable: bool) -> None:
        with pytest.raises(NeedsAction, match="waits for its audience"):
            Task(lambda: export(deferrable=deferrable, on_needs_action="fail")).run()

    @both_modes
    def test_an_export_nobody_feeds_ends_at_its_timeout(self, waiting_job: int, deferrable: bool) -> None:
        with pytest.raises(WaitTimeout, match="WAITING_TO_RECIEVE_DATA"):
            Task(lambda: export(deferrable=deferrable, on_needs_action="wait", timeout=0.3)).run()

    @both_modes
    def test_uploads_a_file_and_waits(self, waiting_job: int, audience: Path, deferrable: bool) -> None:
        task = Task(
            lambda: AcousticExchangeUploadJobDataOperator(
                task_id="upload",
                job_id=str(waiting_job),
                file=audience,
                deferrable=deferrable,
                poll_interval=0.1,
                timeout=scaled(20),
            )
        )
        assert task.run()["status"] == "COMPLETE"

    @both_modes
    def test_too_few_records_cancel_the_job_and_fail_the_task(
        self, waiting_job: int, audience: Path, deferrable: bool
    ) -> None:
        job_id = Task(lambda: export(min_count=1000)).run()["jobId"]
        with pytest.raises(JobFailed, match="CANCELED"):
            Task(
                lambda: AcousticExchangeUploadJobDataOperator(
                    task_id="upload", job_id=job_id, file=audience, deferrable=deferrable, poll_interval=0.1
                )
            ).run()

    def test_an_empty_file_is_refused_before_anything_is_sent(
        self, connections: Sandbox, tmp_path: Path
    ) -> None:
        empty = tmp_path / "empty.csv"
        empty.touch()
        with pytest.raises(InvalidRequest, match="file"):
            Task(lambda: AcousticExchangeUploadJobDataOperator(task_id="u", job_id=1, file=empty)).run()
        assert connections.requests == []

    def test_a_job_that_waits_for_no_data_gets_none(
        self, waiting_job: int, audience: Path, connections: Sandbox
    ) -> None:
        def upload() -> AcousticExchangeUploadJobDataOperator:
            return AcousticExchangeUploadJobDataOperator(
                task_id="upload", job_id=waiting_job, file=audience, poll_interval=0.1
            )

        Task(upload).run()
        with pytest.raises(Conflict, match="waits for no data"):
            Task(upload).run()

    @with_or_without_store
    def test_a_retry_takes_the_job_whose_answer_was_lost(
        self, waiting_job: int, connections: Sandbox, store: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # the first try cannot even look for it afterwards
        connections.misbehave(
            "drop_after", service="acoustic-exchange", method="POST", path="/v1/jobs/segmentExport", times=1
        )
        jobs = {"service": "acoustic-exchange", "method": "GET", "path": "/v1/jobs/*", "times": 1}
        connections.misbehave("delay", **jobs, seconds=0.001)
        connections.misbehave("status", **jobs, status=403)
        monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))
        task = Task(export, store=store)
        with pytest.raises(UncertainOutcome, match="403"):
            task.run()
        assert int(task.run()["jobId"]) > waiting_job
        assert len(connections.state()["acoustic-exchange"]["jobs"]) == 2

    def test_without_a_trace_a_retry_does_not_send_again(
        self, waiting_job: int, connections: Sandbox
    ) -> None:
        task = Task(export, store=False)
        connections.misbehave(
            "drop_before", service="acoustic-exchange", method="POST", path="/v1/jobs/segmentExport", times=1
        )
        with pytest.raises(UncertainOutcome):
            task.run()
        with pytest.raises(UncertainOutcome, match="Look at the service"):
            task.run()
        assert len(connections.state()["acoustic-exchange"]["jobs"]) == 1

    def test_without_a_trace_resubmit_sends_again(self, waiting_job: int, connections: Sandbox) -> None:
        task = Task(lambda: export(on_uncertain="resubmit"), store=False)
        connections.misbehave(
            "drop_before", service="acoustic-exchange", method="POST", path="/v1/jobs/segmentExport", times=1
        )
        with pytest.raises(UncertainOutcome):
            task.run()
        assert int(task.run()["jobId"]) > waiting_job

    def test_a_refused_export_leaves_nothing_to_look_for(self, connections: Sandbox) -> None:
        Task(register).run()
        Task(define).run()
        task = Task(lambda: export(destination_endpoint_id=99999))
        for _ in range(2):
            with pytest.raises(InvalidRequest):
                task.run()
        assert task.store == {}
