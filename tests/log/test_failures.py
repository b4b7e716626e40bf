"""What tasks log when something goes wrong, compared with ``failures/``."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import acoustic_tasks as acoustic
import liveramp_tasks as liveramp
import pytest
from airflow.sdk import BaseOperator
from dataddo_tasks import create_service
from example_tasks import SEGMENT, build_flow, connect, create_activity, define, export, register
from golden_logs import FOLDER, GoldenLogs
from task_running import Task

from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.operators.dataddo import (
    DataddoDeleteFlowOperator,
    DataddoExtractSourceOperator,
    DataddoWriteFlowOperator,
)
from airflow_provider_activation.operators.delta_projects import DeltaProjectsUpdateActivityOperator
from airflow_provider_activation.sandbox import Sandbox

PULLING = 20003
NOBODY = "00000000-0000-0000-0000-000000000000"

Factory = Callable[[], BaseOperator]


class World:
    """What a failure may be made of.

    :param sandbox: the services.
    :param folder: for files.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox, self.folder, self._monkeypatch = sandbox, folder, monkeypatch

    def misbehaves(self, what: str, service: str, method: str, path: str, **more: Any) -> None:
        self.sandbox.misbehave(what, service=service, method=method, path=path, **more)

    def connection(self, conn_id: str, **changes: Any) -> None:
        """Change what Airflow knows of a connection; a field that is None is left out."""
        known = {**self.sandbox.connections[conn_id], **changes}
        given = {name: value for name, value in known.items() if value is not None}
        self._monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(given))

    def file(self, text: str) -> Path:
        file = self.folder / "audience.csv"
        file.write_text(text)
        return file


def offered() -> None:
    Task(register).run()
    Task(define).run()


def manager() -> str:
    return str(Task(connect).run()["distributionManagerID"])


# LiveRamp


def a_wrong_key(world: World) -> Factory:
    world.connection("liveramp_default", password="wrong-key")
    return connect


def no_organisation(world: World) -> Factory:
    extra = {**world.sandbox.connections["liveramp_default"]["extra"]}
    extra.pop("org_id")
    world.connection("liveramp_default", extra=extra)
    return connect


def no_permission(world: World) -> Factory:
    world.misbehaves("refuse", "liveramp", "POST", "*/integration-connections", times=9)
    return connect


def nobody_listens(world: World) -> Factory:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{free.getsockname()[1]}/liveramp"
    extra = {**world.sandbox.connections["liveramp_default"]["extra"], "max_retries": 2}
    world.connection("liveramp_default", host=host, extra=extra)
    return connect


def a_service_that_is_down(world: World) -> Factory:
    world.misbehaves("status", "liveramp", "GET", "*/destinations/*", body="Service unavailable", times=9)
    return connect


def a_short_outage(world: World) -> Factory:
    world.misbehaves("status", "liveramp", "GET", "*/destinations/*", times=2)
    return connect


def a_limit(world: World) -> Factory:
    world.misbehaves(
        "status", "liveramp", "GET", "*/destinations/*", status=429, headers={"Retry-After": "3600"}
    )
    return connect


def a_property_that_lacks(world: World) -> Factory:
    return lambda: connect(properties={"bucket": "audiences"})


def one_exists_already(world: World) -> Factory:
    Task(connect).run()
    return lambda: connect(if_exists="fail")


def no_such_segment(world: World) -> Factory:
    manager_id = manager()
    return lambda: liveramp.distribute(manager_id, ["5000000001", "abc", "5999999999"])


def a_segment_that_is_locked(world: World) -> Factory:
    manager_id = manager()
    Task(lambda: liveramp.distribute(manager_id, ["5000000001"])).run()
    (config,) = liveramp.held(world.sandbox, "segmentConfigs")
    answer = [{"id": config["id"], "status": {"httpStatus": 423, "message": "it is being delivered"}}]
    world.misbehaves("status", "liveramp", "DELETE", "*/segment-configs", status=207, body=answer)
    return lambda: liveramp.withdraw(manager_id, ["5000000001"])


def a_delivery_that_fails(world: World) -> Factory:
    manager_id = manager()
    world.misbehaves("fail", "liveramp", "POST", "*/segment-configs")
    return lambda: liveramp.distribute(manager_id, ["5000000001"], wait_for_completion=True)


def a_proxys_page(world: World) -> Factory:
    world.misbehaves("html", "liveramp", "GET", "*/destinations/*", status=200)
    return connect


def a_redirect(world: World) -> Factory:
    world.misbehaves(
        "status",
        "liveramp",
        "GET",
        "*/destinations/*",
        status=302,
        headers={"Location": "https://login.example"},
    )
    return connect


def a_sensor_in_vain(world: World) -> Factory:
    connection_id, manager_id = liveramp.connected()
    Task(lambda: liveramp.update_manager(manager_id, status="INACTIVE")).run()
    Task(lambda: liveramp.distribute(manager_id, ["5000000001"])).run()
    return lambda: liveramp.delivery_sensor(connection_id, ["5000000001"], timeout=0.3)


# Acoustic Exchange


def no_endpoint(world: World) -> Factory:
    return lambda: acoustic.enable(endpoint_id=99999)


def a_changed_segment(world: World) -> Factory:
    offered()
    changed = [{"id": SEGMENT, "name": "Another name"}]
    return lambda: define(segments=changed)


def an_export_that_goes_no_further(world: World) -> Factory:
    offered()
    return lambda: export(on_needs_action="fail")


def an_export_that_takes_long(world: World) -> Factory:
    offered()
    return lambda: export(on_needs_action="wait", timeout=0.3)


def an_export_without_a_trace(world: World) -> Factory:
    offered()
    world.misbehaves("drop_before", "acoustic-exchange", "POST", "*/segmentExport")
    world.misbehaves("delay", "acoustic-exchange", "GET", "/v1/jobs/*", seconds=0.001)
    world.misbehaves("status", "acoustic-exchange", "GET", "/v1/jobs/*", status=403, times=2)
    return export


def a_refresh_that_fails(world: World) -> Factory:
    world.misbehaves("fail", "acoustic-exchange", "GET", "*/refreshSegments")
    return acoustic.refresh


def an_import_that_was_lost(world: World) -> Factory:
    offered()
    world.misbehaves("drop_after", "acoustic-exchange", "POST", "*/jobs/*")
    return acoustic.import_identities


def a_file_that_is_empty(world: World) -> Factory:
    offered()
    job_id = Task(lambda: export(destination_endpoint_id=PULLING)).run()["jobId"]
    file = world.file("")
    return lambda: acoustic.upload(job_id, file)


def a_file_in_a_bucket(world: World) -> Factory:
    bucket: Any = "s3://bucket/audience.csv"
    return lambda: acoustic.upload(1, bucket)


def a_job_without_files(world: World) -> Factory:
    offered()
    job_id = Task(lambda: export(destination_endpoint_id=PULLING)).run()["jobId"]
    return lambda: acoustic.download(job_id, world.folder)


# Delta Projects


def an_activity_that_was_lost_and_found(world: World) -> Factory:
    world.misbehaves("drop_after", "delta-projects", "POST", "*template")
    return create_activity


def an_activity_nobody_can_look_for(world: World) -> Factory:
    world.misbehaves("drop_after", "delta-projects", "POST", "*template")
    world.misbehaves("delay", "delta-projects", "GET", "*/activity", seconds=0.001)
    world.misbehaves("status", "delta-projects", "GET", "*/activity", status=503, times=9)
    return create_activity


def an_activity_that_is_another(world: World) -> Factory:
    world.sandbox.habit("ignores", service="delta-projects", fields=["budget"])
    return create_activity


def an_activity_that_is_not_there(world: World) -> Factory:
    return lambda: DeltaProjectsUpdateActivityOperator(task_id="change", activity_id=NOBODY, enabled=False)


def an_argument_that_is_wrong(world: World) -> Factory:
    return lambda: create_activity(budget="{{ budget }}")


# Dataddo


def a_flow_that_is_gone(world: World) -> Factory:
    return lambda: DataddoDeleteFlowOperator(task_id="delete", flow_id="60f2")


def a_flow_that_may_be_gone(world: World) -> Factory:
    return lambda: DataddoDeleteFlowOperator(task_id="delete", flow_id="60f2", if_missing="ignore")


def credentials_nobody_knows(world: World) -> Factory:
    return lambda: create_service(credentials_conn_id="no_such_connection")


def a_second_try(world: World) -> Factory:
    world.misbehaves("status", "dataddo", "POST", "/flows", status=400, body={"message": "try later"})
    return build_flow


def bad_polls(world: World) -> Factory:
    source_id = Task(build_flow).run()["source_id"]
    world.misbehaves("delay", "dataddo", "GET", f"*/{source_id}/status", seconds=0.001)
    world.misbehaves("half_body", "dataddo", "GET", f"*/{source_id}/status", times=10)
    return lambda: DataddoExtractSourceOperator(task_id="run", source_id=source_id, **liveramp.SOON)


def a_write_that_breaks(world: World) -> Factory:
    flow_id = Task(build_flow).run()["flow_id"]
    world.misbehaves("fail", "dataddo", "*", "*write*")
    return lambda: DataddoWriteFlowOperator(task_id="run", flow_id=flow_id, **liveramp.SOON)


FAILURES: Mapping[str, Callable[[World], Factory]] = {
    found.__name__: found
    for found in list(globals().values())
    if callable(found) and list(getattr(found, "__annotations__", {})) == ["world", "return"]
}
TRIES = {"a_second_try": 2, "an_export_without_a_trace": 2, "an_activity_nobody_can_look_for": 2}


def test_each_has_one() -> None:
    assert {file.stem for file in (FOLDER / "failures").iterdir()} == set(FAILURES)


@pytest.mark.parametrize("name", FAILURES)
def test_says_what_went_wrong(
    name: str, logs: GoldenLogs, connections: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory = FAILURES[name](World(connections, tmp_path, monkeypatch))
    logs.run(f"failures/{name}", factory, TRIES.get(name, 1))


def test_a_headline_fits_a_screen() -> None:
    error = ActivationError("word " * 100, service="LiveRamp", operation="get")
    first, second, *_ = str(error).splitlines()
    assert len(first) <= 160
    assert second == f"In full: {'word ' * 100}"
