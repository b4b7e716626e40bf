"""What leads to a send, plainly: a file with its manifest, its check, its upload, and the records on disk."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow.sdk.definitions._internal.mixins import ResolveMixin
from task_running import Task

from adversary.exchange import WAITING, Exchange
from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeUploadJobDataOperator
from airflow_provider_activation.operators.audience import CheckAudienceOperator

PAIR = "win-back@exchange"
SIMULATED = "simulated:0123456789ab"


def person(number: int) -> str:
    return hashlib.sha256(f"customer{number}@example.com".encode()).hexdigest()


def prepared(folder: Path, rows: int = 10, run: str = "run_1", **changed: Any) -> dict[str, Any]:
    """The manifest of a file that is written here, as the page describes it."""
    folder.mkdir(parents=True, exist_ok=True)
    content = "\n".join(["email_sha256", *map(person, range(rows)), ""]).encode()
    file = folder / f"audience-{rows}-{run}.csv"
    file.write_bytes(content)
    counts = {"read": rows, "left_out": 0, "rejected": 0, "suppressed": 0, "duplicates": 0, "written": rows}
    return {
        **{"version": 1, "path": str(file), "host": socket.gethostname(), "size": len(content)},
        **{"sha256": hashlib.sha256(content).hexdigest(), "profile": "google", "columns": ["email_sha256"]},
        **{"run": {"dag_id": "a_dag", "run_id": run}, "rows": counts, "suppression": []},
        "format": {"delimiter": ",", "header": True, "encoding": "utf-8", "compression": "none"},
        "rejects": {"path": None, "counts": {}},
        **changed,
    }


class Output(ResolveMixin):
    """What an earlier task has returned: known when the task runs, not when the DAG is parsed."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def iter_references(self) -> Any:
        return iter(())

    def resolve(self, *_: Any, **__: Any) -> Any:
        return self.value


def rendered(cls: Any, /, **arguments: Any) -> Callable[[], Any]:
    """Makes an operator whose outputs are rendered."""

    def make() -> Any:
        operator = cls(**arguments)
        operator.render_template_fields({})
        return operator

    return make


class Sending:
    """One ledger and one Exchange, with the tasks of several runs.

    :param store: whether there is a task state store (Airflow 3.3).
    """

    def __init__(self, folder: Path, exchange: Exchange, conn_id: str, *, store: bool = True) -> None:
        self.folder, self.exchange, self.conn_id, self.store = folder, exchange, conn_id, store
        self.ledger = folder / "ledger"
        self.pair = self.ledger / PAIR

    def manifest(self, rows: int = 10, run: str = "run_1", **changed: Any) -> dict[str, Any]:
        return prepared(self.folder / "audiences", rows, run, **changed)

    def check(self, manifest: Any, day: int = 1, **arguments: Any) -> Task:
        given = {"audience": "win-back", "destination": "exchange", "ledger": str(self.ledger), **arguments}
        make = rendered(CheckAudienceOperator, task_id="check", manifest=Output(manifest), **given)
        return self._task(make, day)

    def upload(self, manifest: Any, day: int = 1, **arguments: Any) -> Task:
        given = {"job_id": 5, "acoustic_exchange_conn_id": self.conn_id, "timeout": 0.3, "poll_interval": 0.1}
        make = rendered(
            AcousticExchangeUploadJobDataOperator,
            task_id="upload",
            file=Output(manifest),
            **{**given, **arguments},
        )
        return self._task(make, day)

    def _task(self, make: Callable[[], Any], day: int) -> Task:
        after = datetime(2026, 5, day, tzinfo=UTC)
        return Task(make, run_id=f"run_{day}", run_after=after, store=self.store)

    def send(self, rows: int = 10, day: int = 1) -> dict[str, Any]:
        """A run that ends well; returns its checked manifest. A new job waits afterwards."""
        checked: dict[str, Any] = self.check(self.manifest(rows, f"run_{day}"), day).run()
        self.upload(checked, day).run()
        self.exchange.status = WAITING
        self.exchange.uploads.clear()
        self.exchange.asked.clear()
        return checked

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(file.read_text()) for file in sorted(self.pair.glob("*.json"))]

    @property
    def kinds(self) -> list[str]:
        return [f"{record['kind']} of {record['run_id']}" for record in self.records]

    @property
    def receipts(self) -> int:
        return sum(record["kind"] == "receipt" for record in self.records)

    def record(self, number: int) -> Path:
        return self.pair / f"{number:06}.json"

    def change(self, of: int, **fields: Any) -> None:
        file = self.record(of)
        file.write_text(json.dumps(json.loads(file.read_text()) | fields))

    def copy(self, of: int, name: str, **fields: Any) -> None:
        """A record under another name."""
        shutil.copy(self.record(of), self.pair / name)
        record = json.loads((self.pair / name).read_text())
        (self.pair / name).write_text(json.dumps(record | fields))


def fails(task: Task) -> str:
    """Runs a try that may fail; what it said, empty if it was green."""
    try:
        task.run()
    except ActivationError as error:
        return f"{error}\n{error!r}\n{json.dumps(error.as_json())}"
    return ""


def everything_in(folder: Path) -> list[tuple[str, int, int]]:
    """All files, with their times and sizes."""
    found = []
    for path in sorted(folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError):
            stat = path.stat()
            found.append((str(path), stat.st_mtime_ns, stat.st_size))
    return found
