"""The operators and sensors of Acoustic Exchange for jobs and statuses against the sandbox, in both modes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from acoustic_tasks import (
    OWN_KEY,
    asked,
    delete,
    download,
    held,
    import_identities,
    job_sensor,
    refresh,
    report_failure,
    status_sensor,
    upload,
)
from example_tasks import export, register
from scripted_server import Reply, ScriptedServer
from task_running import Task

from airflow_provider_activation.errors import (
    InvalidRequest,
    JobFailed,
    NeedsAction,
    NotFound,
    PermissionDenied,
    UncertainOutcome,
    UnreadableResponse,
)
from airflow_provider_activation.sandbox import Sandbox

both_modes = pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])
with_or_without_store = pytest.mark.parametrize("store", [True, False], ids=["store", "no store"])


PULL_PARTNER = 20003


@pytest.fixture
def audience(tmp_path: Path) -> Path:
    file = tmp_path / "audience.csv"
    file.write_text("email_sha256,city\nh1,Ulm\nh2,Bonn\n")
    return file


@pytest.fixture
def waiting_job(push_source: Sandbox) -> int:
    """A job for a destination that pulls, which waits for its data."""
    return int(Task(lambda: export(destination_endpoint_id=PULL_PARTNER)).run()["jobId"])


@pytest.fixture
def ready_job(waiting_job: int, audience: Path) -> int:
    """The same, its file ready to be fetched."""
    Task(lambda: upload(waiting_job, audience)).run()
    return waiting_job


@pytest.fixture
def looks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an uncertain answer the service is asked once and at once."""
    monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))


class TestExports:
    @both_modes
    def test_a_source_that_is_pulled_needs_nothing_more(self, pull_source: Sandbox, deferrable: bool) -> None:
        task = Task(lambda: export(deferrable=deferrable, attribute_mappings={"city": "town"}))
        job = task.run()
        assert (job["status"], job["shareAction"]) == ("COMPLETE", "ADD")
        assert task.ti is not None
        assert task.ti.xcoms["jobId"] == job["jobId"]

    @both_modes
    def test_a_job_that_fails(self, pull_source: Sandbox, deferrable: bool) -> None:
        pull_source.misbehave("fail", method="POST", path="/v1/jobs/segmentExport")
        with pytest.raises(JobFailed, match="FAILED"):
            Task(lambda: export(deferrable=deferrable)).run()

    def test_all_that_an_export_says(self, push_source: Sandbox) -> None:
        job = Task(
            lambda: export(
                segment_name="Win-back",
                destination_segment_id="700001",
                destination_segment_description="From the shop",
                export_category="",
                action="replace",
                min_count=2,
                update_identities=True,
                wait_for_completion=False,
            )
        ).run()
        assert (job["destinationSegmentID"], job["shareAction"]) == ("700001", "REPLACE")
        assert job["destinationSegmentDescription"].startswith("From the shop [af:")
        assert held(push_source, "jobs")[0]["minCount"] == 2
        assert held(push_source, "jobs")[0]["updateIdentities"] is True

    def test_a_description_that_a_template_rendered_to_a_number(self, push_source: Sandbox) -> None:
        job = Task(lambda: export(destination_segment_description=20261126, wait_for_completion=False)).run()
        assert job["destinationSegmentDescription"].startswith("20261126 [af:")


class TestImports:
    @both_modes
    def test_from_a_source_that_is_pulled(self, pull_source: Sandbox, deferrable: bool) -> None:
        job = Task(
            lambda: import_identities(segment_id=None, segment_id_string="any", deferrable=deferrable)
        ).run()
        assert (job["jobCategory"], job["status"]) == ("IDENTITY_IMPORT", "COMPLETE")
        assert job["producerSegmentID"] == "any"

    @both_modes
    def test_from_a_source_that_pushes(self, push_source: Sandbox, audience: Path, deferrable: bool) -> None:
        identifiers = ["email_sha256", "city"]
        job = Task(lambda: import_identities(source_identifiers=identifiers, deferrable=deferrable)).run()
        assert (job["status"], job["sourceIdentifiers"]) == ("WAITING_TO_RECIEVE_DATA", identifiers)
        with pytest.raises(NeedsAction, match="waits for its audience"):
            Task(lambda: import_identities(on_needs_action="fail", deferrable=deferrable)).run()
        given: dict[str, Any] = {"job_category": "IDENTITY_IMPORT", "deferrable": deferrable}
        assert Task(lambda: upload(job["jobId"], audience, **given)).run()["status"] == "COMPLETE"

    @both_modes
    def test_a_job_that_fails(self, pull_source: Sandbox, deferrable: bool) -> None:
        pull_source.misbehave("fail", method="POST", path="/v1/jobs/identityImport")
        with pytest.raises(JobFailed, match="FAILED"):
            Task(lambda: import_identities(deferrable=deferrable)).run()

    @pytest.mark.usefixtures("looks_once")
    def test_a_lost_answer_starts_no_second_import(self, push_source: Sandbox) -> None:
        earlier = Task(lambda: import_identities(wait_for_completion=False)).run()["jobId"]
        push_source.misbehave("drop_after", method="POST", path="/v1/jobs/identityImport")
        # nothing marks an import: the new one may be somebody else's
        with pytest.raises(UncertainOutcome, match=f"job {int(earlier) + 1}"):
            Task(import_identities).run()
        assert len(asked(push_source, "POST", "identityImport")) == 2

    @pytest.mark.usefixtures("looks_once")
    def test_adopt_takes_the_only_new_import(self, push_source: Sandbox) -> None:
        earlier = Task(lambda: import_identities(wait_for_completion=False)).run()["jobId"]
        push_source.misbehave("drop_after", method="POST", path="/v1/jobs/identityImport")
        task = Task(lambda: import_identities(on_uncertain="adopt"))
        assert task.run()["jobId"] == str(int(earlier) + 1)
        assert len(asked(push_source, "POST", "identityImport")) == 2

    @pytest.mark.usefixtures("looks_once")
    @with_or_without_store
    def test_a_retry_does_not_take_a_new_import_for_its_own(self, push_source: Sandbox, store: bool) -> None:
        task = Task(import_identities, store=store)
        push_source.misbehave("drop_after", method="POST", path="/v1/jobs/identityImport")
        # The list is read before, and cannot be read afterwards.
        push_source.misbehave("delay", method="GET", path="/v1/jobs/IDENTITY_IMPORT", seconds=0.001)
        push_source.misbehave("refuse", method="GET", path="/v1/jobs/IDENTITY_IMPORT")
        with pytest.raises(UncertainOutcome, match=r"Looking for it failed too: .*answered 403"):
            task.run()
        # Nothing marks an import: it may be somebody else's.
        with pytest.raises(UncertainOutcome, match="may be it or not"):
            task.run()
        assert len(held(push_source, "jobs")) == 1

    def test_an_unknown_database(self, exchange: Sandbox) -> None:
        given: dict[str, Any] = {"endpoint_id": 20004, "segment_id": 800001, "wait_for_completion": False}
        with pytest.raises(InvalidRequest, match="no database db2"):
            Task(lambda: import_identities(database_id="db2", **given)).run()
        Task(lambda: import_identities(database_id="db1", **given)).run()
        assert [job["databaseID"] for job in held(exchange, "jobs")] == ["db1"]


class TestRefreshes:
    @both_modes
    def test_each_task_starts_one(self, exchange: Sandbox, deferrable: bool) -> None:
        first, second = (Task(lambda: refresh(deferrable=deferrable)).run() for _ in range(2))
        assert first["status"] == second["status"] == "COMPLETE"
        assert first["jobCategory"] == "SEGMENT_POPULATE_DB"
        assert first["jobId"] != second["jobId"]

    @both_modes
    def test_one_that_fails(self, exchange: Sandbox, deferrable: bool) -> None:
        exchange.misbehave("fail", method="GET", path="/v1/endpoint/refreshSegments")
        with pytest.raises(JobFailed, match="FAILED"):
            Task(lambda: refresh(deferrable=deferrable)).run()

    @pytest.mark.usefixtures("looks_once")
    def test_a_lost_answer_starts_no_second_one(self, exchange: Sandbox) -> None:
        exchange.misbehave("drop_after", method="GET", path="/v1/endpoint/refreshSegments")
        with pytest.raises(UncertainOutcome):
            Task(refresh).run()
        assert len(asked(exchange, "GET", "refreshSegments")) == 1
        # a second refresh does no harm
        exchange.misbehave("drop_after", method="GET", path="/v1/endpoint/refreshSegments")
        assert Task(lambda: refresh(on_uncertain="adopt")).run()["status"] == "COMPLETE"

    @pytest.mark.usefixtures("looks_once")
    def test_one_that_left_no_trace_is_started_again_by_the_next_try(self, exchange: Sandbox) -> None:
        exchange.misbehave("drop_before", method="GET", path="/v1/endpoint/refreshSegments")
        task = Task(refresh)
        with pytest.raises(UncertainOutcome):
            task.run()
        assert task.run()["status"] == "COMPLETE"


class TestUploads:
    @both_modes
    @pytest.mark.parametrize("key", ["acoustic_exchange_default", "acoustic_exchange_endpoint"])
    def test_to_a_destination_that_pulls(
        self, waiting_job: int, audience: Path, push_source: Sandbox, deferrable: bool, key: str
    ) -> None:
        given: dict[str, Any] = {"deferrable": deferrable, "acoustic_exchange_conn_id": key}
        job = Task(lambda: upload(waiting_job, audience, **given)).run()
        assert (job["status"], job["jobId"]) == ("READY_FOR_DOWNLOAD", str(waiting_job))
        assert held(push_source, "jobs")[0]["upload"]["records"] == 2

    @with_or_without_store
    @pytest.mark.usefixtures("looks_once")
    def test_a_lost_answer_sends_no_second_file(
        self, waiting_job: int, audience: Path, push_source: Sandbox, store: bool
    ) -> None:
        push_source.misbehave("drop_after", method="POST", path="*/data")
        assert Task(lambda: upload(waiting_job, audience), store=store).run()["jobId"] == str(waiting_job)
        assert len(asked(push_source, "POST", "/data")) == 1

    @with_or_without_store
    @pytest.mark.usefixtures("looks_once")
    def test_a_retry_sends_what_has_not_arrived(
        self, waiting_job: int, audience: Path, push_source: Sandbox, store: bool
    ) -> None:
        task = Task(lambda: upload(waiting_job, audience), store=store)
        push_source.misbehave("drop_before", method="POST", path="*/data")
        with pytest.raises(UncertainOutcome):
            task.run()
        assert task.run()["status"] == "READY_FOR_DOWNLOAD"

    def test_a_file_that_the_service_refuses(
        self, waiting_job: int, tmp_path: Path, push_source: Sandbox
    ) -> None:
        wrong = tmp_path / "wrong.csv"
        wrong.write_text("phone\n1\n")
        with pytest.raises(InvalidRequest, match="email_sha256"):
            Task(lambda: upload(waiting_job, wrong)).run()
        assert held(push_source, "jobs")[0]["status"] == "WAITING_TO_RECIEVE_DATA"

    def test_a_job_of_nobody(self, exchange: Sandbox, audience: Path) -> None:
        with pytest.raises(NotFound):
            Task(lambda: upload(1, audience)).run()


class TestDownloads:
    def test_writes_the_file_and_a_repeat_replaces_it(self, ready_job: int, tmp_path: Path) -> None:
        file = tmp_path / f"segment_{ready_job}.csv"
        task = Task(lambda: download(ready_job, tmp_path))
        assert task.run() == {"jobId": str(ready_job), "files": [str(file)]}
        assert file.read_bytes() == b"email\r\nh1\r\nh2\r\n"
        file.write_text("old, and longer than what comes in its place")
        assert task.run() == {"jobId": str(ready_job), "files": [str(file)]}
        assert file.read_bytes() == b"email\r\nh1\r\nh2\r\n"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["audience.csv", file.name]
        # Its fetching is what the job waited for.
        assert Task(lambda: job_sensor(ready_job, on_needs_action="wait")).run()["status"] == "COMPLETE"

    def test_the_last_folder_is_made(self, ready_job: int, tmp_path: Path) -> None:
        folder = tmp_path / "2026-11-27"
        (file,) = Task(lambda: download(ready_job, folder)).run()["files"]
        assert file == str(folder / f"segment_{ready_job}.csv")
        assert Path(file).read_bytes() == b"email\r\nh1\r\nh2\r\n"

    def test_no_folder_is_made_for_a_job_without_files(self, waiting_job: int, tmp_path: Path) -> None:
        with pytest.raises(NeedsAction):
            Task(lambda: download(waiting_job, tmp_path / "2026-11-27")).run()
        assert not (tmp_path / "2026-11-27").exists()

    def test_a_download_that_breaks_off_is_made_again(
        self, ready_job: int, tmp_path: Path, push_source: Sandbox
    ) -> None:
        push_source.misbehave("half_body", method="GET", path="*/segmentDataFiles/*")
        (file,) = Task(lambda: download(ready_job, tmp_path)).run()["files"]
        assert Path(file).read_text() == "email\nh1\nh2\n"
        assert len(asked(push_source, "GET", ".csv")) == 2

    def test_a_file_by_name(self, ready_job: int, tmp_path: Path) -> None:
        name = f"segment_{ready_job}.csv"
        result = Task(lambda: download(ready_job, tmp_path, file_names=[name])).run()
        assert result["files"] == [str(tmp_path / name)]
        with pytest.raises(InvalidRequest, match=f"has no file 'other.csv', but {name}"):
            Task(lambda: download(ready_job, tmp_path, file_names=["other.csv"])).run()
        assert not (tmp_path / "other.csv").exists()

    def test_a_job_without_files(self, waiting_job: int, tmp_path: Path) -> None:
        with pytest.raises(NeedsAction, match="has no files to fetch"):
            Task(lambda: download(waiting_job, tmp_path)).run()

    @pytest.mark.parametrize("files", ["one.csv", ["one.csv"]])
    def test_files_that_the_job_names_in_either_shape(
        self, scripted_exchange: ScriptedServer, tmp_path: Path, files: Any
    ) -> None:
        job = {"jobId": 5, "status": "READY_FOR_DOWNLOAD", "segmentDataFiles": files}
        scripted_exchange.script += [
            Reply(body=job),
            Reply(body=b"email\nh1\n", headers={"Content-Type": "text/csv"}),
        ]
        result = Task(lambda: download(5, tmp_path, acoustic_exchange_conn_id="scripted")).run()
        assert result == {"jobId": "5", "files": [str(tmp_path / "one.csv")]}

    def test_files_that_the_job_names_in_no_known_shape(
        self, scripted_exchange: ScriptedServer, tmp_path: Path
    ) -> None:
        job = {"jobId": 5, "status": "READY_FOR_DOWNLOAD", "segmentDataFiles": [{"name": "one.csv"}]}
        scripted_exchange.script.append(Reply(body=job))
        with pytest.raises(UnreadableResponse, match="segmentDataFiles"):
            Task(lambda: download(5, tmp_path, acoustic_exchange_conn_id="scripted")).run()


@contextmanager
def soon(what: Callable[[], Any]) -> Iterator[None]:
    """Does something in another thread a moment after the body has begun."""

    def later() -> None:
        time.sleep(0.3)
        what()

    with ThreadPoolExecutor(1) as executor:
        done = executor.submit(later)
        yield
        done.result()


class TestJobSensor:
    @both_modes
    @pytest.mark.parametrize("key", ["acoustic_exchange_default", "acoustic_exchange_endpoint"])
    def test_waits_for_the_end(self, waiting_job: int, audience: Path, deferrable: bool, key: str) -> None:
        arguments = {
            "target_statuses": ["READY_FOR_DOWNLOAD"],
            "on_needs_action": "wait",
            "deferrable": deferrable,
            "acoustic_exchange_conn_id": key,
        }
        with soon(lambda: Task(lambda: upload(waiting_job, audience, wait_for_completion=False)).run()):
            job = Task(lambda: job_sensor(waiting_job, **arguments)).run()
        files = [f"segment_{waiting_job}.csv"]
        assert (job["status"], job["segmentDataFiles"]) == ("READY_FOR_DOWNLOAD", files)

    @both_modes
    @pytest.mark.parametrize("on_needs_action", ["return", "fail"])
    def test_what_needs_action(self, ready_job: int, deferrable: bool, on_needs_action: str) -> None:
        task = Task(lambda: job_sensor(ready_job, on_needs_action=on_needs_action, deferrable=deferrable))
        if on_needs_action == "return":
            assert task.run()["status"] == task.run()["status"] == "READY_FOR_DOWNLOAD"
        else:
            with pytest.raises(NeedsAction, match="waits to be downloaded"):
                task.run()

    @both_modes
    def test_other_categories(self, exchange: Sandbox, deferrable: bool) -> None:
        job_id = Task(lambda: refresh(wait_for_completion=False)).run()["jobId"]
        given: dict[str, Any] = {"job_category": "SEGMENT_POPULATE_DB", "deferrable": deferrable}
        assert Task(lambda: job_sensor(job_id, **given)).run()["status"] == "COMPLETE"

    @both_modes
    def test_a_job_that_fails(self, pull_source: Sandbox, deferrable: bool) -> None:
        pull_source.misbehave("fail", method="POST", path="/v1/jobs/segmentExport")
        job_id = Task(lambda: export(wait_for_completion=False)).run()["jobId"]
        with pytest.raises(JobFailed, match="did not accept"):
            Task(lambda: job_sensor(job_id, deferrable=deferrable)).run()

    def test_a_job_of_nobody(self, exchange: Sandbox) -> None:
        with pytest.raises(NotFound):
            Task(lambda: job_sensor(1)).run()


class TestEndpointStatusSensor:
    @both_modes
    def test_waits_for_the_registration(self, exchange: Sandbox, deferrable: bool) -> None:
        with soon(lambda: Task(register).run()):
            result = Task(lambda: status_sensor(deferrable=deferrable)).run()
        assert result == {"endpointId": "10001", "status": "ACTIVE"}
        assert Task(lambda: status_sensor(deferrable=deferrable)).run() == result

    @both_modes
    def test_an_endpoint_that_was_deleted(self, push_source: Sandbox, deferrable: bool) -> None:
        Task(lambda: delete(**OWN_KEY)).run()
        with pytest.raises(JobFailed, match="DELETED"):
            Task(lambda: status_sensor(deferrable=deferrable)).run()
        waited = Task(lambda: status_sensor(deferrable=deferrable, target_statuses=["DELETED"])).run()
        assert waited == {"endpointId": "10001", "status": "DELETED"}

    @both_modes
    def test_an_endpoint_that_failed(self, exchange: Sandbox, deferrable: bool) -> None:
        Task(report_failure).run()
        with pytest.raises(JobFailed, match="FAILED"):
            Task(lambda: status_sensor(deferrable=deferrable)).run()

    def test_another_s_endpoint(self, exchange: Sandbox) -> None:
        with pytest.raises(PermissionDenied):
            Task(lambda: status_sensor(endpoint_id=20002)).run()
