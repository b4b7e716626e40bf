"""A simulated task changes nothing, whatever it finds, and says what it would do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from golden_logs import lasting
from good_tasks import GOOD
from provided_classes import public_classes
from simulated_tasks import STATES, nothing_changes, simulated
from task_running import Task

from airflow_provider_activation.sandbox import Sandbox

WOULD: dict[str, list[str]] = json.loads(Path(__file__).with_name("simulated.json").read_text())
"""What each would do."""
SIMULATED = re.compile(r"simulated:[0-9a-f]{12}")
UNDOCUMENTED = {
    *("accountId", "attributeMappings", "destinationIdentifier", "destinationSegmentID", "exportCategory"),
    *("destinationSegmentName", "identityMappings", "jobName", "scheduledJobId", "segmentDataFormat"),
    *("sourceIdentifiers", "subStatus", "updateIdentities", "actionId"),
}
"""Fields of jobs and runs that the sandbox shows and no model names: nobody knows what a service adds."""


def test_every_operator_and_sensor_is_simulated() -> None:
    assert {name.partition("-")[0] for name in STATES} == {kind.__name__ for kind in public_classes()}
    assert list(WOULD) == list(STATES)


def lacks(result: Any, real: Any) -> set[str]:
    """The keys of a real result that a simulated one lacks; the service may leave out some that it has."""
    assert type(result) is type(real)
    return real.keys() - result.keys() - UNDOCUMENTED if isinstance(real, dict) else set()


def told(text: str, folder: Path) -> str:
    """What no two runs have in common is left out; of a long path a refusal leaves out the middle."""
    return re.sub(
        r"<folder>\S*( \.\.\. \S*)? is not the file", "<file> is not the file", lasting(text, folder)
    )


@pytest.mark.parametrize("name", STATES)
def test_changes_nothing_and_says_what_it_would_do(name: str, connections: Sandbox, tmp_path: Path) -> None:
    factory = STATES[name](tmp_path)
    task = Task(simulated(factory))
    with nothing_changes(connections, tmp_path):
        result = task.run()
    assert task.ti is not None
    assert [told(one, tmp_path) for one in task.ti.xcoms["would"]] == WOULD[name]
    for one in result if isinstance(result, list) else [result]:
        assert not isinstance(one, dict) or one["would"] == task.ti.xcoms["would"]
    # neither a note of something that was made, nor an event for those who wait for it
    assert task.store == {}
    assert task.operator is not None
    assert task.operator.outlets == []
    for text in re.findall(r"simulated\S*", str(result)):
        assert SIMULATED.match(text)
    if name in GOOD:
        assert lacks(result, Task(factory).run()) == set()


def test_what_is_not_there_has_a_simulated_id(connections: Sandbox, tmp_path: Path) -> None:
    made = Task(simulated(STATES["LiveRampCreateIntegrationConnectionOperator"](tmp_path))).run()
    assert SIMULATED.fullmatch(made["id"])
    there = Task(simulated(STATES["LiveRampCreateIntegrationConnectionOperator-there"](tmp_path))).run()
    assert there["id"].isdecimal()


def test_another_run_has_another_id(connections: Sandbox, tmp_path: Path) -> None:
    factory = simulated(STATES["DeltaProjectsCreateActivityFromTemplateOperator"](tmp_path))
    assert Task(factory).run()["id"] != Task(factory).run()["id"]
    one = Task(factory)
    assert one.run()["id"] == one.run()["id"]
