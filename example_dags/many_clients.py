"""Send an audience out for each client of an agency, every day: one DAG for the accounts of all clients.

A table has a row for each client, with the connection to the client's own account. What fails for one client
stops no other. At the end a task says for whom it failed, and fails.

It runs as it stands against a sandbox with five tenants. `docs/recipes/many-clients.md` says what to set up:
connections, the pool and the table.
"""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pendulum
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk import Variable, chain, dag, get_current_context, task, task_group
from airflow.timetables.interval import CronDataIntervalTimetable
from winback_audience import SCHEMA

from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeExportSegmentOperator,
    AcousticExchangeUploadJobDataOperator,
)
from airflow_provider_activation.operators.audience import DeleteAudienceOperator, PrepareAudienceOperator

# every worker must see this folder; with several machines, put it on shared storage
FOLDER = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "audiences"
TABLE = Path(__file__).parent / "data" / "clients.csv"
"""The table, unless the Airflow variable `clients_table` names another file."""
COLUMNS = {
    "client",
    "acoustic_exchange_conn_id",
    "source",
    "endpoint_id",
    "segment_id",
    "destination_endpoint_id",
}
POOL = "acoustic_exchange"
"""How many tasks may call the service at a time. Without this pool no task of a client is started."""
TASKS = ("prepare", "export", "upload")
"""What is done for a client, in this order; `upload` is green when the service has completed the job."""


def clients_of(table: Path) -> list[dict[str, str]]:
    """The rows of the table, each with a folder of its own. What could mix two clients up is refused."""
    with table.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    for number, row in enumerate(rows, 1):
        if row.keys() != COLUMNS or not all(row.values()):
            raise ValueError(f"Row {number} of {table} does not have these columns: {sorted(COLUMNS)}.")
        if not re.fullmatch("[a-z0-9][a-z0-9_-]*", row["client"]):
            raise ValueError(f"Row {number} of {table}: the client's name is not one for a folder.")
    for column in ("client", "acoustic_exchange_conn_id", "source", "endpoint_id"):
        if twice := [value for value, times in Counter(row[column] for row in rows).items() if times > 1]:
            raise ValueError(f"{table} has the same {column} twice: {twice[0]}.")
    if not rows:
        raise ValueError(f"{table} has no client.")
    return [
        {**row, "source": _source(table, row["source"]), "folder": str(FOLDER / row["client"])}
        for row in rows
    ]


def _source(table: Path, source: str) -> str:
    return source if "://" in source else str(table.parent / source)


@dag(
    schedule=CronDataIntervalTimetable("0 4 * * *", timezone="Europe/Stockholm"),
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Stockholm"),
    catchup=False,
    max_active_runs=1,
    tags=["activation"],
    # waits hold no worker slot
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1), "deferrable": True},
    doc_md=__doc__,
)
def many_clients() -> None:
    @task
    def read_clients() -> list[dict[str, str]]:
        return clients_of(Path(Variable.get("clients_table", default=str(TABLE))))

    # the pages show the client's name instead of the number of its row
    name = "{{ ti.xcom_pull(task_ids='read_clients')[ti.map_index]['client'] }}"

    @task_group(group_id="client", default_args={"pool": POOL, "map_index_template": name})
    def activate(
        client: str,
        acoustic_exchange_conn_id: str,
        source: str,
        folder: str,
        endpoint_id: str,
        segment_id: str,
        destination_endpoint_id: str,
    ) -> None:
        prepare = PrepareAudienceOperator(
            task_id="prepare",
            source=source,
            schema=SCHEMA,
            profile="acoustic",
            folder=folder,
            name=client,
            endpoint_id=endpoint_id,
            acoustic_exchange_conn_id=acoustic_exchange_conn_id,
            # each takes memory on a worker
            max_active_tis_per_dag=4,
        )
        export = AcousticExchangeExportSegmentOperator(
            task_id="export",
            endpoint_id=endpoint_id,
            segment_id=segment_id,
            destination_endpoint_id=destination_endpoint_id,
            destination_segment_name="Win-back {{ dag_run.run_after.strftime('%Y-%m-%d') }}",
            source_identifiers=["email_sha256"],
            destination_identifier="email",
            update_identities=False,
            acoustic_exchange_conn_id=acoustic_exchange_conn_id,
        )
        upload = AcousticExchangeUploadJobDataOperator(
            task_id="upload",
            job_id=export.output["jobId"],
            file=prepare.output,
            acoustic_exchange_conn_id=acoustic_exchange_conn_id,
        )
        delete = DeleteAudienceOperator(
            task_id="delete", manifest=prepare.output, pool="default_pool"
        ).as_teardown(setups=prepare, on_failure_fail_dagrun=True)
        chain(prepare, export, upload, delete)

    @task(trigger_rule="all_done")
    def report(clients: list[dict[str, str]]) -> dict[str, Any]:
        ti = get_current_context()["ti"]
        names = [f"client.{step}" for step in TASKS]
        found = ti.get_task_states(dag_id=ti.dag_id, task_ids=names, run_ids=[ti.run_id])
        states = found.get(ti.run_id, {})
        activated, failed = [], []
        for index, client in enumerate(clients):
            left = [step for step in TASKS if states.get(f"client.{step}_{index}") != "success"]
            if left:
                failed.append(f"{client['client']} ({left[0]}: {states.get(f'client.{left[0]}_{index}')})")
            else:
                activated.append(client["client"])
        print(f"Activated: {', '.join(activated) or 'none'}.")
        if failed:
            raise AirflowFailException(
                f"{len(activated)} of {len(clients)} clients activated. Not: {', '.join(failed)}."
            )
        return {"activated": activated}

    clients = read_clients()
    chain(activate.expand_kwargs(clients), report(clients))


many_clients()
