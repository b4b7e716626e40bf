"""A connection that requires suppression: which manifests satisfy it, and that nothing else is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acoustic_tasks import asked as asked_exchange
from acoustic_tasks import held
from airflow.sdk import BaseOperator
from audience_attacks import EMAIL
from audience_tasks import HASHED, LIST, OtherTasks, rendered
from example_tasks import define, export, register
from liveramp_tasks import asked as asked_liveramp
from liveramp_tasks import connected, distribute
from task_running import Task

from airflow_provider_activation.errors import InvalidArgument, UnfitAudience
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeUploadJobDataOperator
from airflow_provider_activation.operators.audience import PrepareAudienceOperator
from airflow_provider_activation.sandbox import Sandbox

REQUIRES = "requires suppression"
RUN = {"dag_id": "a_dag", "run_id": "the_run"}
ADDRESSES = "email\nbo@example.com\nann@example.com\n"


class ThisRun(Task):
    """A task of the run in which the audience was prepared."""

    def __init__(self, operator: Callable[[], BaseOperator]) -> None:
        super().__init__(operator)
        self._run_id = RUN["run_id"]


@pytest.fixture
def strict(exchange: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The services, with connections that require suppression."""
    for conn_id in ("acoustic_exchange_default", "liveramp_default"):
        known = exchange.connections[conn_id]
        extra = {**known.get("extra", {}), "require_suppression": True}
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps({**known, "extra": extra}))
    return exchange


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The manifest of this run's audience, from which one of two people was suppressed."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "people.csv").write_text(ADDRESSES)
    (folder / "unsubscribed.csv").write_text("email\nann@example.com\n")
    unsubscribed = {"source": str(folder / "unsubscribed.csv"), "schema": LIST}
    operator = PrepareAudienceOperator(
        task_id="prepare",
        source=folder / "people.csv",
        schema=EMAIL,
        profile="google",
        folder=folder,
        suppress=[unsubscribed],
    )
    made: dict[str, Any] = ThisRun(lambda: operator).run()
    assert made["run"] == RUN
    return made


@pytest.fixture
def job(strict: Sandbox) -> int:
    """A job that waits for its data."""
    databases = {
        "marketingDatabases": [{"name": "Customers", "identifiers": [HASHED | {"name": "email_sha256"}]}]
    }
    Task(lambda: register(marketing_databases_definition=databases)).run()
    Task(define).run()
    relaxed = {"acoustic_exchange_conn_id": "relaxed"}
    known = strict.connections["acoustic_exchange_default"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_RELAXED", json.dumps(known))
        return int(Task(lambda: export(wait_for_completion=False, **relaxed)).run()["jobId"])


def upload(job_id: int, file: Any) -> AcousticExchangeUploadJobDataOperator:
    return AcousticExchangeUploadJobDataOperator(
        task_id="upload", job_id=job_id, file=file, wait_for_completion=False
    )


LACKS: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "no run": (lambda made: made | {"run": None}, "names no run"),
    "of an earlier release": (lambda made: without(made, "run"), "names no run"),
    "another run": (lambda made: made | {"run": RUN | {"run_id": "x"}}, "of the run x of a_dag, not of this"),
    "another DAG": (
        lambda made: made | {"run": RUN | {"dag_id": "b"}},
        "of the run the_run of b, not of this",
    ),
    "no list": (lambda made: made | {"suppression": []}, "no list of suppressed people"),
    "lists of no form": (lambda made: made | {"suppression": "unsubscribed"}, "no list of suppressed people"),
    "an empty list": (lambda made: listed(made, 0, 0), "no list .* has a row that can be read"),
    "a list that cannot be read": (lambda made: listed(made, 3, 3), "no list .* has a row that can be read"),
    "a list without counts": (lambda made: listed(made, None, 0), "no list .* has a row that can be read"),
    "a list of texts": (lambda made: made | {"suppression": ["a.csv"]}, "no list .* has a row that can be"),
}
every_lack = pytest.mark.parametrize(("change", "said"), LACKS.values(), ids=LACKS)


def listed(made: dict[str, Any], rows: Any, unreadable: Any) -> dict[str, Any]:
    return made | {"suppression": [{"name": "a.csv", "rows": rows, "unreadable": unreadable}]}


def without(made: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in made.items() if name != field}


class TestUpload:
    def test_a_manifest_of_this_run_with_a_list_is_sent(
        self, strict: Sandbox, job: int, manifest: dict[str, Any]
    ) -> None:
        ThisRun(lambda: upload(job, manifest)).run()
        assert [one["upload"]["digests"] for one in held(strict, "jobs")] == [{"email_sha256": 1}]

    def test_one_list_with_rows_is_enough(self, strict: Sandbox, job: int, manifest: dict[str, Any]) -> None:
        lists = [{"name": "b", "rows": 0, "unreadable": 0, "suppressed": 0}, *manifest["suppression"]]
        ThisRun(lambda: upload(job, manifest | {"suppression": lists})).run()
        assert asked_exchange(strict, "POST", "/data")

    @every_lack
    def test_what_lacks_something_is_refused(
        self, strict: Sandbox, manifest: dict[str, Any], change: Any, said: str
    ) -> None:
        begun = len(strict.requests)
        with pytest.raises(UnfitAudience, match=said) as caught:
            ThisRun(lambda: upload(7, change(manifest))).run()
        assert f"the connection 'acoustic_exchange_default' {REQUIRES}" in caught.value.message
        assert "suppress=" in caught.value.advice
        assert strict.requests[begun:] == []

    def test_a_path_is_refused(self, strict: Sandbox, job: int, manifest: dict[str, Any]) -> None:
        begun = len(strict.requests)
        with pytest.raises(UnfitAudience, match=f"{REQUIRES}, and file is a path"):
            ThisRun(lambda: upload(job, manifest["path"])).run()
        assert strict.requests[begun:] == []

    def test_the_hook_is_refused_too(self, strict: Sandbox, job: int, manifest: dict[str, Any]) -> None:
        begun = len(strict.requests)
        with pytest.raises(UnfitAudience, match=f"'acoustic_exchange_default' {REQUIRES}") as caught:
            AcousticExchangeHook().upload_job_data(job, Path(manifest["path"]))
        assert caught.value.operation == "upload_job_data"
        assert strict.requests[begun:] == []

    @pytest.mark.parametrize("extra", [{}, {"require_suppression": False}], ids=str)
    def test_other_connections_ask_for_nothing(
        self,
        exchange: Sandbox,
        job: int,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        extra: dict[str, Any],
    ) -> None:
        known = exchange.connections["acoustic_exchange_default"]
        monkeypatch.setenv("AIRFLOW_CONN_ACOUSTIC_EXCHANGE_DEFAULT", json.dumps(known | {"extra": extra}))
        file = tmp_path / "people.csv"
        file.write_text("email_sha256\n" + "0" * 64 + "\n")
        Task(lambda: upload(job, file)).run()
        assert asked_exchange(exchange, "POST", "/data")


class TestExport:
    def test_a_manifest_shows_it(self, strict: Sandbox, job: int, manifest: dict[str, Any]) -> None:
        made = ThisRun(lambda: export(wait_for_completion=False, manifest=manifest)).run()
        assert made["jobId"] != job

    def test_without_one_it_is_refused(self, strict: Sandbox, job: int) -> None:
        begun = len(strict.requests)
        with pytest.raises(UnfitAudience, match=f"{REQUIRES}, and manifest is not given"):
            ThisRun(lambda: export(wait_for_completion=False)).run()
        assert strict.requests[begun:] == []

    def test_the_manifest_is_pulled(self, strict: Sandbox, job: int, manifest: dict[str, Any]) -> None:
        template = "{{ ti.xcom_pull('prepare') }}"
        operator = rendered(
            export(wait_for_completion=False, manifest=template), ti=OtherTasks(prepare=manifest)
        )
        assert ThisRun(lambda: operator).run()["jobId"] != job

    def test_what_is_no_manifest(self, strict: Sandbox) -> None:
        with pytest.raises(InvalidArgument, match=r"^manifest must be"):
            export(manifest={"path": "/a"})
        with pytest.raises(InvalidArgument, match=r"^manifest is of version 2"):
            export(manifest={"version": 2, "path": "/a"})


class TestDistribution:
    def test_a_manifest_shows_it(self, strict: Sandbox, manifest: dict[str, Any]) -> None:
        _, manager = connected()
        made = ThisRun(lambda: distribute(manager, ["5000000001"], manifest=manifest)).run()
        assert made["added"] == ["5000000001"]

    def test_what_lacks_something_is_refused(self, strict: Sandbox, manifest: dict[str, Any]) -> None:
        change, said = LACKS["another run"]
        with pytest.raises(UnfitAudience, match=f"'liveramp_default' {REQUIRES}, and .*{said}"):
            ThisRun(lambda: distribute("8000001", ["5000000001"], manifest=change(manifest))).run()
        with pytest.raises(UnfitAudience, match=f"{REQUIRES}, and manifest is not given"):
            ThisRun(lambda: distribute("8000001", ["5000000001"])).run()
        assert asked_liveramp(strict, "GET") == asked_liveramp(strict, "POST") == []
