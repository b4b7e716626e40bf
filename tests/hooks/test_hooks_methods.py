"""Every method of every hook once, over real HTTP, and the same call on an event loop."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_activation.api import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.api.call import Call, Page, every_page
from airflow_provider_activation.hooks import base
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.sandbox import Sandbox

REGISTRATION = acoustic_exchange.EndpointRegistration(
    name="CRM",
    provider_name="Example",
    endpoint_types=acoustic_exchange.EndpointTypes(
        segment=acoustic_exchange.SegmentTypes(
            source=acoustic_exchange.SegmentSource(enabled=True, producer_type="push")
        )
    ),
)
SEGMENT = acoustic_exchange.SegmentDefinition(
    id=7,
    name="Win back",
    segment_attributes=(acoustic_exchange.SegmentAttributeInput(name="email", type="string"),),
)
EXPORT = acoustic_exchange.SegmentExport(
    endpoint_id=10001,
    segment_id=7,
    destination_endpoint_id=20002,
    source_identifiers=("email",),
    destination_identifier="email",
    update_identities=False,
)
ACTIVITY = delta_projects.ActivityFromTemplate(
    template_id="16b35327-794c-11e4-8425-daf437376f87",
    activity_name="Autumn",
    flight_start=datetime(2026, 9, 1, tzinfo=UTC),
    flight_stop=datetime(2026, 10, 1, tzinfo=UTC),
    order_id="order-1",
    budget=1000,
)
SNAPCHAT = dataddo.source_payload(
    "snapchat",
    "Spend",
    "1000",
    {
        "organizationId": "org-1",
        "accountId": "acc-1",
        "breakdown": "campaign",
        "metrics": ["spend"],
        "labels": ["stats_id"],
        "action_report_time": "conversion",
        "swipe_up_attribution_window": "28_DAY",
        "view_attribution_window": "1_DAY",
        "dateRange": "30d1",
        "strategy": "incremental",
        "request": None,
    },
)
DATA_STORE = liveramp.IntegrationConnectionInput(
    integration_id=("1002", "2002"),
    properties=(
        liveramp.PropertyInput(property_key="bucket", property_value="b"),
        liveramp.PropertyInput(property_key="folder", property_value="f"),
    ),
    device_types=("PII",),
    distribution_manager_name="Autumn",
)
CONFIG = liveramp.SegmentConfigInput(segment_id="5000000001", segment_type="ONBOARDING")
ATTEMPT = liveramp.OAuthConnectionAttemptInput(oauth_endpoint_id="3001")


@dataclass
class Held:
    """What the services hold before the method under test is called."""

    file: Path
    ids: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return self.ids[name]


def own_endpoint(held: Held) -> None:
    AcousticExchangeHook("acoustic_exchange_endpoint").register_endpoint(REGISTRATION)


def segment(held: Held) -> None:
    own_endpoint(held)
    AcousticExchangeHook("acoustic_exchange_endpoint").replace_segments(10001, [SEGMENT])


def job(held: Held) -> None:
    segment(held)
    held.ids["job_id"] = AcousticExchangeHook().export_segment(EXPORT)


def activity(held: Held) -> None:
    hook = DeltaProjectsHook()
    held.ids["account"] = hook.account()
    held.ids["activity_id"] = hook.create_activity_from_template(ACTIVITY)


def account(held: Held) -> None:
    held.ids["account"] = DeltaProjectsHook().account()


def third_party(held: Held) -> None:
    hook = DataddoHook()
    held.ids["service_id"] = hook.create_service("snapchat_static", STATIC).id


def source(held: Held) -> None:
    third_party(held)
    held.ids["source_id"] = DataddoHook().create_source("snapchat", SNAPCHAT).id


def flow(held: Held) -> None:
    source(held)
    held.ids["flow_id"] = DataddoHook().create_flow(flow_of(held)).id


def flow_of(held: Held) -> dataddo.FlowInput:
    return dataddo.FlowInput(sources=(held.source_id,), app="google_data_studio", label="Spend")


STATIC = {
    "staticKey": "sandbox-snapchat-refresh-token",
    "clientId": "sandbox-snapchat-client-id",
    "clientSecret": "sandbox-snapchat-client-secret",
}


def connection(held: Held) -> None:
    hook = LiveRampHook()
    held.ids["connection_id"] = hook.create_integration_connection(DATA_STORE).id
    held.ids["manager_id"] = hook.list_distribution_managers()[0].id


def distribution(held: Held) -> None:
    connection(held)
    LiveRampHook().add_segment_configs(held.manager_id, [CONFIG])


def attempt(held: Held) -> None:
    held.ids["attempt_id"] = LiveRampHook().create_oauth_connection_attempt(ATTEMPT).id


def authorisation(held: Held) -> None:
    attempt(held)
    deadline = time.monotonic() + 5
    while LiveRampHook().get_oauth_connection_attempt(held.attempt_id).status != "AUTHORIZED":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def nothing(held: Held) -> None:
    pass


def is_ok(value: Any) -> bool:
    return value is not None


@dataclass(frozen=True)
class Method:
    """A hook's method, its arguments, what must be there before, and how its answer is known."""

    name: str
    arguments: Callable[[Held], tuple[Any, ...]] = lambda held: ()
    before: Callable[[Held], None] = nothing
    known: Callable[[Any], bool] = is_ok
    conn_id: str | None = None
    by_account: bool = False


ENDPOINT_KEY = "acoustic_exchange_endpoint"

METHODS: dict[type[ActivationHook], list[Method]] = {
    LiveRampHook: [
        Method("list_destinations", known=lambda found: [one.id for one in found] == ["1001", "1002"]),
        Method(
            "get_integration",
            lambda held: ("1001", "2001"),
            known=lambda found: found.oauth_endpoint_id == "3001",
        ),
        Method(
            "create_integration_connection", lambda held: (DATA_STORE,), known=lambda made: made.id.isdigit()
        ),
        Method(
            "list_integration_connections",
            before=connection,
            known=lambda found: [one.is_as(DATA_STORE) for one in found] == [True],
        ),
        Method("create_oauth_connection_attempt", lambda held: (ATTEMPT,), known=lambda made: bool(made.id)),
        Method(
            "get_oauth_connection_attempt",
            lambda held: (held.attempt_id,),
            attempt,
            lambda found: found.authorization_url.startswith("http://127.0.0.1"),
        ),
        Method(
            "list_oauth_connections", lambda held: ("3001",), authorisation, lambda found: len(found) == 1
        ),
        Method(
            "list_distribution_managers",
            lambda held: (held.connection_id,),
            connection,
            lambda found: [one.name for one in found] == ["Autumn"],
        ),
        Method(
            "add_segment_configs",
            lambda held: (held.manager_id, [CONFIG]),
            connection,
            lambda results: [one.http_status for one in results] == [201],
        ),
        Method(
            "list_segment_configs",
            lambda held: (held.manager_id,),
            distribution,
            lambda found: [one.key for one in found] == [CONFIG.key],
        ),
        Method(
            "list_segments",
            lambda held: ("1", "win_back"),
            known=lambda found: [one.id for one in found] == ["5000000001"],
        ),
        Method(
            "list_deliveries",
            lambda held: (held.connection_id, ["5000000001", "5000000002"]),
            distribution,
            lambda found: [one.segment_id for one in found] == ["5000000001"],
        ),
    ],
    AcousticExchangeHook: [
        Method(
            "register_endpoint",
            lambda held: (REGISTRATION,),
            known=lambda made: made.endpoint_id == 10001,
            conn_id=ENDPOINT_KEY,
        ),
        Method(
            "list_endpoints", known=lambda found: {one.endpoint_id for one in found} == {"20002", "20003"}
        ),
        Method(
            "add_segments",
            lambda held: (10001, [SEGMENT]),
            own_endpoint,
            lambda done: done is True,
            ENDPOINT_KEY,
        ),
        Method(
            "replace_segments",
            lambda held: (10001, [SEGMENT]),
            own_endpoint,
            lambda done: done is True,
            ENDPOINT_KEY,
        ),
        Method(
            "get_segment", lambda held: (10001, 7), segment, lambda found: SEGMENT.differences(found) == []
        ),
        Method("export_segment", lambda held: (EXPORT,), segment, lambda made: made > 2**53),
        Method(
            "list_jobs",
            lambda held: ("SEGMENT_EXPORT",),
            job,
            lambda found: [EXPORT.may_have_made(one) for one in found] == [True],
        ),
        Method(
            "get_job",
            lambda held: ("SEGMENT_EXPORT", held.job_id),
            job,
            lambda found: found.state == "WAITING_TO_RECIEVE_DATA",
        ),
        Method("upload_job_data", lambda held: (held.job_id, held.file), job, lambda done: done is None),
    ],
    DeltaProjectsHook: [
        Method("list_activity_templates", known=lambda found: len(found) == 2),
        Method(
            "list_activities",
            before=activity,
            known=lambda found: [one.name for one in found] == ["Autumn"],
            by_account=True,
        ),
        Method(
            "get_activity",
            lambda held: (held.activity_id,),
            activity,
            lambda found: (
                (found.name, found.enabled, found.flight_start) == ("Autumn", False, ACTIVITY.flight_start)
            ),
            by_account=True,
        ),
        Method(
            "create_activity_from_template",
            lambda held: (ACTIVITY,),
            account,
            lambda made: len(made) == 36,
            by_account=True,
        ),
        Method(
            "update_activity",
            lambda held: (held.activity_id, delta_projects.ActivityUpdate(enabled=True)),
            activity,
            lambda done: done is None,
            by_account=True,
        ),
    ],
    DataddoHook: [
        Method(
            "list_services", before=third_party, known=lambda found: [one.id for one in found] == ["1000"]
        ),
        Method(
            "create_service",
            lambda held: ("snapchat_static", STATIC),
            known=lambda made: made.id == "1000",
        ),
        Method("list_sources", before=source, known=lambda found: [one.label for one in found] == ["Spend"]),
        Method(
            "create_source",
            lambda held: ("snapchat", SNAPCHAT),
            third_party,
            lambda made: made.label == "Spend",
        ),
        Method(
            "list_flows_by_source",
            lambda held: (held.source_id,),
            flow,
            lambda found: [one.label for one in found] == ["Spend"],
        ),
        Method("create_flow", lambda held: (flow_of(held),), source, lambda made: made.label == "Spend"),
        Method(
            "enqueue_extraction",
            lambda held: (held.source_id, dataddo.Extraction(date_range="7d7")),
            source,
            lambda done: done is None,
        ),
        Method(
            "get_source_status",
            lambda held: (held.source_id,),
            source,
            lambda found: found.last_run_finished is None,
        ),
        Method("enqueue_write", lambda held: (held.flow_id,), flow, lambda made: bool(made.execution_id)),
        Method(
            "get_flow_status",
            lambda held: (held.flow_id,),
            flow,
            lambda found: found.last_run_finished is None,
        ),
    ],
}
APIS: dict[type[ActivationHook], Any] = {
    LiveRampHook: liveramp,
    AcousticExchangeHook: acoustic_exchange,
    DeltaProjectsHook: delta_projects,
    DataddoHook: dataddo,
}
every_method = pytest.mark.parametrize(
    ("hook_class", "method"),
    [
        pytest.param(hook_class, method, id=f"{hook_class.__name__}.{method.name}")
        for hook_class, methods in METHODS.items()
        for method in methods
    ],
)


@pytest.fixture
def held(connections: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    monkeypatch.setattr(base, "_transports", {})
    file = tmp_path / "audience.csv"
    file.write_text("email\na@example.com\n")
    yield Held(file)
    for transport in base._transports.values():
        transport.close()


@pytest.mark.parametrize("hook_class", METHODS, ids=lambda hook_class: hook_class.__name__)
def test_every_endpoint_is_a_method_and_every_method_is_tested_here(hook_class: type[ActivationHook]) -> None:
    endpoints = {
        name
        for name, function in inspect.getmembers(APIS[hook_class], inspect.isfunction)
        if not name.startswith("_") and str(function.__annotations__.get("return")).startswith("Call[")
    } - {"log_in", "request_token"}
    methods = {name for name in vars(hook_class) if not name.startswith("_")} - {
        *("service", "test_call", "account"),
        *("conn_name_attr", "default_conn_name", "conn_type", "hook_name"),
    }
    assert methods == endpoints
    assert {method.name for method in METHODS[hook_class]} == methods


@every_method
def test_a_method_does_what_its_endpoint_does(
    held: Held, hook_class: type[ActivationHook], method: Method
) -> None:
    method.before(held)
    hook = hook_class(method.conn_id or hook_class.default_conn_name)
    assert method.known(getattr(hook, method.name)(*method.arguments(held)))


@every_method
def test_the_same_call_goes_out_from_an_event_loop(
    held: Held, hook_class: type[ActivationHook], method: Method
) -> None:
    method.before(held)
    leading = (held.account,) if method.by_account else ()
    call: Call[Any] = getattr(APIS[hook_class], method.name)(*leading, *method.arguments(held))

    async def main() -> Any:
        hook = hook_class(method.conn_id or hook_class.default_conn_name)
        try:
            if "Page[" in str(getattr(APIS[hook_class], method.name).__annotations__["return"]):
                return await hook.arun(every_page(call))
            return await hook.asend(call)
        finally:
            await (await hook.aget_conn()).aclose()

    assert method.known(asyncio.run(main()))


def test_lists_read_every_page(held: Held, connections: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveramp, "LARGEST_PAGE", 5)
    found = LiveRampHook().list_segments()
    assert [one.id for one in found] == [str(5000000001 + number) for number in range(17)]
    asked = [request for request in connections.requests if request["path"] == "/v2/segments"]
    assert len(asked) == 4
    assert [request["query"].get("limit") for request in asked] == ["5"] * 4

    async def main() -> list[Any]:
        call: Call[Page[liveramp.Segment]] = liveramp.list_segments()
        return await LiveRampHook().arun(every_page(call))

    assert asyncio.run(main()) == found


def test_what_arrived_is_what_was_written(held: Held, connections: Sandbox) -> None:
    hook = DeltaProjectsHook()
    activity_id = hook.create_activity_from_template(ACTIVITY)
    update = delta_projects.ActivityUpdate(enabled=True, override_variables={"fontsize": 24})
    hook.update_activity(activity_id, update)
    (kept,) = connections.state()["delta-projects"]["activities"]
    assert (kept["id"], kept["enabled"], kept["orderId"]) == (activity_id, True, "order-1")
    assert kept["flightStart"] == "2026-09-01T00:00:00.000+0000"
    assert kept["overrideVariables"] == '{"fontsize": 24}'


def test_an_uploaded_file_arrives_whole(held: Held, connections: Sandbox) -> None:
    job(held)
    AcousticExchangeHook().upload_job_data(held.job_id, held.file)
    (request,) = [one for one in connections.requests if one["path"].endswith("/data")]
    assert request["body"] == f"{held.file.stat().st_size} bytes of text/csv"
    deadline = time.monotonic() + 5
    while AcousticExchangeHook().get_job("SEGMENT_EXPORT", held.job_id).state != "COMPLETE":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_another_media_agency_and_client_can_be_given(held: Held) -> None:
    hook = DeltaProjectsHook()
    assert hook.account("a", "c") == delta_projects.Account("a", "c")
    assert hook.account(client_id="c").media_agency_id == hook.account().media_agency_id
