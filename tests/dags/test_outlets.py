"""Asset events: a task that has sent says what in its event; a simulated task emits none."""

from __future__ import annotations

import json
from pathlib import Path

from dag_running import AirflowProcess, opened_database

from airflow_provider_activation.sandbox import Sandbox


def test_only_what_happened_is_an_event(sandbox: Sandbox, tmp_path: Path) -> None:
    home = tmp_path / "airflow"
    home.mkdir()
    (home / "people.csv").write_text("email\na@example.com\nb@example.com\n")
    with AirflowProcess(home, sandbox.connections) as airflow:
        run = airflow.run("outlet_dag")
    assert set(run.states.values()) == {"success"}, run.output[-3000:]
    with opened_database(home) as database:
        rows = database.execute(
            "select asset.name, event.extra from asset_event event join asset on asset.id = asset_id"
        ).fetchall()
    events = dict(rows)
    assert set(events) == {"real_job", "real_activation", "real_end"}
    (receipt_file,) = (home / "ledger").glob("*/000002.json")
    receipt = json.loads(receipt_file.read_text())
    names = ("receipt_id", "audience", "destination", "rows", "sha256")
    assert json.loads(events["real_activation"])["activation"] == {name: receipt[name] for name in names}
    assert receipt["rows"]["sent"] == 2
    # the real run alone has sent, and one file is there for it
    assert len(list((home / "ledger").glob("*/*.json"))) == 2
    assert len(list((home / "out").iterdir())) == 1
    assert [one["path"] for one in sandbox.requests if one["path"].endswith("/data")] != []
