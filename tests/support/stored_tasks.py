"""Tasks that make something, and what of it Airflow stores: what the tests of stored names run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeAlias

from acoustic_tasks import import_identities, upload
from airflow.sdk import BaseOperator
from dataddo_tasks import create_flow, create_service, create_source
from example_tasks import build_flow, connect, create_activity, define, export, register
from liveramp_tasks import authorize, create_manager, distribute
from scripted_server import Asked, Reply, ScriptedServer
from task_running import StateStore, Task

from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeRefreshSegmentsOperator
from airflow_provider_activation.operators.dataddo import (
    DataddoExtractSourceOperator,
    DataddoWriteFlowOperator,
)
from airflow_provider_activation.sandbox import Sandbox

Place: TypeAlias = dict[str, Any]
"""What was there before the task: ids that its arguments name."""

SOON: dict[str, Any] = {"poll_interval": 0.1, "timeout": 20}
RUN_ID = "scheduled__2026-11-25T00:00:00+00:00"
"""The submission key is a hash of it among others, and travels in texts at the service."""
SEGMENTS = ["5000000001", "5000000002"]
PULLED = 20003
ANYWHERE: Place = dict.fromkeys(
    ("connection", "manager", "job", "file", "service", "source", "source_id", "flow_id"), "404404"
)
"""Ids that are none, for an operator that makes no call."""
STORED = Path(__file__).parent.parent / "stored"
PINNED: dict[str, Any] = json.loads((STORED / "stored_names.json").read_text())


def stored(name: str) -> Any:
    """What the code of commit 8873075 wrote."""
    return json.loads((STORED / "fixtures" / f"{name}.json").read_text())


def nothing() -> Place:
    return {}


def connection() -> Place:
    made = Task(connect).run()
    return {"connection": made["id"], "manager": made["distributionManagerID"]}


def endpoints() -> Place:
    Task(register).run()
    Task(define).run()
    account = {"acoustic_exchange_conn_id": "acoustic_exchange_default", "endpoint_id": PULLED}
    pulled = {"segment": {"source": {"enabled": True, "producerType": "pull"}}}
    Task(lambda: register(endpoint_types=pulled, **account)).run()
    return {}


def equal_jobs() -> Place:
    endpoints()
    at_once = {**SOON, "wait_for_completion": False}
    Task(lambda: export(mark_submission=False, **at_once)).run()
    Task(lambda: import_identities(endpoint_id=PULLED, **at_once)).run()
    Task(lambda: refresh(**at_once)).run()
    return {}


def waiting_job() -> Place:
    endpoints()
    file = Path(os.environ["AIRFLOW_HOME"], "stored_audience.csv")
    file.write_text("email_sha256\n" + "\n".join(f"{number:064x}" for number in range(20)) + "\n")
    return {"job": Task(lambda: export(**SOON)).run()["jobId"], "file": file}


def equal_activity() -> Place:
    Task(lambda: create_activity(mark_submission=False)).run()
    return {}


def service() -> Place:
    return {"service": Task(create_service).run()["id"]}


def source() -> Place:
    place = service()
    return {"source": Task(lambda: create_source(service_id=place["service"])).run()["id"]}


def earlier_runs() -> Place:
    place: Place = Task(build_flow).run()
    Task(lambda: extract(place["source_id"])).run()
    Task(lambda: write(place["flow_id"])).run()
    return place


def refresh(**arguments: Any) -> BaseOperator:
    given = {"on_uncertain": "fail", **SOON, **arguments}
    return AcousticExchangeRefreshSegmentsOperator(task_id="refresh", **given)


def extract(source_id: str, **arguments: Any) -> BaseOperator:
    return DataddoExtractSourceOperator(task_id="extract", source_id=source_id, **{**SOON, **arguments})


def write(flow_id: str, **arguments: Any) -> BaseOperator:
    return DataddoWriteFlowOperator(task_id="write", flow_id=flow_id, **{**SOON, **arguments})


@dataclass(frozen=True)
class Case:
    """A task that makes something at most once.

    :param make: the operator, of the place and of more arguments.
    :param creates: the requests that must not be sent twice, as patterns of method and path.
    :param prepare: makes the place.
    :param anew: arguments with which a cleared task makes another one.
    :param waits: whether it waits for what it made.
    :param is_proof: whether a look shows for certain what an earlier try made.
    """

    name: str
    make: Callable[..., BaseOperator]
    creates: tuple[str, ...]
    prepare: Callable[[], Place] = nothing
    anew: Mapping[str, Any] = field(default_factory=dict)
    waits: bool = False
    is_proof: bool = True

    @property
    def operator(self) -> str:
        """The operator's name."""
        return type(self.make(ANYWHERE)).__name__

    def task(self, place: Place, **arguments: Any) -> Task:
        """The task in its own run, whose state store remembers each note."""
        task = Task(lambda: self.make(place, **arguments))
        task._run_id = RUN_ID
        task.store = Notes()
        return task

    def created(self, sandbox: Sandbox) -> list[dict[str, Any]]:
        """The requests that must not be sent twice."""
        return [
            asked
            for asked in sandbox.requests
            if any(fnmatchcase(f"{asked['method']} {asked['path']}", pattern) for pattern in self.creates)
        ]

    def ids(self, sandbox: Sandbox) -> list[str]:
        """All that a note may name, in the order in which it was made."""
        state = sandbox.state()
        rows = [row for service, parts in BOOKS.items() for part in parts for row in state[service][part]]
        return [str(row.get("id") or row.get("jobId")) for row in rows]


class Notes(StateStore):
    """A state store that also keeps how it stood after each note."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[dict[str, Any]] = []

    def set(self, key: str, value: Any) -> None:
        super().set(key, value)
        self.history.append(json.loads(json.dumps(self)))


def of(make: Callable[..., BaseOperator], *places: str, **arguments: Any) -> Callable[..., BaseOperator]:
    """Makes the operator of some of a place, with these arguments where no others are given."""
    return lambda place, **more: make(*(place[name] for name in places), **{**arguments, **more})


def source_of(service_id: Any, **arguments: Any) -> BaseOperator:
    return create_source(service_id=service_id, **arguments)


def flow_of(source_id: Any, **arguments: Any) -> BaseOperator:
    return create_flow(source_ids=[source_id], **arguments)


def import_of_pulled(**arguments: Any) -> BaseOperator:
    return import_identities(endpoint_id=PULLED, **arguments)


LIVERAMP = ("oAuthConnectionAttempts", "oAuthConnections", "integrationConnections", "distributionManagers")
BOOKS = {
    "liveramp": (*LIVERAMP, "segmentConfigs"),
    "acoustic-exchange": ("jobs",),
    "delta-projects": ("activities",),
    "dataddo": ("services", "sources", "flows"),
}
NEW = {"if_exists": "create"}
DISTRIBUTE: dict[str, Any] = {"segments": SEGMENTS, "wait_for_completion": True, **SOON}
BUILD = ("POST /services", "POST /connectors/*/create-source", "POST /flows")
EXPORT, ACTIVITY = "POST */jobs/segmentExport", "POST */activity/create_from_template"

CASES = [
    Case("authorize", of(authorize, **SOON), ("POST */oauth-connection-attempts",), anew=NEW, waits=True),
    Case("connect", of(connect, **NEW), ("POST */integration-connections",)),
    Case(
        "create_manager",
        of(create_manager, "connection", **NEW),
        ("POST */distribution-managers",),
        connection,
    ),
    Case(
        "distribute",
        of(distribute, "manager", **DISTRIBUTE),
        ("POST */segment-configs",),
        connection,
        waits=True,
    ),
    Case("export", of(export, **SOON), (EXPORT,), endpoints, waits=True),
    Case(
        "export_unmarked",
        of(export, mark_submission=False, **SOON),
        (EXPORT,),
        equal_jobs,
        waits=True,
        is_proof=False,
    ),
    Case(
        "import",
        of(import_of_pulled, **SOON),
        ("POST */jobs/identityImport",),
        equal_jobs,
        waits=True,
        is_proof=False,
    ),
    Case("refresh", of(refresh), ("GET */endpoint/refreshSegments",), equal_jobs, waits=True, is_proof=False),
    Case("upload", of(upload, "job", "file", **SOON), ("POST */jobs/*/data",), waiting_job, waits=True),
    Case("create_activity", of(create_activity), (ACTIVITY,)),
    Case(
        "create_activity_unmarked",
        of(create_activity, mark_submission=False),
        (ACTIVITY,),
        equal_activity,
        is_proof=False,
    ),
    Case("create_service", of(create_service), BUILD[:1], anew=NEW, is_proof=False),
    Case("create_source", of(source_of, "service", **NEW), BUILD[1:2], service),
    Case("create_flow", of(flow_of, "source", **NEW), BUILD[2:], source),
    Case("build_flow", of(build_flow, **NEW), BUILD, service),
    Case(
        "extract",
        of(extract, "source_id"),
        ("POST */extraction/enqueue",),
        earlier_runs,
        waits=True,
        is_proof=False,
    ),
    Case("write", of(write, "flow_id"), ("POST */write/enqueue",), earlier_runs, waits=True, is_proof=False),
]


class Answers(ScriptedServer):
    """All four services at once: answers by path, and knows nothing else.

    :param answers: the body by path.
    """

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__()
        token = {"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600}
        self.answers = {"/oauth2/token": token, "/auth": token, **answers}
        self.always = self._answer

    def _answer(self, asked: Asked) -> Reply:
        if asked.path in self.answers:
            return Reply(body=self.answers[asked.path])
        return Reply(404, {"message": "not found"})

    @property
    def environment(self) -> dict[str, str]:
        """The connections that the fixtures name, as Airflow reads them."""
        token_url = f"{self.url}/oauth2/token"
        return {
            f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(
                {
                    "conn_type": conn_type,
                    "host": self.url,
                    "login": login,
                    "password": "a-secret-of-the-test",
                    "extra": {"verify": False, "max_retries": 0, **extra},
                }
            )
            for conn_id, conn_type, login, extra in (
                ("stored_liveramp", "liveramp", "account", {"org_id": "demo", "token_url": token_url}),
                ("stored_acoustic_exchange", "acoustic_exchange", None, {}),
                ("stored_acoustic_exchange_endpoint", "acoustic_exchange", None, {"key_level": "endpoint"}),
                ("stored_delta_projects", "delta_projects", None, {}),
                ("stored_dataddo", "dataddo", "someone@example.com", {}),
            )
        }
