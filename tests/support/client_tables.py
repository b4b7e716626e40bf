"""A table of clients for the example of many clients, with a source for each."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

from airflow_provider_activation.sandbox import Sandbox


@dataclass(frozen=True)
class Client:
    """A client with an account of its own, and its customers."""

    name: str
    conn_id: str
    number: int
    customers: tuple[str, ...]

    @property
    def tenant(self) -> str:
        """Whose account it is in the sandbox."""
        return self.conn_id.removeprefix("acoustic_exchange_")

    @property
    def digests(self) -> set[str]:
        """What must be received of its customers, and of nobody else's."""
        return {hashlib.sha256(address.encode()).hexdigest() for address in self.customers}

    @property
    def endpoint_id(self) -> str:
        """The endpoint that its audience is exported from."""
        return f"{self.number}10001"


def clients_of(sandbox: Sandbox) -> list[Client]:
    """A client for each tenant. Each has another number of customers."""
    tenants = sandbox.state()["acoustic-exchange"]["tenants"]
    return [
        Client(
            f"client-{number:02}",
            f"acoustic_exchange_{tenant['tenant']}",
            number,
            tuple(f"customer-{number:02}{one:03}@example.com" for one in range(number)),
        )
        for number, tenant in enumerate(tenants, 1)
    ]


def write_table(table: Path, clients: list[Client]) -> None:
    """Write the table, and beside it the source of each client."""
    with table.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(
            [
                "client",
                "acoustic_exchange_conn_id",
                "source",
                "endpoint_id",
                "segment_id",
                "destination_endpoint_id",
            ]
        )
        for client in clients:
            source = f"{client.name}.csv"
            destination = f"{client.number}20002"
            rows.writerow([client.name, client.conn_id, source, client.endpoint_id, "800000", destination])
            lines = ["email,last_purchase", *(f"{one},2026-10-01" for one in client.customers)]
            (table.parent / source).write_text("\n".join(lines) + "\n")
