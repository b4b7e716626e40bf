"""Tasks that are simulated: in which states they may find the services, and all that must stay as it was."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import acoustic_tasks as acoustic
import liveramp_tasks as liveramp
from airflow.sdk import DAG, Asset, BaseOperator
from dataddo_tasks import create_flow, create_service, create_source
from example_tasks import SEGMENT, build_flow, connect, create_activity, define, export, register
from good_tasks import GOOD, Factory, Prepare, checks, offered, prepares, waiting_job, with_manager
from task_running import Task

from airflow_provider_activation.operators.acoustic_exchange import AcousticExchangeUploadJobDataOperator
from airflow_provider_activation.operators.dataddo import DataddoDeleteFlowOperator
from airflow_provider_activation.operators.delta_projects import DeltaProjectsUpdateActivityOperator
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.sensors.dataddo import DataddoFlowSensor

REGISTRATION: dict[str, Any] = {
    "marketingDatabases": [
        {
            "name": "Customers",
            "identifiers": [
                {"name": "mail", "type": "email", "hashMode": "HASHED", "hashAlgorithm": "SHA256"}
            ],
        }
    ]
}
"""What an endpoint is registered with that takes the file of `prepares`."""
NOBODY = "00000000-0000-0000-0000-000000000000"
CHANGING_GETS = ("/refreshSegments", "/clone")
"""Requests that change something although they are GETs."""


def simulated(factory: Factory, **more: Any) -> Factory:
    """The same task, simulated, with an outlet."""

    def make() -> BaseOperator:
        given = {"simulate": True, "outlets": [Asset("activated")], **more}
        with DAG("simulated", schedule=None, default_args=given):
            return factory()

    return make


def files_in(folder: Path) -> dict[str, Any]:
    """Every file and folder, with its bytes and its times."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if path.is_file() else None,
            path.stat().st_mtime_ns,
            path.stat().st_mode,
        )
        for path in [folder, *folder.rglob("*")]
    }


def changing(sandbox: Sandbox) -> list[tuple[str, str]]:
    """The requests so far that change something."""
    return [
        (one["method"], one["path"])
        for one in sandbox.requests
        if (one["method"] != "GET" and not one["path"].endswith(("/token", "/auth")))
        or one["path"].endswith(CHANGING_GETS)
    ]


def books(sandbox: Sandbox) -> str:
    """All that the services hold, but for what an activity spends while time passes."""
    return re.sub(r'"currentTarget(Spend|Impressions)": [\d.]+', "", json.dumps(sandbox.state()))


@contextmanager
def nothing_changes(sandbox: Sandbox, folder: Path) -> Iterator[None]:
    """Fail if a service, a file or a folder is another after the block."""
    # whatever proceeds by itself has come to its end
    sandbox.advance(600)
    state, requests, files = books(sandbox), changing(sandbox), files_in(folder)
    yield
    assert changing(sandbox) == requests
    assert books(sandbox) == state
    assert files_in(folder) == files


def after(first: Factory, then: Factory) -> Prepare:
    """What a second task finds that a first one has left."""

    def prepare(folder: Path) -> Factory:
        Task(first).run()
        return then

    return prepare


def of_it(first: Factory, then: Callable[[Any], BaseOperator]) -> Prepare:
    """What a second task finds that is given the first one's result."""

    def prepare(folder: Path) -> Factory:
        made = Task(first).run()
        return lambda: then(made)

    return prepare


def with_checks(**more: Any) -> Prepare:
    return lambda folder: checks(folder, **more)


def upload(job_id: int, manifest: Any) -> BaseOperator:
    return AcousticExchangeUploadJobDataOperator(
        task_id="upload", job_id=str(job_id), file=manifest, **liveramp.SOON
    )


def uploads_another(folder: Path) -> Factory:
    """A file that is not the one that was prepared."""
    job_id, manifest = waiting_job(), Task(prepares(folder)).run()
    Path(manifest["path"]).write_text("email\n")
    return lambda: upload(job_id, manifest)


def uploads_prepared(folder: Path) -> Factory:
    Task(lambda: register(marketing_databases_definition=REGISTRATION)).run()
    Task(define).run()
    job = Task(lambda: export(source_identifiers=["mail"], wait_for_completion=False)).run()
    job_id = int(job["jobId"])
    manifest = Task(prepares(folder)).run()
    return lambda: upload(job_id, manifest)


def prepares_too_few(folder: Path) -> Factory:
    return prepares(folder, min_rows=100)


def prepares_again(folder: Path) -> Factory:
    """An earlier run has left its files."""
    Task(prepares(folder)).run()
    return prepares(folder)


def distributes_more(folder: Path) -> Factory:
    manager_id = liveramp.connected()[1]
    Task(lambda: liveramp.distribute(manager_id, ["5000000001"])).run()
    return lambda: liveramp.distribute(manager_id, ["5000000001", "5000000002"])


def distributes_the_same(folder: Path) -> Factory:
    manager_id = liveramp.connected()[1]
    Task(lambda: liveramp.distribute(manager_id, ["5000000001"])).run()
    return lambda: liveramp.distribute(manager_id, ["5000000001"])


def waits_in_vain(folder: Path) -> Factory:
    flow_id = Task(build_flow).run()["flow_id"]
    return lambda: DataddoFlowSensor(task_id="wait", flow_id=flow_id, **liveramp.SOON)


def with_source(then: Callable[[str], BaseOperator]) -> Prepare:
    def prepare(folder: Path) -> Factory:
        service_id = Task(create_service).run()["id"]
        source_id = Task(lambda: create_source(service_id=service_id)).run()["id"]
        Task(lambda: create_flow(source_ids=[source_id])).run()
        return lambda: then(source_id)

    return prepare


def with_offer(then: Factory) -> Prepare:
    def prepare(folder: Path) -> Factory:
        offered()
        return then

    return prepare


STATES: Mapping[str, Prepare] = {
    **GOOD,
    "AcousticExchangeDefineSegmentsOperator-there": with_offer(define),
    "AcousticExchangeDefineSegmentsOperator-refused": with_offer(
        lambda: define(segments=[{"id": SEGMENT, "name": "Another name"}])
    ),
    "AcousticExchangeDefineSegmentsOperator-replaced": with_offer(
        lambda: define(segments=[{"id": SEGMENT, "name": "Another name"}], mode="replace")
    ),
    "AcousticExchangeDeleteEndpointOperator-missing": lambda _: lambda: acoustic.delete(endpoint_id=99999),
    "AcousticExchangeDeleteSegmentsOperator-all": with_offer(
        lambda: acoustic.delete_segments(all_segments=True)
    ),
    "AcousticExchangeExportSegmentOperator-refused": with_offer(lambda: export(segment_id=7)),
    "AcousticExchangeRegisterEndpointOperator-changed": after(register, lambda: register(name="Another")),
    "AcousticExchangeUploadJobDataOperator-prepared": uploads_prepared,
    "AcousticExchangeUploadJobDataOperator-refused": uploads_another,
    "CheckAudienceOperator-refused": with_checks(guard={"min_rows": 100}),
    "CheckAudienceOperator-skipped": with_checks(guard={"min_rows": 100}, on_breach="skip"),
    "CheckAudienceOperator-asked": with_checks(guard={"max_reject_rate": 0.5}, first_run="ask"),
    "DataddoBuildFlowOperator-there": after(build_flow, build_flow),
    "DataddoCreateFlowOperator-there": with_source(lambda one: create_flow(source_ids=[one])),
    "DataddoCreateFlowOperator-refused": with_source(
        lambda one: create_flow(source_ids=[one], if_exists="fail")
    ),
    "DataddoCreateServiceOperator-there": after(create_service, create_service),
    "DataddoCreateSourceOperator-there": with_source(lambda one: create_source(service_id="1000")),
    "DataddoDeleteFlowOperator-missing": lambda _: (
        lambda: DataddoDeleteFlowOperator(task_id="delete", flow_id="60f2")
    ),
    "DataddoFlowSensor-pending": waits_in_vain,
    "DeltaProjectsCreateActivityFromTemplateOperator-enabled": lambda _: (
        lambda: create_activity(enabled=True)
    ),
    "DeltaProjectsUpdateActivityOperator-missing": lambda _: (
        lambda: DeltaProjectsUpdateActivityOperator(task_id="change", activity_id=NOBODY, enabled=False)
    ),
    "LiveRampAuthorizeOAuthConnectionOperator-there": after(liveramp.authorize, liveramp.authorize),
    "LiveRampCreateDistributionManagerOperator-there": of_it(
        connect, lambda made: liveramp.create_manager(made["id"], name="Win-back")
    ),
    "LiveRampCreateIntegrationConnectionOperator-there": after(connect, connect),
    "LiveRampCreateIntegrationConnectionOperator-refused": after(connect, lambda: connect(if_exists="fail")),
    "LiveRampDistributeSegmentsOperator-more": distributes_more,
    "LiveRampDistributeSegmentsOperator-there": distributes_the_same,
    "LiveRampDistributeSegmentsOperator-refused": lambda _: with_manager(
        lambda manager_id: liveramp.distribute(manager_id, ["5999999999"])
    ),
    "LiveRampUpdateIntegrationConnectionOperator-missing": lambda _: (
        lambda: liveramp.update_connection("7999999", properties={"bucket": "audiences"})
    ),
    "PrepareAudienceOperator-there": prepares_again,
    "PrepareAudienceOperator-refused": prepares_too_few,
}
"""Good arguments in each state that matters, by the name of the class: nothing is there, it is there already,
it would be changed, it would be refused."""
