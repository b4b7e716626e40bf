"""What each operator and sensor logs when all goes well, compared with ``good/``."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_logs import FOLDER, GoldenLogs
from good_tasks import GOOD
from provided_classes import public_classes

from airflow_provider_activation.sandbox import Sandbox


def test_every_operator_and_sensor_has_one() -> None:
    assert {name.partition("-")[0] for name in GOOD} == {kind.__name__ for kind in public_classes()}
    assert {file.stem for file in (FOLDER / "good").iterdir()} == set(GOOD)


@pytest.mark.parametrize("name", GOOD)
def test_logs_what_it_did(name: str, logs: GoldenLogs, connections: Sandbox, tmp_path: Path) -> None:
    logs.run(f"good/{name}", GOOD[name](tmp_path))
