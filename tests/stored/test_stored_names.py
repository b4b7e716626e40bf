"""The names that Airflow stores are a wire format: what `stored_names.json` lists is there, and as it was.

What waits, what was noted and what was told must go on when the package is renewed below it. A new name is
added to the file; none that is listed may vanish or change.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from airflow.sdk import BaseOperator
from airflow.triggers.base import BaseTrigger
from example_tasks import register
from liveramp_tasks import authorize, connected, distribute, update_connection, update_manager, withdraw
from stored_tasks import CASES, PINNED, SEGMENTS, STORED
from task_running import Task

import airflow_provider_activation.triggers
import airflow_provider_activation.waits
from airflow_provider_activation import errors
from airflow_provider_activation.airflow_compat import answers_resume
from airflow_provider_activation.get_provider_info import get_provider_info
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.waits.probe import Probe

INFO = get_provider_info()


def concrete(package: Any, base: type) -> Iterator[tuple[str, type[Any]]]:
    """The subclasses that are written in a package and can be made, by what they are stored under."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        for kind in vars(module).values():
            ours = inspect.isclass(kind) and issubclass(kind, base) and kind.__module__ == module.__name__
            if ours and not inspect.isabstract(kind):
                yield f"{kind.__module__}.{kind.__qualname__}", kind


def triggers() -> dict[str, list[str]]:
    """What each trigger is made of again."""
    found = concrete(airflow_provider_activation.triggers, BaseTrigger)
    return {name: sorted(inspect.signature(kind).parameters) for name, kind in found}


def probes() -> dict[str, list[str]]:
    """What each wait is made of again."""
    found = concrete(airflow_provider_activation.waits, Probe)
    return {name: sorted(field.name for field in dataclasses.fields(kind)) for name, kind in found}


def error_fields() -> dict[str, list[str]]:
    """What an event carries of each error."""
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind)]
    return {
        kind.__name__: sorted(kind("what happened").as_json())
        for kind in kinds
        if issubclass(kind, errors.ActivationError)
    }


def links() -> dict[str, list[str]]:
    """The name of each link, under which Airflow keeps it in a DAG, and its XCom."""
    made = {path: pkgutil.resolve_name(path)() for path in INFO["extra-links"]}
    return {path: [link.name, link.xcom_key] for path, link in made.items()}


def asset_schemes() -> dict[str, list[str]]:
    """How the URIs of our assets begin; there are none."""
    return {uri["handler"]: sorted(uri["schemes"]) for uri in INFO.get("asset-uris", [])}


SECTIONS: dict[str, Callable[[], dict[str, list[str]]]] = {
    "triggers": triggers,
    "probes": probes,
    "errors": error_fields,
    "links": links,
    "asset schemes": asset_schemes,
}


@pytest.mark.parametrize("section", SECTIONS)
def test_no_name_has_vanished_or_changed(section: str) -> None:
    listed, there = PINNED[section], SECTIONS[section]()
    for name, parts in listed.items():
        assert name in there, f"{name} is stored somewhere; keep it importable"
        assert sorted(set(parts) - set(there[name])) == [], f"gone from {name}, and stored somewhere"
    assert there == listed, "add what is new to stored_names.json"


NO_DEFAULTS: dict[str, Any] = {
    "cancel_on_kill": True,
    "deadline": 9.5,
    "endpoint_id": 10001,
    "job_category": "IDENTITY_IMPORT",
    "poll_interval": 7.0,
    "report_existing": True,
    "segment_ids": ["5000000001"],
    "statuses": {"DataddoFlowTrigger": ["broken"], "LiveRampDeliveryTrigger": ["FAILED"]},
    "target_statuses": ["COMPLETE"],
}
"""A value for each argument of a trigger that is no text, none of them its default."""


@pytest.mark.parametrize("path", PINNED["triggers"])
def test_a_trigger_stores_each_argument(path: str) -> None:
    """One that `serialize` leaves out comes back as its default."""
    kind = pkgutil.resolve_name(path)
    given = {name: NO_DEFAULTS.get(name, f"a {name}") for name in PINNED["triggers"][path]}
    if isinstance(given.get("statuses"), dict):
        given["statuses"] = given["statuses"][kind.__name__]
    assert kind(**given).serialize() == (path, given)


@pytest.mark.parametrize("conn_type", PINNED["connections"])
def test_a_connection_that_was_made_is_still_read(conn_type: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = {of["connection-type"]: of["hook-class-name"] for of in INFO["connection-types"]}
    extra = PINNED["connections"][conn_type]
    connection = {
        "conn_type": conn_type,
        "host": "https://example.com",
        "login": "someone",
        "password": "a-key",
    }
    for conn_id, more in (("stored_full", {}), ("stored_strange", {"strange": 1})):
        given = json.dumps({**connection, "extra": {**extra, **more}})
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", given)
    hook = pkgutil.resolve_name(hooks[conn_type])
    hook("stored_full").get_conn()
    with pytest.raises(errors.InvalidConnection, match="strange"):
        hook("stored_strange").get_conn()


# What the tasks store; `test_fixtures.py` compares the notes with the list


def test_every_operator_that_makes_something_is_among_them() -> None:
    names = [name for entry in INFO["operators"] for name in entry["python-modules"]]
    paths = (STORED / "public_paths.txt").read_text().split()
    operators = [pkgutil.resolve_name(path) for path in paths if path.rpartition(".")[0] in names]
    making = {kind.__name__ for kind in operators if takes(kind, "on_uncertain")}
    assert making == PINNED["task state"]["keys"].keys() == {case.operator for case in CASES}


def takes(kind: type[Any], argument: str) -> bool:
    """Whether an operator has an argument, its own or a base class's."""
    inits = [vars(base)["__init__"] for base in kind.__mro__ if "__init__" in vars(base)]
    return any(argument in inspect.signature(init).parameters for init in inits)


@pytest.mark.parametrize(
    "make", [update_connection, update_manager, withdraw, register], ids=lambda make: make.__name__
)
def test_an_action_publishes_its_outputs(connections: Sandbox, make: Callable[..., BaseOperator]) -> None:
    connection, manager = connected()
    given: dict[str, tuple[Any, ...]] = {
        "update_connection": (connection,),
        "update_manager": (manager,),
        "withdraw": (manager, SEGMENTS),
    }
    Task(lambda: distribute(manager, SEGMENTS[:1])).run()
    operator = make(*given.get(make.__name__, ()))
    task = Task(lambda: operator)
    task.run()
    assert task.ti is not None
    assert sorted(task.ti.xcoms) == PINNED["xcoms"][type(operator).__name__]


def test_a_person_is_offered_the_same_answers(connections: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(
        "airflow.sdk.execution_time.hitl.upsert_hitl_detail", lambda **given: asked.append(given["options"])
    )
    monkeypatch.setattr("task_running.TaskInstance.id", "1", raising=False)
    with pytest.raises(TaskDeferred):
        Task(lambda: authorize(deferrable=True, timeout=3600, poll_interval=60)).begin()
    assert asked == [PINNED["answers"] if answers_resume() else PINNED["answers"][:1]]
