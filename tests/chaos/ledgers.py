"""Checked audiences: a file with its manifest, a ledger that others write to as well, and what must stand in
it when a task has ended. The records are read as files here, not by the code that wrote them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from task_running import A_DAY

from airflow_provider_activation.actions.identity import submission_key
from airflow_provider_activation.audience.guard import AudienceGuard
from airflow_provider_activation.audience.ledger import Ledger
from airflow_provider_activation.audience.manifest import described
from airflow_provider_activation.audience.receipt import Facts, Record, Run
from airflow_provider_activation.errors import Conflict, JobFailed, Refused, UncertainOutcome
from airflow_provider_activation.storage import place_of

AUDIENCE, DESTINATION, APPROVER = "win-back", "everywhere", "A person"
DAG_ID, RUN_ID = "a_dag", "scheduled__2026-05-01"
PEOPLE = 2000
ROWS = {"read": 2100, "left_out": 10, "rejected": 20, "suppressed": 40, "duplicates": 30}
RUN = {"dag_id": DAG_ID, "run_id": RUN_ID}
SUPPRESSED = [{"name": "opt-outs", "rows": 40, "unreadable": 0}]


def with_manifest(**ids: str) -> dict[str, Any]:
    """What the place of a run gets: a folder with a file and its checked manifest, and a ledger.

    Another run has sent the audience before, and the check has compared with that.

    :param ids: what a receipt has to name.
    """
    folder = Path(tempfile.mkdtemp(prefix="activation-", dir=os.environ["AIRFLOW_HOME"]))
    file = folder / "audience.csv"
    file.write_text("email_sha256\n" + "\n".join(f"{number:064x}" for number in range(PEOPLE)) + "\n")
    manifest = described(
        file,
        str(file),
        run=dict(RUN),
        profile="acoustic",
        columns=["email_sha256"],
        format={"delimiter": ",", "compression": None},
        rows={**ROWS, "written": PEOPLE},
        suppression=[dict(one) for one in SUPPRESSED],
    )
    place = {"folder": str(folder), "ids": ids, "run_id": RUN_ID, "manifest": manifest}
    before = sent_by_another(ledger_of(place))
    manifest["check"] = {
        "audience": AUDIENCE,
        "destination": DESTINATION,
        "ledger": str(folder / "ledger"),
        "warehouse": None,
        "guard": AudienceGuard().as_mapping(),
        "compared_with": before.number,
        "approver": APPROVER,
    }
    return place


# What others write


def ledger_of(place: dict[str, Any]) -> Ledger:
    return _ledger(Path(place["folder"], "ledger"))


def ledger_at(record: Path) -> Ledger:
    """The ledger of a record."""
    return _ledger(record.parents[1])


def _ledger(root: Path) -> Ledger:
    return Ledger(place_of(str(root), "ledger"), AUDIENCE, DESTINATION)


def facts_of_another(ledger: Ledger, rows: int = PEOPLE) -> Facts:
    """What another run knows of itself, each time another one."""
    number = len(list(ledger.records()))
    earlier = A_DAY - timedelta(days=1) + timedelta(minutes=number)
    run = Run(dag_id="another", task_id="send", run_id=f"run {number}", run_after=earlier)
    rows_of_it = {**ROWS, "sent": rows}
    return Facts(key=f"{number:012x}", run=run, rows=rows_of_it, sha256=f"{number:064x}", size=1)


def begun_by_another(ledger: Ledger) -> Record:
    """Another run has begun to send, and nobody knows what came of it."""
    return ledger.intend(facts_of_another(ledger))


def sent_by_another(ledger: Ledger, rows: int = PEOPLE) -> Record:
    """Another run has sent so many rows."""
    facts = facts_of_another(ledger, rows)
    ledger.intend(facts)
    return ledger.receipt(facts, "Somewhere", {"id": "1"})


# What must stand in it


def files_of(place: dict[str, Any]) -> dict[str, bytes]:
    """Every file in the folder of a run."""
    if "folder" not in place:
        return {}
    folder = Path(place["folder"])
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def is_begun_by_another(place: dict[str, Any]) -> bool:
    """Whether the newest record is the open intent of another run."""
    newest = ledger_of(place).open_intent()
    return newest is not None and newest.run.run_id != RUN_ID


def what_is_wrong(
    place: dict[str, Any], task_id: str, green: bool, error: BaseException | None, *, may_be_there: bool
) -> list[str]:
    """What of a ledger does not fit the end of a task.

    :param may_be_there: whether the service has what the task sends, as far as the task can know.
    """
    (folder,) = Path(place["folder"], "ledger").iterdir()
    # the piece of a record whose writer was killed is no record
    names = sorted(one.name for one in folder.iterdir() if not one.name.startswith("."))
    if names != [f"{number:06d}.json" for number in range(1, len(names) + 1)]:
        return [f"the records are {names}"]
    records = [json.loads((folder / name).read_text()) for name in names]
    key = submission_key(DAG_ID, RUN_ID, task_id, -1, 1)
    own = [record for record in records if record["run_id"] == RUN_ID]
    left, wrong = None, list(_disorder(records))
    if wrong:
        return wrong
    if records[-1]["kind"] == "intent":
        left = records[-1]["key"]
    wrong += [f"record {one['number']} is of the key {one['key']}" for one in own if one["key"] != key]
    receipts = [record for record in own if record["kind"] == "receipt"]
    if green:
        wrong += [f"{len(receipts)} receipts of a success"] if len(receipts) != 1 else []
        wrong += [difference for receipt in receipts for difference in _differences(place, receipt)]
        wrong += ["an open intent beside a success"] if left is not None else []
        return wrong
    wrong += [f"{len(receipts)} receipts of a failure"] if receipts else []
    if isinstance(error, UncertainOutcome):
        wrong += ["no open intent of an uncertain outcome"] if left != key else []
    elif left == key and (isinstance(error, Refused | JobFailed) or not may_be_there):
        wrong.append("an open intent, and nothing arrived")
    elif left is not None and left != key and not isinstance(error, Conflict):
        wrong.append("the open intent of another run, and no conflict")
    return wrong


def _disorder(records: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What no ledger may be: each intent is closed by its own key, and nothing else is closed."""
    left: str | None = None
    for number, record in enumerate(records, 1):
        told = f"record {number}, a {record['kind']} of {record['key']}"
        if record["number"] != number:
            yield f"{told}, says {record['number']}"
        if (record["kind"] == "intent") is not (left is None):
            yield f"{told}, while the intent of {left} was open"
        elif left is not None and record["key"] != left:
            yield f"{told}, closes the intent of {left}"
        left = record["key"] if record["kind"] == "intent" else None


def _differences(place: dict[str, Any], receipt: dict[str, Any]) -> Iterator[str]:
    manifest = place["manifest"]
    expected = {
        "rows": {**ROWS, "sent": PEOPLE},
        **{name: manifest[name] for name in ("sha256", "size", "profile")},
        "ids": place["ids"],
        "approver": APPROVER,
        "audience": AUDIENCE,
        "destination": DESTINATION,
    }
    for name, value in expected.items():
        if receipt[name] != value:
            yield f"the receipt's {name} is {receipt[name]}"
    if datetime.fromisoformat(receipt["run_after"]) != A_DAY:
        yield f"the receipt's run_after is {receipt['run_after']}"
