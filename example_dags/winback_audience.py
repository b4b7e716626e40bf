"""The customers of the examples, as a shop's database would export them. Calls no service."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

from airflow_provider_activation.audience import Attribute, AudienceSchema, Email

PURCHASES = Path(__file__).parent / "data" / "CDNOW_sample.txt"
END_OF_DATA = date(1998, 6, 30)

SCHEMA = AudienceSchema(
    {"email_sha256": Email("email").sha256(), "last_purchase": Attribute("last_purchase", "date")}
)
"""What leaves: the digest of the tidied address and the day of the last purchase, not the address itself."""

REGISTRATION = {
    "name": "Customer base",
    "provider_name": "Marketing data",
    "endpoint_types": {"segment": {"source": {"enabled": True, "producerType": "push"}}},
    "marketing_databases_definition": {
        "marketingDatabases": [
            {
                "name": "Customers",
                "identifiers": [
                    {
                        "name": "email_sha256",
                        "type": "email",
                        "hashMode": "HASHED",
                        "hashAlgorithm": "SHA256",
                    }
                ],
                "attributes": [{"name": "last_purchase", "type": "String", "isRequired": False}],
            }
        ]
    },
}
"""What the shop's endpoint is registered with: which columns may leave, and how they are hashed."""


def last_purchases(purchases: Path = PURCHASES) -> dict[str, date]:
    """Each customer's last day of purchase."""
    last: dict[str, date] = {}
    with purchases.open() as lines:
        for line in lines:
            _, customer, day, _, _ = line.split()
            bought = datetime.strptime(day, "%Y%m%d").date()
            last[customer] = max(bought, last.get(customer, bought))
    return last


UNSUBSCRIBED = AudienceSchema({"email": Email("email")})
"""How to read the list of who must not be written to."""


def export_unsubscribed(file: Path, purchases: Path = PURCHASES) -> int:
    """Write the addresses of who must not be written to, and return how many they are.

    :param file: the CSV to write. Others must not read it.
    """
    unsubscribed = [customer for customer in sorted(last_purchases(purchases)) if customer.endswith("7")]
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file.open("w", newline="") as out:
        file.chmod(0o600)
        rows = csv.writer(out)
        rows.writerow(["email"])
        rows.writerows([f"CUSTOMER-{customer}@example.com"] for customer in unsubscribed)
    return len(unsubscribed)


def export_customers(file: Path, purchases: Path = PURCHASES) -> int:
    """Write all customers with their addresses, as people have typed them, and return how many they are.

    :param file: the CSV to write. Others must not read it: it holds people's addresses and names.
    """
    last = last_purchases(purchases)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file.open("w", newline="") as out:
        file.chmod(0o600)
        rows = csv.writer(out)
        rows.writerow(["email", "name", "phone", "last_purchase"])
        for customer, day in sorted(last.items()):
            phone = f"+46 70 {customer[-3:]} {customer[:2]} {customer[1:3]}"
            rows.writerow(
                [f" Customer-{customer}@example.com", f"Customer {customer}", phone, day.isoformat()]
            )
    return len(last)
