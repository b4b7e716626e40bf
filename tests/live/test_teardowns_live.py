"""A delete at the end of a run on a scheduler: after a failure, and after the failed task is cleared."""

from __future__ import annotations

from pathlib import Path

from real_airflow import RealAirflow

from scripts.machine_speed import scaled

SOON = scaled(90.0)
"""Seconds in which a run ends. A delete that is tried again takes longer."""


def test_a_run_fails_and_is_well_once_the_task_is_cleared(dags: Path, tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "dags"
    told = home / "fails"
    told.mkdir(parents=True)
    (told / "send").touch()
    (home / "people.csv").write_text("email\na@example.com\n")
    folder.mkdir()
    (folder / "deleting_dag.py").symlink_to(dags / "deleting_dag.py")
    with RealAirflow(home, folder, {}) as airflow:
        run_id = airflow.trigger("deleting_dag")
        airflow.wait_until(lambda: airflow.run_state(run_id) in ("success", "failed"), SOON)
        assert airflow.run_state(run_id) == "failed"
        states = airflow.task_states(run_id)
        assert (states["send"], states["tidy"], states["delete"]) == ("failed", "success", "failed")
        assert "this task has done its work: send (failed)." in airflow.task_log(run_id, "delete")
        assert list((home / "out").iterdir()) == []

        (told / "send").unlink()
        airflow.clear(run_id, "send")
        airflow.wait_until(lambda: airflow.run_state(run_id) in ("success", "failed"), SOON)
        assert set(airflow.task_states(run_id).values()) == {"success"}
        assert airflow.run_state(run_id) == "success"
        assert list((home / "out").iterdir()) == []
        tries = {name: one["try_number"] for name, one in airflow.tasks(run_id).items()}
        assert tries == {"prepare": 2, "check": 1, "send": 2, "tidy": 2, "delete": 2}
