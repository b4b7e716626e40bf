"""Every method of every hook over real HTTP, the same call on an event loop, and what a method looks like."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from endpoints import TABLES
from endpoints.acoustic_exchange import job
from endpoints.delta_projects import ACTIVITY
from endpoints.table import Entry, Held, Use, apply

from airflow_provider_activation import api
from airflow_provider_activation.api import delta_projects, liveramp
from airflow_provider_activation.api.call import Call, Page, every_page
from airflow_provider_activation.hooks import base
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.sandbox import Sandbox

LOG_INS = {"log_in", "request_token"}
"""What a connection calls, and no method."""
WRITTEN_OUT = {"get_client", "set_endpoint_attributes"}
"""Methods that do more than make their call."""

Ready = Callable[..., Held]

every_use = pytest.mark.parametrize(
    ("entry", "use"),
    [
        pytest.param(entry, use, id=f"{table.hook_class.__name__}.{entry.name}")
        for table in TABLES.values()
        for entry in table.entries.values()
        for use in entry.tried
    ],
)
every_method = pytest.mark.parametrize(
    "entry",
    [
        pytest.param(entry, id=f"{table.hook_class.__name__}.{entry.name}")
        for table in TABLES.values()
        for entry in table.methods.values()
    ],
)
every_service = pytest.mark.parametrize("service", TABLES)


@pytest.fixture
def held(connections: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ready]:
    """Makes the sandbox ready for a use of a service's endpoint."""
    monkeypatch.setattr(base, "_transports", {})

    def ready(service: str, use: Use | None = None) -> Held:
        held = Held(TABLES[service], connections, tmp_path)
        if use is not None and use.ready is not None:
            use.ready(held)
        return held

    yield ready
    for transport in base._transports.values():
        transport.close()


# The table is complete


def answers_a_call(function: Any) -> bool:
    return str(function.__annotations__.get("return")).startswith("Call[")


@every_service
def test_every_endpoint_has_an_entry(service: str) -> None:
    package = importlib.import_module(f"{api.__name__}.{service}")
    modules = [
        importlib.import_module(f"{package.__name__}.{one.name}")
        for one in pkgutil.iter_modules(package.__path__)
    ]
    endpoints = {
        function
        for module in modules
        for _, function in inspect.getmembers(module, inspect.isfunction)
        if hasattr(function, "__wrapped__")
        and str(function.__annotations__.get("return")).startswith("Call[")
    }
    tabled = {entry.function for entry in TABLES[service].entries.values()}
    assert {function.__name__ for function in endpoints - tabled} == set(), (
        "no entry in tests/support/endpoints"
    )
    assert tabled <= endpoints


@every_service
def test_what_a_service_offers_as_a_call_is_an_endpoint(service: str) -> None:
    package = importlib.import_module(f"{api.__name__}.{service}")
    for name, function in inspect.getmembers(package, inspect.isfunction):
        if answers_a_call(function):
            assert name in TABLES[service].entries, f"{name} lacks @endpoint or an entry"


@every_service
def test_every_method_has_an_entry_and_every_endpoint_a_method(service: str) -> None:
    table = TABLES[service]
    methods = {
        name
        for name, value in vars(table.hook_class).items()
        if inspect.isfunction(value) and not name.startswith("_") and not hasattr(base.ActivationHook, name)
    } - {"account", "in_scope"}
    assert methods - table.entries.keys() == set(), "no entry in tests/support/endpoints"
    assert table.entries.keys() - methods - LOG_INS == set(), "no method of the hook"


@every_service
def test_every_endpoint_is_tried_on_the_sandbox(service: str) -> None:
    assert [entry.name for entry in TABLES[service].entries.values() if not entry.tried] == []


# What a method looks like


@every_method
def test_a_method_is_its_endpoint_with_the_answer_in_place_of_the_call(entry: Entry) -> None:
    method = getattr(entry.table.hook_class, entry.name)
    assert method.__name__ == entry.name == entry.function.__name__
    if entry.name in WRITTEN_OUT:
        assert method.__doc__
        return
    call, own = inspect.signature(entry.function), inspect.signature(method)
    this, *parameters = own.parameters.values()
    assert this.name == "self"
    assert parameters == list(call.parameters.values())
    answer = call.return_annotation.removeprefix("Call[").removesuffix("]")
    if entry.answers_pages:
        answer = f"list[{answer.removeprefix('Page[').removesuffix(']')}]"
    assert own.return_annotation == method.__annotations__["return"] == answer
    assert inspect.getdoc(method) == inspect.getdoc(entry.function)


@every_method
def test_a_methods_name_is_the_operation_of_its_call(entry: Entry) -> None:
    for use in entry.uses:
        assert entry.call(entry.table.standing_in, use).operation == entry.name


# What it does


@every_use
def test_a_method_does_what_its_endpoint_does(held: Ready, entry: Entry, use: Use) -> None:
    there = held(entry.table.name, use)
    hook = entry.table.hook(entry.call(there, use))
    if entry.name in LOG_INS:
        assert use.known(hook.send(entry.call(there, use)))
        return
    method = getattr(hook, entry.name)
    assert use.known(apply(method, entry.arguments(there, use, method)))


@every_use
def test_the_same_call_goes_out_from_an_event_loop(held: Ready, entry: Entry, use: Use) -> None:
    call = entry.call(held(entry.table.name, use), use)

    async def main() -> Any:
        hook = entry.table.hook(call)
        try:
            return await (hook.arun(every_page(call)) if entry.answers_pages else hook.asend(call))
        finally:
            await (await hook.aget_conn()).aclose()

    assert use.known(asyncio.run(main()))


def test_lists_read_every_page(held: Ready, connections: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_provider_activation.api.liveramp.common.LARGEST_PAGE", 5)
    found = LiveRampHook().list_segments()
    assert [one.id for one in found] == [str(5000000001 + number) for number in range(17)]
    asked = [request for request in connections.requests if request["path"] == "/v2/segments"]
    assert len(asked) == 4
    assert [request["query"].get("limit") for request in asked] == ["5"] * 4

    async def main() -> list[Any]:
        call: Call[Page[liveramp.Segment]] = liveramp.list_segments()
        return await LiveRampHook().arun(every_page(call))

    assert asyncio.run(main()) == found


def test_what_arrived_is_what_was_written(held: Ready, connections: Sandbox) -> None:
    hook = DeltaProjectsHook()
    activity_id = hook.create_activity_from_template(ACTIVITY)
    update = delta_projects.ActivityUpdate(enabled=True, override_variables={"fontsize": 24})
    hook.update_activity(activity_id, update)
    (kept,) = connections.state()["delta-projects"]["activities"]
    assert (kept["id"], kept["enabled"], kept["orderId"]) == (activity_id, True, "order-1")
    assert kept["flightStart"] == "2026-09-01T00:00:00.000+0000"
    assert kept["overrideVariables"] == '{"fontsize": 24}'


def test_an_uploaded_file_arrives_whole(held: Ready, connections: Sandbox) -> None:
    there = held("acoustic_exchange")
    job(there)
    AcousticExchangeHook().upload_job_data(there.job_id, there.file)
    (request,) = [one for one in connections.requests if one["path"].endswith("/data")]
    assert request["body"] == f"{there.file.stat().st_size} bytes of text/csv"
    there.let_time_pass()
    assert AcousticExchangeHook().get_job("SEGMENT_EXPORT", there.job_id).state == "COMPLETE"


def test_another_media_agency_and_client_can_be_given(held: Ready) -> None:
    hook = DeltaProjectsHook()
    assert hook.account("a", "c") == {"media_agency_id": "a", "client_id": "c"}
    assert hook.account(client_id="c") == {**hook.account(), "client_id": "c"}
