"""The example audience: customers who have not bought for a while. Knows nothing of any service."""

from __future__ import annotations

import csv
import hashlib
from datetime import date, datetime, timedelta
from pathlib import Path

PURCHASES = Path(__file__).parent / "data" / "CDNOW_sample.txt"


def last_purchases(purchases: Path = PURCHASES) -> dict[str, date]:
    """Each customer's last day of purchase."""
    last: dict[str, date] = {}
    with purchases.open() as lines:
        for line in lines:
            _, customer, day, _, _ = line.split()
            bought = datetime.strptime(day, "%Y%m%d").date()
            last[customer] = max(bought, last.get(customer, bought))
    return last


def hashed(email: str) -> str:
    """The SHA-256 of an e-mail address. Two spellings of one address have the same."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


def write_winback_audience(file: Path, inactive_days: int, purchases: Path = PURCHASES) -> int:
    """Write the customers whose last purchase is older than some days, and return how many they are.

    Only what the endpoint has registered is written: the SHA-256 of the e-mail address, which is trimmed and
    in small letters before it is hashed, and the day of the last purchase. The address itself stays here.

    :param file: the CSV to write.
    :param inactive_days: days between a customer's last purchase and the end of the data.
    :param purchases: the purchases.
    """
    last = last_purchases(purchases)
    before = max(last.values()) - timedelta(days=inactive_days)
    audience = sorted(customer for customer, day in last.items() if day < before)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["email_sha256", "last_purchase"])
        for customer in audience:
            email = f" Customer-{customer}@example.com"  # as somebody typed it into a form
            rows.writerow([hashed(email), last[customer].isoformat()])
    return len(audience)
