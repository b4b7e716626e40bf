"""The shop's warehouse for the demo: its customers in a PostgreSQL of their own, on loopback."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg2
from psycopg2.extras import execute_values

from scripts.local import ROOT
from scripts.postgresql import running_postgresql

TABLE = "CREATE TABLE customers (email text, name text, phone text, last_purchase date)"


@contextmanager
def running_warehouse() -> Iterator[dict[str, str]]:
    """Run the warehouse until the block ends; yields its connection, as a variable of the environment.

    :raises NotInstalled: PostgreSQL is missing.
    """
    sys.path.insert(0, str(ROOT / "example_dags"))
    from winback_audience import last_purchases

    with running_postgresql() as address:
        place = urlsplit(address)
        name = place.path.strip("/")
        connect = psycopg2.connect(host=place.hostname, port=place.port, user=place.username, dbname=name)
        with closing(connect) as database:
            with database.cursor() as cursor:
                cursor.execute(TABLE)
                rows = [
                    (_address(customer), f"Customer {customer}", None, day)
                    for customer, day in last_purchases().items()
                ]
                execute_values(cursor, "INSERT INTO customers VALUES %s", rows)
            database.commit()
        connection = {
            "conn_type": "postgres",
            "host": place.hostname,
            "port": place.port,
            "login": place.username,
            "schema": name,
        }
        yield {"AIRFLOW_CONN_WAREHOUSE": json.dumps(connection)}


def _address(customer: str) -> str:
    """Addresses as people type them; the dots in some make no difference to their provider."""
    return (
        f"Customer.{customer}@gmail.com" if int(customer) % 10 == 0 else f" Customer-{customer}@example.com"
    )
