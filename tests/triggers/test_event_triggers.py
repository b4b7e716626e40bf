"""Event triggers: their arguments, what fires, the services of the sandbox, and a DAG that has one."""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from airflow.triggers.base import BaseEventTrigger
from event_watching import (
    READY,
    delivery_trigger,
    flow_trigger,
    ids,
    job_trigger,
    run,
    triggerer,
    with_shared_streams,
)
from older_airflows import dag_serialization

from airflow_provider_activation.api import acoustic_exchange, dataddo, liveramp
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.triggers.acoustic_exchange import AcousticExchangeJobTrigger
from airflow_provider_activation.triggers.events import ActivationEventTrigger
from scripts.machine_speed import scaled

JOB = 2**53 + 1

# arguments

EVERY_TRIGGER = [
    job_trigger(endpoint_id=10001, target_statuses=("READY_FOR_DOWNLOAD", "COMPLETE"), report_existing=True),
    delivery_trigger(segment_ids=("1", "2"), statuses=("DELIVERED", "FAILED")),
    flow_trigger(statuses=("live", "broken")),
]


@pytest.mark.parametrize("trigger", EVERY_TRIGGER, ids=lambda trigger: type(trigger).__name__)
def test_what_is_kept_of_a_trigger_is_plain_and_makes_it_anew(trigger: ActivationEventTrigger[Any]) -> None:
    path, arguments = trigger.serialize()
    module, _, name = path.rpartition(".")
    kind = getattr(sys.modules[module], name)
    assert kind is type(trigger)
    assert json.loads(json.dumps(arguments)) == arguments
    assert kind(**arguments).serialize() == (path, arguments) == trigger.serialize()


@pytest.mark.parametrize(
    ("make", "arguments", "named"),
    [
        (job_trigger, {"target_statuses": ["DONE"]}, "target_statuses"),
        (job_trigger, {"target_statuses": []}, "target_statuses"),
        (job_trigger, {"target_statuses": "COMPLETE"}, "target_statuses"),
        (job_trigger, {"job_category": "segment_export"}, "job_category"),
        (job_trigger, {"job_category": None}, "job_category"),
        (job_trigger, {"endpoint_id": "1/2"}, "endpoint_id"),
        (job_trigger, {"endpoint_id": True}, "endpoint_id"),
        (delivery_trigger, {"statuses": ["PENDING"]}, "statuses"),
        (delivery_trigger, {"segment_ids": []}, "segment_ids"),
        (delivery_trigger, {"segment_ids": "1"}, "segment_ids"),
        (delivery_trigger, {"segment_ids": [1.0]}, "segment_ids"),
        (delivery_trigger, {"integration_connection_id": ""}, "integration_connection_id"),
        (delivery_trigger, {"integration_connection_id": None}, "integration_connection_id"),
        (flow_trigger, {"flow_id": " "}, "flow_id"),
        (flow_trigger, {"statuses": ["running"]}, "statuses"),
        *((make, {"poll_interval": 0}, "poll_interval") for make in (job_trigger, delivery_trigger)),
        (flow_trigger, {"poll_interval": -1}, "poll_interval"),
        (flow_trigger, {"poll_interval": "60"}, "poll_interval"),
        (flow_trigger, {"poll_interval": float("nan")}, "poll_interval"),
        (flow_trigger, {"poll_interval": 0.05}, "poll_interval"),
        (flow_trigger, {"poll_interval": 86_401}, "poll_interval"),
    ],
)
def test_a_wrong_argument_is_refused_and_named(
    make: Callable[..., Any], arguments: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=rf"^{named}(\[0\])? must "):
        make(**arguments)


@with_shared_streams
@pytest.mark.parametrize("trigger", EVERY_TRIGGER, ids=lambda trigger: type(trigger).__name__)
def test_what_changes_the_question_is_not_shared(trigger: ActivationEventTrigger[Any]) -> None:
    _, arguments = trigger.serialize()
    key = trigger.shared_stream_key()
    conn_id = next(name for name in arguments if name.endswith("_conn_id"))
    changes: dict[str, Any] = {
        conn_id: "another",
        "job_category": "IDENTITY_IMPORT",
        "endpoint_id": None,
        "integration_connection_id": "7000002",
        "flow_id": "f2",
        "poll_interval": 30.0,
    }
    for name, value in changes.items():
        if name in arguments:
            assert type(trigger)(**{**arguments, name: value}).shared_stream_key() != key, name
    shared: dict[str, Any] = {"target_statuses": ["COMPLETE"], "segment_ids": None, "report_existing": False}
    for name, value in shared.items():
        if name in arguments:
            assert type(trigger)(**{**arguments, name: value}).shared_stream_key() == key, name
    assert hash(key) == hash(type(trigger)(**arguments).shared_stream_key())


# what fires


@pytest.mark.parametrize(
    "status", ["WAITING_TO_RECIEVE_DATA", "WAITING_TO_RECEIVE_DATA", " complete ", "X", ""]
)
@pytest.mark.parametrize("target", ["WAITING_TO_RECIEVE_DATA", "WAITING_TO_RECEIVE_DATA", "COMPLETED"])
def test_a_job_has_reached_a_status_in_either_spelling(status: str, target: str) -> None:
    job = acoustic_exchange.Job.model_validate({"jobId": JOB, "status": status})
    waits = status.startswith("WAITING") and target.startswith("WAITING")
    complete = "complete" in status and target == "COMPLETED"
    assert job_trigger(target_statuses=[target]).reached(job) == (target if waits or complete else None)


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS", "DELIVERED", "FAILED", "CANCELLED", "STRANGE"])
@pytest.mark.parametrize(
    ("arguments", "fires"),
    [
        ({}, {"DELIVERED"}),
        ({"statuses": ["FAILED", "CANCELLED"]}, {"FAILED", "CANCELLED"}),
        ({"segment_ids": ["1"]}, {"DELIVERED"}),
        ({"segment_ids": ["2"]}, set()),
    ],
)
def test_a_delivery_has_finished(status: str, arguments: dict[str, Any], fires: set[str]) -> None:
    trigger = delivery_trigger(**arguments)
    fields = {"id": "d", "status": status, "segmentID": "1"}
    assert trigger.reached(liveramp.Delivery.model_validate(fields)) == (status if status in fires else None)
    withdrawal = liveramp.Delivery.model_validate({**fields, "operationType": "DELETE"})
    assert trigger.reached(withdrawal) is None


TEN, ELEVEN = "2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"


@pytest.mark.parametrize(
    ("status", "started", "finished", "fires"),
    [
        ("live", TEN, ELEVEN, True),
        (" Live ", TEN, ELEVEN, True),
        ("live", TEN, TEN, True),
        ("live", None, ELEVEN, True),
        ("live", ELEVEN, TEN, False),
        ("live", TEN, None, False),
        ("live", None, None, False),
        ("broken", ELEVEN, TEN, True),
        ("broken", None, None, False),
        ("running", ELEVEN, TEN, False),
        ("retrying", TEN, ELEVEN, False),
        ("inactive", TEN, ELEVEN, False),
        ("strange", TEN, ELEVEN, False),
    ],
)
def test_a_run_has_ended(status: str, started: str | None, finished: str | None, fires: bool) -> None:
    fields = {"status": status, "lastRunStarted": started, "lastRunFinished": finished}
    run_status = dataddo.RunStatus.model_validate(fields)
    reached = flow_trigger(statuses=["live", "broken"]).reached(run_status)
    assert reached == (status.strip().lower() if fires else None)


def test_a_run_is_the_same_in_every_time_zone() -> None:
    fields = {"status": "live", "lastRunStarted": TEN, "lastRunFinished": "2026-11-22T12:00:00+01:00"}
    other = {**fields, "lastRunFinished": ELEVEN}
    run_ids = {flow_trigger().id_of(dataddo.RunStatus.model_validate(each)) for each in (fields, other)}
    assert len(run_ids) == 1


# on the sandbox


def secrets_of(sandbox: Sandbox) -> list[str]:
    return [value for value in sandbox.secrets.values() if value]


def test_a_job_fires_when_it_is_ready(connections: Sandbox) -> None:
    own = AcousticExchangeHook("acoustic_exchange_endpoint")
    source = acoustic_exchange.SegmentSource(enabled=True, producer_type="pull", url="https://example.com")
    types = acoustic_exchange.EndpointTypes(segment=acoustic_exchange.SegmentTypes(source=source))
    own.register_endpoint(
        acoustic_exchange.EndpointRegistration(name="Shop", provider_name="Example", endpoint_types=types)
    )

    def export() -> int:
        return AcousticExchangeHook().export_segment(
            acoustic_exchange.SegmentExport(
                endpoint_id=10001,
                segment_id=7,
                destination_endpoint_id=20003,
                source_identifiers=("email",),
                destination_identifier="email",
                update_identities=False,
            )
        )

    async def test() -> None:
        async with triggerer() as airflow:
            airflow.start(job_trigger(report_existing=True))
            made = [await asyncio.to_thread(export) for _ in range(3)]
            payloads = await airflow.fired(3)
            assert sorted(ids(payloads)) == made
            assert payloads[0]["service"] == "Acoustic Exchange"
            assert payloads[0]["job_category"] == "SEGMENT_EXPORT"
            assert {payload["job_id"] for payload in payloads} == {*map(str, made)}
            assert payloads[0]["status"] == READY
            assert payloads[0]["job"]["status"] == READY
            assert payloads[0]["job"]["destinationEndpointID"] == "20003"
            shown = json.dumps(payloads) + repr(job_trigger())
            assert not [secret for secret in secrets_of(connections) if secret in shown]

    run(test)


def test_a_delivery_fires_when_it_is_delivered(connections: Sandbox) -> None:
    hook = LiveRampHook()
    made = hook.create_integration_connection(
        liveramp.IntegrationConnectionInput(
            integration_id=("1002", "2002"),
            properties=(
                liveramp.PropertyInput(property_key="bucket", property_value="b"),
                liveramp.PropertyInput(property_key="folder", property_value="f"),
            ),
            device_types=("PII",),
            distribution_manager_name="Autumn",
        )
    )
    manager = hook.list_distribution_managers(made.id)[0].id
    configs = [
        liveramp.SegmentConfigInput(segment_id=f"500000000{number}", segment_type="ONBOARDING")
        for number in (1, 2)
    ]

    async def test() -> None:
        async with triggerer() as airflow:
            only_one = delivery_trigger(
                integration_connection_id=made.id, segment_ids=["5000000002"], report_existing=True
            )
            airflow.start(only_one)
            await asyncio.to_thread(hook.add_segment_configs, manager, configs)
            (payload,) = await airflow.fired(1)
            assert payload["service"] == "LiveRamp"
            assert payload["integration_connection_id"] == made.id
            assert payload["segment_id"] == payload["delivery"]["segmentID"] == "5000000002"
            assert payload["delivery_id"] == payload["delivery"]["id"]
            assert payload["status"] == payload["delivery"]["status"] == "DELIVERED"
            shown = json.dumps(payload) + repr(only_one)
            assert not [secret for secret in secrets_of(connections) if secret in shown]

    run(test)


def test_a_flow_fires_once_for_each_run(connections: Sandbox) -> None:
    hook = DataddoHook()
    keys = ("snapchat_refresh_token", "snapchat_client_id", "snapchat_client_secret")
    static = dict(
        zip(
            ("staticKey", "clientId", "clientSecret"), (connections.secrets[key] for key in keys), strict=True
        )
    )
    service_id = hook.create_service("snapchat_static", static).id
    parameters = {
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
    }
    source = hook.create_source("snapchat", dataddo.source_payload("snapchat", "S", service_id, parameters))
    flow = hook.create_flow(dataddo.FlowInput(sources=(source.id,), app="google_data_studio", label="S"))

    async def test() -> None:
        async with triggerer() as airflow:
            # the flow's own schedule is none, so that it has not run yet and there is nothing to report
            airflow.start(flow_trigger(flow_id=flow.id, report_existing=True))
            for number in (1, 2):
                await asyncio.to_thread(hook.enqueue_write, flow.id)
                payloads = await airflow.fired(number)
            finished = [payload["run"]["lastRunFinished"] for payload in payloads]
            assert len(payloads) == len(set(finished)) == 2
            assert payloads[0]["service"] == "Dataddo"
            assert payloads[0]["flow_id"] == flow.id
            assert payloads[0]["status"] == payloads[0]["run"]["status"] == "live"
            shown = json.dumps(payloads)
            assert not [secret for secret in secrets_of(connections) if secret in shown]

    run(test)


# in a DAG


def test_airflow_reads_the_example_and_makes_its_trigger_of_it() -> None:
    # both have other places or names in Airflow 3.1
    home = "airflow.dag_processing.dagbag" if find_spec("airflow.dag_processing.dagbag") else "airflow.models"
    file = Path(__file__).parents[2] / "example_dags" / "start_when_ready.py"
    bag = importlib.import_module(home).DagBag(dag_folder=str(file))
    assert bag.import_errors == {}
    (dag,) = bag.dags.values()
    written = json.loads(json.dumps(dag_serialization().to_dict(dag)))["dag"]["timetable"]["__var"]
    (asset,) = written["asset_condition"]["objects"]
    ((path, arguments),) = (watcher["trigger"].values() for watcher in asset["watchers"])
    trigger = AcousticExchangeJobTrigger(**arguments)
    assert trigger.serialize() == (path, arguments)
    # how Airflow knows at each parse that the trigger in its database is this one
    assert BaseEventTrigger.hash(*trigger.serialize()) == BaseEventTrigger.hash(path, arguments)


def test_a_dag_file_that_imports_a_trigger_loads_no_client() -> None:
    modules = [f"airflow_provider_activation.triggers.{name}" for name in ("liveramp", "dataddo")]
    modules.append("airflow_provider_activation.triggers.acoustic_exchange")
    code = (
        "import sys, airflow.sdk, airflow.triggers.base; before = set(sys.modules)\n"
        f"import {', '.join(modules)}\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=scaled(120), check=True
    )
    loaded = {name for name in done.stdout.split() if name.startswith("airflow_provider_activation.")}
    assert loaded == {
        "airflow_provider_activation.arguments",
        "airflow_provider_activation.errors",
        "airflow_provider_activation.simulation",
        "airflow_provider_activation.storage",
        "airflow_provider_activation.storage.place",
        "airflow_provider_activation.wording",
        "airflow_provider_activation.words",
        "airflow_provider_activation.triggers",
        "airflow_provider_activation.triggers.events",
        *modules,
    }
