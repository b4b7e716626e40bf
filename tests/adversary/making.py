"""Tasks that make something, one of each kind, beside the service that makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from airflow.sdk import BaseOperator
from task_running import Task

from adversary.conftest import Connect, Serve
from adversary.services import Acoustic, Book, Dataddo, Delta, LiveRamp, Row
from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeExportSegmentOperator,
    AcousticExchangeImportIdentitiesOperator,
    AcousticExchangeRefreshSegmentsOperator,
)
from airflow_provider_activation.operators.dataddo import (
    DataddoBuildFlowOperator,
    DataddoCreateFlowOperator,
    DataddoCreateServiceOperator,
    DataddoCreateSourceOperator,
    DataddoExtractSourceOperator,
    DataddoWriteFlowOperator,
)
from airflow_provider_activation.operators.delta_projects import (
    DeltaProjectsCreateActivityFromTemplateOperator,
    DeltaProjectsUpdateActivityOperator,
)
from airflow_provider_activation.operators.liveramp import (
    LiveRampCreateDistributionManagerOperator,
    LiveRampCreateIntegrationConnectionOperator,
    LiveRampDistributeSegmentsOperator,
)

PROPERTIES = [{"propertyKey": "bucket", "propertyValue": "audiences"}]
NAME = "Win-back  für Zoë & Co <1>"


@dataclass(frozen=True)
class Kind:
    """A task that makes something.

    :param arguments: of its operator.
    :param number: the id in its result.
    :param thing: the same in the service's rows.
    """

    book: type[Book]
    service: str
    made: str
    operator: Callable[..., BaseOperator]
    arguments: Row
    number: Callable[[Any], Any] = lambda result: result["id"]
    thing: str = "id"

    def task(self, conn_id: str, *, store: bool = True, **changed: Any) -> Task:
        given = {"task_id": "make", f"{self.service}_conn_id": conn_id} | self.arguments | changed
        return Task(lambda: self.operator(**given), store=store)

    def served(self, connect: Connect, serve: Serve, book: Book, **options: Any) -> Task:
        """Its task against this service, and credentials of a third party if it needs them."""
        conn_id = connect(self.service, serve(book).url)
        return self.task(conn_id, **self.credentials(connect, options))

    def credentials(self, connect: Connect, options: Row) -> Row:
        if self.made in ("service", "build") and "service_id" not in options:
            options.setdefault("credentials_conn_id", third_party(connect))
        return options


def third_party(connect: Connect, whose: str = "ours") -> str:
    tokens = {"refresh_token": f"refresh-token-of-{whose}"}
    return connect("dataddo", "https://third.example", secret=f"client-secret-of-{whose}", **tokens)


DELTA = Kind(
    Delta,
    "delta_projects",
    "activity",
    DeltaProjectsCreateActivityFromTemplateOperator,
    {
        "template_id": "t1",
        "activity_name": NAME,
        "order_id": "o1",
        "budget": 1000,
        "flight_start": "2030-01-01T00:00:00Z",
        "flight_stop": "2030-02-01T00:00:00Z",
    },
)
EXPORT = Kind(
    Acoustic,
    "acoustic_exchange",
    "job",
    AcousticExchangeExportSegmentOperator,
    {
        "endpoint_id": 1,
        "segment_id": 8000000000000001152,
        "destination_endpoint_id": 3,
        "destination_segment_name": "Win-back",
        "destination_segment_description": NAME,
        "source_identifiers": ["email"],
        "destination_identifier": "email",
        "update_identities": False,
        "deferrable": False,
        "poll_interval": 0.1,
        "timeout": 20,
    },
    lambda result: result["jobId"],
    "jobId",
)
IMPORT = Kind(
    Acoustic,
    "acoustic_exchange",
    "job",
    AcousticExchangeImportIdentitiesOperator,
    {"endpoint_id": 1, "segment_id": 2, "deferrable": False, "poll_interval": 0.1, "timeout": 20},
    lambda result: result["jobId"],
    "jobId",
)
REFRESH = Kind(
    Acoustic,
    "acoustic_exchange",
    "job",
    AcousticExchangeRefreshSegmentsOperator,
    {"deferrable": False, "poll_interval": 0.1, "timeout": 20, "on_uncertain": "fail"},
    lambda result: result["jobId"],
    "jobId",
)
CONNECTION = Kind(
    LiveRamp,
    "liveramp",
    "connection",
    LiveRampCreateIntegrationConnectionOperator,
    {
        "destination_id": "1002",
        "integration_id": "2002",
        "properties": {"bucket": "audiences"},
        "device_types": ["PII", "WEB"],
        "distribution_manager_name": "Daily für Zoë",
    },
)
MANAGER = Kind(
    LiveRamp,
    "liveramp",
    "manager",
    LiveRampCreateDistributionManagerOperator,
    {"name": "Daily für  Zoë", "integration_connection_id": "55"},
)
DISTRIBUTION = Kind(
    LiveRamp,
    "liveramp",
    "config",
    LiveRampDistributeSegmentsOperator,
    {"distribution_manager_id": "66", "segments": ["9001", "9002"]},
    lambda result: [*result["added"], *result["unchanged"]],
    "segmentID",
)
SERVICE = Kind(
    Dataddo,
    "dataddo",
    "service",
    DataddoCreateServiceOperator,
    {"service": "snapchat_static", "service_label": NAME},
)
PARAMETERS = {"organizationId": "o1", "accountId": "a1", "dateRange": "30d1", "strategy": "incremental"}
SOURCE = Kind(
    Dataddo,
    "dataddo",
    "source",
    DataddoCreateSourceOperator,
    {
        "connector_id": "snapchat",
        "source_label": NAME,
        "service_id": "31",
        "parameters": PARAMETERS,
    },
)
FLOW = Kind(
    Dataddo,
    "dataddo",
    "flow",
    DataddoCreateFlowOperator,
    {"source_ids": ["s1", "s2"], "app": "google_data_studio", "flow_label": NAME},
)
BUILD = Kind(
    Dataddo,
    "dataddo",
    "build",
    DataddoBuildFlowOperator,
    {
        "service": "snapchat_static",
        "connector_id": "snapchat",
        "source_label": "Insights",
        "source_parameters": PARAMETERS,
        "flow_label": "GDS",
        "app": "google_data_studio",
    },
    lambda result: result["flow_id"],
)
EXTRACTION = Kind(
    Dataddo,
    "dataddo",
    "run",
    DataddoExtractSourceOperator,
    {
        "source_id": "s1",
        "date_from": "2026-11-01",
        "date_to": "2026-11-02",
        "deferrable": False,
        "poll_interval": 0.1,
        "timeout": 20,
    },
)
WRITE = Kind(
    Dataddo,
    "dataddo",
    "run",
    DataddoWriteFlowOperator,
    {"flow_id": "f1", "deferrable": False, "poll_interval": 0.1, "timeout": 20},
)
UPDATE = partial(DeltaProjectsUpdateActivityOperator, task_id="update", activity_id="a1")

MARKED = {"activity": DELTA, "export": EXPORT, "service": SERVICE}
NAMED = {"connection": CONNECTION, "manager": MANAGER, "source": SOURCE, "flow": FLOW}
JOBS = {"import": IMPORT, "refresh": REFRESH, "extraction": EXTRACTION, "write": WRITE}
TOLD = MARKED | NAMED
"""What the service can show, if an answer is lost."""
