"""A whole activation on the sandbox: an audience is prepared, checked, and uploaded to a job."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import liveramp_tasks as liveramp
import pytest
from acoustic_tasks import asked, import_identities
from airflow.sdk import BaseOperator
from example_tasks import define, export, register
from task_running import A_DAY, Task

from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeUploadJobDataOperator
from airflow_provider_activation.operators.audience import CheckAudienceOperator, PrepareAudienceOperator
from airflow_provider_activation.sandbox import Sandbox

REGISTRATION: dict[str, Any] = {
    "marketingDatabases": [
        {
            "name": "Customers",
            "identifiers": [
                {"name": "email_sha256", "type": "email", "hashMode": "HASHED", "hashAlgorithm": "SHA256"}
            ],
        }
    ]
}
"""What an endpoint is registered with that takes the prepared file."""
CANARY = "anna.canary-7c41"
"""In the address of each person."""


class Killed(BaseException):
    """Ends a worker's process at once, past everything that catches errors."""


class Activations:
    """One audience and one destination, day after day.

    :param sandbox: whose endpoint is registered and offers a segment.
    :param folder: for the files and the ledger.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.ledger = folder / "ledger"
        Task(lambda: register(marketing_databases_definition=REGISTRATION)).run()
        Task(define).run()

    def prepared(self, people: int = 3) -> dict[str, Any]:
        """The manifest of a file of so many people."""
        source = self.folder / f"people_{people}.csv"
        source.write_text("email\n" + "".join(f"{CANARY}.{one}@example.com\n" for one in range(people)))
        prepare = PrepareAudienceOperator(
            task_id="prepare",
            source=source,
            schema={"columns": {"email_sha256": {"kind": "email", "source": "email", "hash": "sha256"}}},
            profile="google",
            folder=self.folder / "out",
        )
        manifest: dict[str, Any] = Task(lambda: prepare).run()
        return manifest

    def checked(self, day: int = 1, manifest: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """The output of the check in the run of a day."""
        manifest = manifest or self.prepared()

        def check() -> BaseOperator:
            given = {"audience": "win-back", "destination": "acoustic", "ledger": self.ledger, **more}
            return CheckAudienceOperator(task_id="check", manifest=manifest, **given)

        found: dict[str, Any] = self.task(check, day).run()
        return found

    def job(self, category: str = "SEGMENT_EXPORT") -> str:
        """A job that waits for its data."""
        start = export if category == "SEGMENT_EXPORT" else import_identities
        return str(Task(lambda: start(wait_for_completion=False)).run()["jobId"])

    def task(self, factory: Any, day: int = 1, **more: Any) -> Task:
        """A task in the run of a day."""
        after = A_DAY + timedelta(days=day)
        return Task(factory, **{"run_id": f"run_{day}", "run_after": after, **more})

    def uploading(
        self, manifest: dict[str, Any], day: int = 1, job_id: str | None = None, **more: Any
    ) -> Task:
        """A task that sends, in the run of a day."""
        options = {name: more.pop(name) for name in ("store", "run_id") if name in more}
        job_id = job_id or self.job(more.get("job_category", "SEGMENT_EXPORT"))
        given = {**liveramp.SOON, "deferrable": False, **more}
        return self.task(
            lambda: AcousticExchangeUploadJobDataOperator(
                task_id="upload", job_id=job_id, file=manifest, **given
            ),
            day,
            **options,
        )

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records of the ledger, the oldest first."""
        return [json.loads(file.read_text()) for file in sorted(self.ledger.glob("*/*.json"))]

    @property
    def kinds(self) -> list[str]:
        return [record["kind"] for record in self.records]

    @property
    def sent(self) -> int:
        """How many files were sent, whether they arrived or not."""
        return len(asked(self.sandbox, "POST", "/data"))


@contextmanager
def killed_at(
    monkeypatch: pytest.MonkeyPatch, place: Any, name: str, *, time: int = 1, after: bool = False
) -> Iterator[None]:
    """Kill the worker when it comes to a method.

    :param time: the how many-th time.
    :param after: whether the method is carried out before.
    """
    real, calls = getattr(place, name), 0

    def killed(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        result = real(*args, **kwargs) if calls < time or after else None
        if calls == time:
            raise Killed
        return result

    with monkeypatch.context() as patched:
        patched.setattr(place, name, killed)
        yield
    assert calls >= time, "it never came there"
