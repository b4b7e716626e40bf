"""An id that was only simulated: no service is asked about it, and no real task takes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from airflow.sdk import DAG
from argument_table import TABLE, Argument
from argument_table.kinds import ID, LIST_OF_IDS, WHOLE_ID
from argument_walk import OUTPUT, TEMPLATE, Bench, Outcome, walked_classes
from walk_services import WalkedServices

from airflow_provider_activation.errors import InvalidArgument

SIMULATED = "simulated:0123456789ab"
MANIFESTS = ("manifest", "file")
VALUES = ((ID, SIMULATED), (WHOLE_ID, SIMULATED), (LIST_OF_IDS, ["1", SIMULATED]))


def value_of(name: str, argument: Argument) -> Any:
    """What a simulated task hands on to an argument; None to one that takes no ids."""
    if name in MANIFESTS:
        return {**argument.good, "path": SIMULATED} if isinstance(argument.good, dict) else SIMULATED
    return next((value for kind, value in VALUES if kind is argument.kind), None)


def takers() -> Iterator[tuple[str, str]]:
    """Classes and their arguments that take ids."""
    for path, row in TABLE.items():
        if not path.startswith("triggers."):
            yield from ((path, name) for name, one in row.arguments.items() if value_of(name, one))


every_taker = pytest.mark.parametrize(
    ("path", "name"), list(takers()), ids=lambda one: one.rpartition(".")[2]
)


def run(services: WalkedServices, path: str, name: str, *, mapped: bool = False, **more: Any) -> Outcome:
    """A task that is given a simulated id by another task's output, or as a mapped one."""
    row = TABLE[path]
    value = value_of(name, row.arguments[name])
    given = {**row.base(), **row.arguments[name].beside, **more}
    bench = Bench(walked_classes()[path], services)
    if mapped:
        given.pop(name, None)
        return bench.run(given, mapped={name: value})
    return bench.run({**given, name: OUTPUT}, value=value)


@every_taker
def test_a_simulated_task_makes_no_call_for_it(path: str, name: str, services: WalkedServices) -> None:
    for mapped in (False, True):
        outcome = run(services, path, name, mapped=mapped, simulate=True)
        assert outcome.stage == "end", outcome
        assert (services.asked, outcome.log_ins) == ([], 0)
        if isinstance(outcome.result, dict):
            (would,) = outcome.result["would"]
            assert f"{name} {SIMULATED}" in would or name == "manifest"


@every_taker
def test_a_real_task_refuses_it_and_a_sensor_takes_it(path: str, name: str, services: WalkedServices) -> None:
    for mapped in (False, True):
        outcome = run(services, path, name, mapped=mapped)
        assert (services.asked, outcome.log_ins) == ([], 0)
        if path.startswith("sensors."):
            assert outcome.stage == "end", outcome
        else:
            assert outcome.stage == "run"
            assert isinstance(outcome.error, InvalidArgument)
            assert f"{name} is {SIMULATED}" in str(outcome.error)


PATH = "operators.delta_projects.DeltaProjectsUpdateActivityOperator"


def flagged(services: WalkedServices, value: Any, **options: Any) -> Outcome:
    """A task whose ``simulate`` is rendered to a value."""
    base = {**TABLE[PATH].base(), "budget": 5, "simulate": TEMPLATE}
    return Bench(walked_classes()[PATH], services).run(base, value=value, **options)


@pytest.mark.parametrize("native", [False, True], ids=["text", "native"])
@pytest.mark.parametrize("value", [True, False])
def test_a_templated_flag(value: bool, native: bool, services: WalkedServices) -> None:
    outcome = flagged(services, value, native=native)
    changing = [one for one in services.asked if one.method == "POST"]
    assert bool(changing) is not value
    assert (isinstance(outcome.result, dict) and "would" in outcome.result) is value


@pytest.mark.parametrize("native", [False, True], ids=["text", "native"])
@pytest.mark.parametrize("value", [None, "maybe", "", 2, SIMULATED])
def test_a_flag_that_is_none(value: Any, native: bool, services: WalkedServices) -> None:
    outcome = flagged(services, value, native=native)
    assert isinstance(outcome.error, InvalidArgument)
    assert "simulate" in str(outcome.error)
    assert services.asked == []


@pytest.mark.parametrize("value", [None, "maybe", "true", 1])
def test_a_flag_that_is_none_is_refused_in_the_dag_file(value: Any, services: WalkedServices) -> None:
    base = {**TABLE[PATH].base(), "simulate": value}
    outcome = Bench(walked_classes()[PATH], services).run(base)
    assert outcome.stage == "parse"
    assert isinstance(outcome.error, InvalidArgument)


def test_a_flag_for_the_whole_dag() -> None:
    with DAG("a_dag", schedule=None, default_args={"simulate": True}):
        for number, (path, row) in enumerate(TABLE.items()):
            if not path.startswith("triggers."):
                task: Any = walked_classes()[path](task_id=f"task_{number}", **row.base())
                assert task.simulate is True
                own: Any = walked_classes()[path](task_id=f"own_{number}", **row.base(), simulate=False)
                assert own.simulate is False
