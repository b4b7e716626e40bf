"""What a check that waits for a person stores, and what its manifest hands to the task that sends."""

from __future__ import annotations

from pathlib import Path

import pytest
from audience_attacks import Room, room
from check_tasks import Airflow, Checking, airflow, check, manifest_in
from stored_tasks import PINNED

__all__ = ["airflow", "room"]

NAMES = PINNED["checks"]


def test_the_names_are_as_they_were(room: Room, airflow: Airflow, tmp_path: Path) -> None:
    manifest = manifest_in(room.folder)
    checking = Checking(lambda: check(manifest, tmp_path / "ledger", first_run="ask"))
    deferral = checking.ask()
    assert deferral.method_name == NAMES["method"]
    assert sorted((deferral.kwargs or {})["asked"]) == NAMES["asked"]
    assert airflow.asked[0]["options"] == NAMES["answers"]
    found = checking.answer(NAMES["answers"][0])
    assert sorted(found["check"]) == NAMES["check"]


@pytest.mark.parametrize("missing", ["run", "check"])
def test_a_manifest_of_an_earlier_release_has_none(room: Room, tmp_path: Path, missing: str) -> None:
    manifest = manifest_in(room.folder)
    assert sorted(manifest["run"]) == NAMES["run"]
    manifest.pop(missing, None)
    assert Checking(lambda: check(manifest, tmp_path / "ledger")).run()["check"]
