"""docs/safe-activation.md says what is so: its DAG runs, its commands work. `tests/docs` runs the rest."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from airflow_home import make_home
from dag_running import ROOT, environment, opened_database
from winback_audience import REGISTRATION

from airflow_provider_activation.audience.warehouse import insert_receipt
from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled
from scripts.pages import Block, blocks_of

PAGE = ROOT / "docs" / "safe-activation.md"
SEGMENT = 8000000000000001152
RUN = """
import sys

sys.path.insert(0, {folder!r})
from safe_activation import safe_activation

run = safe_activation().test(run_conf={conf!r})
sys.exit(run.state != "success")
"""


@dataclass
class Reader:
    """Somebody who follows the page.

    :param home: Airflow's home.
    """

    sandbox: Sandbox
    home: Path

    def runs(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as the page's reader would."""
        folder = str(self.home / "dags")
        search = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        known = environment(
            self.home, self.sandbox.connections, AIRFLOW__CORE__DAGS_FOLDER=folder, PATH=search
        )
        return subprocess.run(
            command, env=known, cwd=ROOT, capture_output=True, text=True, timeout=scaled(240), check=False
        )

    def runs_the_dag(self, **conf: Any) -> str:
        """Run the page's DAG with `dag.test()`; returns all that it printed."""
        (block,) = blocks_of(PAGE, "dag")
        folder = self.home / "dags"
        folder.mkdir(exist_ok=True)
        (folder / "safe_activation.py").write_text(block.code)
        done = self.runs(sys.executable, "-c", RUN.format(folder=str(folder), conf=conf))
        assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
        return done.stdout + done.stderr

    def runs_the_command(self, block: Block) -> subprocess.CompletedProcess[str]:
        """Run one of the page's shell blocks."""
        return self.runs("bash", "-euo", "pipefail", "-c", block.code)

    @property
    def records(self) -> list[dict[str, Any]]:
        """What is in the ledger."""
        files = sorted((self.home / "ledger").rglob("*.json"))
        return [json.loads(file.read_text()) for file in files]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with Sandbox(port=0, step_seconds=0.1) as sandbox:
        reader = Reader(sandbox, tmp_path_factory.mktemp("airflow"))
        make_home(reader.home)
        prepare = (
            "from airflow_provider_activation.api import acoustic_exchange as api\n"
            "from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook\n"
            "hook = AcousticExchangeHook('acoustic_exchange_endpoint')\n"
            f"hook.register_endpoint(api.EndpointRegistration.model_validate({REGISTRATION!r}))\n"
            f"hook.add_segments(10001, [api.SegmentDefinition(id={SEGMENT}, name='Win-back')])\n"
        )
        done = reader.runs(sys.executable, "-c", prepare)
        assert done.returncode == 0, done.stderr[-3000:]
        yield reader


def test_the_dag_simulated_then_run_then_its_commands(reader: Reader) -> None:
    before = reader.sandbox.state()
    said = reader.runs_the_dag(simulate=True)
    assert "999 rows would be uploaded" in said
    assert reader.sandbox.state() == before
    assert reader.records == []

    said = reader.runs_the_dag()
    assert "Simulated:" not in said
    (job,) = reader.sandbox.state()["acoustic-exchange"]["jobs"]
    assert (job["status"], job["records"]) == ("COMPLETE", 999)
    assert [one["kind"] for one in reader.records] == ["intent", "receipt"]
    receipt = reader.records[1]
    assert receipt["ids"] == {"jobId": str(job["jobId"])}
    with opened_database(reader.home) as database:
        ((told,),) = database.execute("select extra from asset_event").fetchall()
    names = ("receipt_id", "audience", "destination", "rows", "sha256")
    assert json.loads(told)["activation"] == {name: receipt[name] for name in names}
    assert list((reader.home / "audiences").glob("audience*")) == []

    triggers, shows, closes = blocks_of(PAGE, "shell")
    triggered = reader.runs_the_command(triggers)
    assert triggered.returncode == 0, triggered.stderr
    with opened_database(reader.home) as database:
        ((conf,),) = database.execute("select conf from dag_run where state = 'queued'").fetchall()
    assert json.loads(conf) == {"simulate": True}

    table = reader.runs_the_command(shows)
    assert table.returncode == 0, table.stderr
    assert len(table.stdout.splitlines()) == 4
    assert "999" in table.stdout
    # the record 1 is closed already
    refused = reader.runs_the_command(closes)
    assert refused.returncode == 1
    assert "no intent of number 1 is open" in refused.stderr
    # as a task would leave it whose worker died
    (folder,) = (reader.home / "ledger").iterdir()
    (folder / "000002.json").unlink()
    closed = reader.runs_the_command(closes)
    assert closed.returncode == 0, closed.stderr
    assert "the job was deleted at the service" in reader.records[1]["why"]

    told = {name for row in _fields() for name in re.findall(r"`(\w+)`", row)}
    assert told == receipt.keys()
    _row_of_the_warehouse(receipt)


def _fields() -> list[str]:
    """The first cells of the table of a record's fields."""
    _, _, rest = PAGE.read_text().partition("\n| field | |\n")
    return [line.split(" | ")[0] for line in rest.partition("\n\n")[0].splitlines()[1:]]


def _row_of_the_warehouse(receipt: dict[str, Any]) -> None:
    """The page's table takes the receipt, once."""
    assert insert_receipt.__doc__
    (block,) = blocks_of(PAGE, "sql")
    database = sqlite3.connect(":memory:")
    database.execute(block.code)
    names = {row[1] for row in database.execute("pragma table_info(receipts)")}
    assert {"receipt_id", "audience", "rows_sent", "approver"} <= names
