"""The tasks that make the calls: what they need at the sandbox, and where their fruit stands in its books."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias
from urllib.error import URLError
from urllib.request import urlopen

from airflow.sdk import BaseOperator
from example_tasks import SEGMENT, SOURCE_PARAMETERS, define
from example_tasks import build_flow as example_flow
from example_tasks import connect as example_connection
from example_tasks import create_activity as example_activity
from example_tasks import export as example_export
from example_tasks import register as register_endpoint
from task_running import Task

from airflow_provider_activation.api.liveramp import OAuthConnectionAttemptInput
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeImportIdentitiesOperator,
    AcousticExchangeRefreshSegmentsOperator,
    AcousticExchangeUploadJobDataOperator,
)
from airflow_provider_activation.operators.dataddo import (
    DataddoCreateFlowOperator,
    DataddoCreateServiceOperator,
    DataddoCreateSourceOperator,
)
from airflow_provider_activation.operators.liveramp import (
    LiveRampAuthorizeOAuthConnectionOperator,
    LiveRampCreateDistributionManagerOperator,
    LiveRampDistributeSegmentsOperator,
)
from airflow_provider_activation.sandbox import Sandbox

from . import ledgers

Place: TypeAlias = dict[str, Any]
"""What was there before the task, as plain JSON: ids that the task's arguments name."""
Books: TypeAlias = Mapping[str, Mapping[str, list[dict[str, Any]]]]
"""What `Sandbox.state` says."""
Options: TypeAlias = dict[str, Any]
"""Arguments of operators that wait: ``deferrable`` and ``poll_interval``."""

TEXT = "Win-back  <Café> ﬁt"
"""A text in which each change of a service shows: case, two blanks, a bracket, an accent and a ligature."""

OTHER_TEXT = "Autumn  <Café> ﬁt"

PUSHING, PULLED, DESTINATION = 10001, 20003, 20002
SEGMENTS = ["5000000001", "5000000002"]

STRICT_EXCHANGE, STRICT_LIVERAMP = "acoustic_exchange_strict", "liveramp_strict"
"""Connections that require suppression."""


# LiveRamp


def connect(**arguments: Any) -> BaseOperator:
    return example_connection(**{"distribution_manager_name": TEXT, **arguments})


def nothing(sandbox: Sandbox) -> Place:
    return {}


def other_connection(sandbox: Sandbox) -> Place:
    Task(lambda: connect(properties={"bucket": "audiences", "folder": "weekly"})).run()
    return {}


def equal_connection(sandbox: Sandbox) -> Place:
    return {"connection": Task(connect).run()["id"]}


def connections(books: Books) -> list[str]:
    return [connection["id"] for connection in books["liveramp"]["integrationConnections"]]


def managers(books: Books) -> list[str]:
    return [manager["id"] for manager in books["liveramp"]["distributionManagers"]]


def is_its_id(books: Books, made: str, result: Any) -> bool:
    return str(result["id"]) == made


def has_its_manager(books: Books, made: str, result: Any) -> bool:
    named = str(result["distributionManagerID"])
    return is_its_id(books, made, result) and any(
        (manager["id"], manager["integrationConnectionID"]) == (named, made)
        for manager in books["liveramp"]["distributionManagers"]
    )


def create_manager(**arguments: Any) -> Callable[[Place, Options], BaseOperator]:
    return lambda place, options: LiveRampCreateDistributionManagerOperator(
        task_id="manager",
        name=OTHER_TEXT,
        status="INACTIVE",
        expire_at="2030-12-31",
        integration_connection_id=place["connection"],
        **arguments,
    )


def equal_manager(sandbox: Sandbox) -> Place:
    place = equal_connection(sandbox)
    Task(lambda: create_manager()(place, {})).run()
    return place


def consent(context: Mapping[str, Any]) -> None:
    """The person who was told, and who does what she is asked to, however often it takes."""
    address, _, query = context["authorization_url"].partition("?")
    form = f"{query}&decision=authorize".encode()
    for _ in range(10):
        # not with the client whose requests are watched
        with suppress(URLError), urlopen(address, form, timeout=10):
            return


def authorize(**arguments: Any) -> Callable[[Place, Options], BaseOperator]:
    return lambda place, options: LiveRampAuthorizeOAuthConnectionOperator(
        task_id="authorize",
        destination_id="1001",
        integration_id="2001",
        notifiers=[consent],  # type: ignore[list-item]
        **arguments,
        **options,
    )


def attempt_nobody_completes(sandbox: Sandbox) -> Place:
    LiveRampHook().create_oauth_connection_attempt(OAuthConnectionAttemptInput(oauth_endpoint_id="3001"))
    return {}


def authorizations(books: Books) -> list[str]:
    return [connection["id"] for connection in books["liveramp"]["oAuthConnections"]]


def manager_with_a_segment(sandbox: Sandbox) -> Place:
    manager = Task(connect).run()["distributionManagerID"]
    Task(lambda: distribute({"manager": manager}, {}, segments=SEGMENTS[1:])).run()
    return {"manager": manager}


def distribute(place: Place, options: Options, **arguments: Any) -> BaseOperator:
    return LiveRampDistributeSegmentsOperator(
        task_id="distribute",
        distribution_manager_id=place["manager"],
        **{"segments": SEGMENTS, **arguments},
        **options,
    )


def manager_and_a_checked_audience(sandbox: Sandbox) -> Place:
    place = manager_with_a_segment(sandbox)
    ids = {"distributionManagerID": str(place["manager"]), "segmentIDs": ", ".join(SEGMENTS)}
    return {**place, **ledgers.with_manifest(**ids)}


def distribute_checked(place: Place, options: Options) -> BaseOperator:
    strict = {"manifest": place["manifest"], "liveramp_conn_id": STRICT_LIVERAMP}
    return distribute(place, options, wait_for_completion=True, **strict)


def additions(books: Books) -> list[str]:
    """What was sent out for segments that were put into distribution and not taken out again since."""
    standing: dict[str, list[str]] = {}
    for delivery in books["liveramp"]["deliveries"]:
        if delivery["operationType"] == "ADD":
            standing.setdefault(delivery["segmentID"], []).append(delivery["id"])
        else:
            standing.pop(delivery["segmentID"], None)
    return [delivery_id for ids in standing.values() for delivery_id in ids]


def is_in_distribution(books: Books, made: str, result: Any) -> bool:
    held = {config["segmentID"] for config in books["liveramp"]["segmentConfigs"]}
    named = {*result["added"], *result["unchanged"]}
    return held == named == set(SEGMENTS)


def is_delivered(books: Books, made: str, result: Any) -> bool:
    states = {delivery["id"]: delivery["status"] for delivery in books["liveramp"]["deliveries"]}
    return is_in_distribution(books, made, result) and states[made] == "DELIVERED"


# Acoustic Exchange


COLUMNS = {
    "marketingDatabases": [
        {
            "name": "Customers",
            "id": "db1",
            "identifiers": [
                {"name": "email_sha256", "type": "email", "hashMode": "HASHED", "hashAlgorithm": "SHA256"}
            ],
        }
    ]
}


def export(**arguments: Any) -> BaseOperator:
    return example_export(**{"destination_segment_description": TEXT, **arguments})


def endpoints(sandbox: Sandbox) -> Place:
    Task(lambda: register_endpoint(marketing_databases_definition=COLUMNS)).run()
    Task(define).run()
    pulled = {"segment": {"source": {"enabled": True, "producerType": "pull"}}}
    account = {"acoustic_exchange_conn_id": "acoustic_exchange_default", "endpoint_id": PULLED}
    Task(lambda: register_endpoint(endpoint_types=pulled, **account)).run()
    return {}


def equal_export(sandbox: Sandbox) -> Place:
    place = endpoints(sandbox)
    Task(lambda: export(endpoint_id=PULLED, mark_submission=False, wait_for_completion=False)).run()
    return place


def import_identities(options: Options) -> BaseOperator:
    return AcousticExchangeImportIdentitiesOperator(
        task_id="import", endpoint_id=PULLED, segment_id=SEGMENT, on_uncertain="fail", **options
    )


def equal_import(sandbox: Sandbox) -> Place:
    place = endpoints(sandbox)
    Task(lambda: import_identities({"wait_for_completion": False})).run()
    return place


def refresh_segments(options: Options) -> BaseOperator:
    return AcousticExchangeRefreshSegmentsOperator(task_id="refresh", on_uncertain="fail", **options)


def earlier_refresh(sandbox: Sandbox) -> Place:
    Task(lambda: refresh_segments({"wait_for_completion": False})).run()
    return {}


def jobs_of(category: str) -> Callable[[Books], list[str]]:
    return lambda books: [
        str(job["jobId"]) for job in books["acoustic-exchange"]["jobs"] if job["jobCategory"] == category
    ]


def is_complete(books: Books, made: str, result: Any) -> bool:
    return str(result["jobId"]) == made and result["status"] == "COMPLETE"


def waiting_job(sandbox: Sandbox) -> Place:
    endpoints(sandbox)
    file = Path(os.environ["AIRFLOW_HOME"], "audience.csv")
    if not file.exists():
        file.write_text("email_sha256\n" + "\n".join(f"{number:064x}" for number in range(2000)) + "\n")
    job = Task(lambda: export(wait_for_completion=False)).run()
    return {"job": job["jobId"], "file": str(file)}


def upload(place: Place, options: Options) -> BaseOperator:
    return AcousticExchangeUploadJobDataOperator(
        task_id="upload", job_id=place["job"], file=place["file"], **options
    )


def job_and_a_checked_file(sandbox: Sandbox) -> Place:
    place = waiting_job(sandbox)
    return {**place, **ledgers.with_manifest(jobId=str(place["job"]))}


def upload_checked(place: Place, options: Options) -> BaseOperator:
    return AcousticExchangeUploadJobDataOperator(
        task_id="upload",
        job_id=place["job"],
        file=place["manifest"],
        acoustic_exchange_conn_id=STRICT_EXCHANGE,
        **options,
    )


def uploads(books: Books) -> list[str]:
    return [str(job["jobId"]) for job in books["acoustic-exchange"]["jobs"] if job.get("upload")]


def has_its_data(books: Books, made: str, result: Any) -> bool:
    (job,) = (job for job in books["acoustic-exchange"]["jobs"] if str(job["jobId"]) == made)
    return is_complete(books, made, result) and job["records"] == 2000


NEW_SEGMENT = SEGMENT + 1


def segments(books: Books) -> list[str]:
    return [
        f"{number}: {segment['id']}"
        for number, segment in enumerate(books["acoustic-exchange"]["segments"])
        if segment["endpointId"] == PUSHING
    ]


def is_described(books: Books, made: str, result: Any) -> bool:
    return made.endswith(str(NEW_SEGMENT)) and str(NEW_SEGMENT) in result["added"] + result["unchanged"]


# Delta Projects


def create_activity(**arguments: Any) -> BaseOperator:
    return example_activity(**{"activity_name": TEXT, **arguments})


def same_name(sandbox: Sandbox) -> Place:
    Task(lambda: create_activity(mark_submission=False)).run()
    return {}


def activities(books: Books) -> list[str]:
    return [activity["id"] for activity in books["delta-projects"]["activities"]]


def is_switched(enabled: bool) -> Callable[[Books, str, Any], bool]:
    def switched(books: Books, made: str, result: Any) -> bool:
        (held,) = (a for a in books["delta-projects"]["activities"] if a["id"] == made)
        return result["id"] == made and result["enabled"] is held["enabled"] is enabled

    return switched


# Dataddo


def create_service(**arguments: Any) -> BaseOperator:
    return DataddoCreateServiceOperator(
        task_id="service",
        **{
            "service": "snapchat_static",
            "credentials_conn_id": "snapchat_app",
            "service_label": TEXT,
            **arguments,
        },
    )


def a_service(sandbox: Sandbox) -> Place:
    return {"service": Task(create_service).run()["id"]}


def two_services(sandbox: Sandbox) -> Place:
    return {
        **a_service(sandbox),
        "other_service": Task(lambda: create_service(if_exists="create")).run()["id"],
    }


def create_source(place: Place, **arguments: Any) -> BaseOperator:
    return DataddoCreateSourceOperator(
        task_id="source",
        **{
            "connector_id": "snapchat",
            "source_label": TEXT,
            "service_id": place["service"],
            "parameters": SOURCE_PARAMETERS,
            **arguments,
        },
    )


def a_source(sandbox: Sandbox) -> Place:
    place = a_service(sandbox)
    return {**place, "source": Task(lambda: create_source(place)).run()["id"]}


def create_flow(place: Place, **arguments: Any) -> BaseOperator:
    return DataddoCreateFlowOperator(
        task_id="flow",
        **{
            "source_ids": [place["source"]],
            "app": "google_data_studio",
            "flow_label": TEXT,
            **arguments,
        },
    )


def a_flow(sandbox: Sandbox) -> Place:
    place = a_source(sandbox)
    return {**place, "flow": Task(lambda: create_flow(place)).run()["id"]}


def held(noun: str) -> Callable[[Books], list[str]]:
    return lambda books: [str(held["id"]) for held in books["dataddo"][noun]]


def build_flow(**arguments: Any) -> BaseOperator:
    labels = dict.fromkeys(("service_label", "source_label", "flow_label"), TEXT)
    return example_flow(**{**labels, **arguments})


def is_built(name: str) -> Callable[[Books, str, Any], bool]:
    def built(books: Books, made: str, result: Any) -> bool:
        # each of the three is there, and no two are the task's, whichever of them the fault was about
        rows = [books["dataddo"][noun] for noun in ("services", "sources", "flows")]
        own = [sum("owner" not in row for row in of_a_kind) for of_a_kind in rows]
        return all(rows) and max(own) == 1 and (name not in result or result[name] == made)

    return built


def earlier_runs(sandbox: Sandbox) -> Place:
    place = a_flow(sandbox)
    hook = DataddoHook()
    hook.enqueue_extraction(place["source"])
    hook.enqueue_write(place["flow"])
    sandbox.advance(60)
    return place


def runs(noun: str) -> Callable[[Books], list[str]]:
    return lambda books: [
        f"{held['id']} run {number}" for held in books["dataddo"][noun] for number in range(held["runs"])
    ]


def has_run_again(noun: str) -> Callable[[Books, str, Any], bool]:
    def has_run(books: Books, made: str, result: Any) -> bool:
        (held,) = books["dataddo"][noun]
        moments = [datetime.fromisoformat(told["lastRunFinished"]) for told in (result, held)]
        return result["status"] == "live" and moments[0] == moments[1]

    return has_run
