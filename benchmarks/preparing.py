"""Customers, and an audience prepared of them in one of several ways. A child of `benchmarks.audience`.

Hears a folder and a way, works there, and says how long it took, the most memory it held, and what it wrote.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.children import hear, keep_stdout_for_the_parent, say

SQL = Path(__file__).with_name("audience.sql")
CUSTOMERS, SUPPRESSED, AUDIENCE = Path("customers.csv"), Path("suppressed.csv"), Path("audience.csv")
MOST_SUPPRESSED = 1_000_000

# of a number comes the same always: hash() of DuckDB takes the place of chance
GENERATE = """
SET threads = 2; SET memory_limit = '700MB'; SET preserve_insertion_order = false;
CREATE MACRO dice(value, what, sides) AS (hash(value, what) % sides)::BIGINT;
CREATE MACRO address(person) AS 'customer.' || person || ['@gmail.com', '@example.com', '@mail.example.org',
    '@post.example.se', '@outlook.example.net'][1 + dice(person, 'domain', 5)];
CREATE MACRO digits(person) AS (700000000 + person % 100000000)::VARCHAR;
COPY (
    SELECT customer AS customer_id,
        CASE WHEN dice(customer, 'reject', 50) = 0 THEN 'unknown' ELSE CASE dice(customer, 'spelling', 10)
            WHEN 0 THEN upper(address(person))
            WHEN 1 THEN '  ' || replace(address(person), 'c', 'C') || chr(9)
            WHEN 2 THEN replace(address(person), '@', ' @') || chr(160)
            ELSE address(person) END END AS email,
        CASE WHEN dice(customer, 'reject', 50) = 0 THEN ''
            WHEN dice(person, 'national', 100) < {national} THEN '0' || digits(person)[:2] || '-'
                || digits(person)[3:5] || ' ' || digits(person)[6:7] || ' ' || digits(person)[8:]
            ELSE '+46' || digits(person) END AS mobile,
        (DATE '2025-01-01' + dice(customer, 'day', 500)::INT)::VARCHAR AS last_purchase
    FROM (
        SELECT customer, CASE WHEN dice(customer, 'twice', 20) = 0 THEN dice(customer, 'whom', {rows})
            ELSE customer END AS person
        FROM range({rows}) numbers(customer)
    )
) TO 'customers.csv' (HEADER);
COPY (SELECT address(dice(number, 'suppressed', {rows})) AS email FROM range({suppressed}) numbers(number))
TO 'suppressed.csv' (HEADER);
"""

CLEAN = re.compile(r"[a-z0-9._+-]+@(?:[a-z0-9-]+\.)+[a-z0-9-]+")
_NOT = r"""[^@\s,;:<>()\[\]"\\\x00-\x1f\x7f]+"""
ADDRESS = re.compile(rf"{_NOT}@(?:{_NOT.replace('@', '@.')}\.)+{_NOT.replace('@', '@.')}")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


def generate(rows: int, national: int) -> None:
    """Write customers and a list of suppressed addresses: the same ones for the same numbers.

    :param rows: how many customers. 2 % have neither address nor phone, 5 % are another one again, and 30 %
        spell their address otherwise than it is hashed.
    :param national: of a hundred phones, how many are written as in Sweden.
    """
    import duckdb

    suppressed = max(1, min(MOST_SUPPRESSED, rows // 10))
    with duckdb.connect() as connection:
        connection.execute(GENERATE.format(rows=rows, national=national, suppressed=suppressed))


def ours() -> Callable[[], object]:
    """The package's own function, in a process that has loaded what a task has."""
    import airflow.sdk  # noqa: F401

    from airflow_provider_activation.audience import (
        Attribute,
        AudienceSchema,
        Email,
        Phone,
        Suppression,
        prepare_audience,
    )

    schema = AudienceSchema(
        {
            "email_sha256": Email("email").sha256(),
            "phone_sha256": Phone("mobile", region="SE").sha256(),
            "last_purchase": Attribute("last_purchase"),
        }
    )
    suppression = Suppression(SUPPRESSED, AudienceSchema({"email": Email("email")}))

    def prepare() -> None:
        manifest = prepare_audience(CUSTOMERS, schema, profile="google", folder=".", suppress=[suppression])
        Path(manifest["path"]).rename(AUDIENCE)

    return prepare


def duckdb() -> Callable[[], object]:
    """One SQL text in bare DuckDB."""
    import duckdb

    return lambda: duckdb.connect().execute(SQL.read_text()).fetchall()


def python() -> Callable[[], object]:
    """The standard library alone, in one pass. It sorts nothing, and of equal rows the first stays."""
    return prepare_in_python


def prepare_in_python() -> None:
    """Read, normalise, hash and write row by row, with a set of who is gone and one of who was seen."""
    with SUPPRESSED.open(newline="") as source:
        rows = csv.reader(source)
        next(rows)
        gone = {address(row[0]) for row in rows} - {None}
    seen = set[str]()
    with CUSTOMERS.open(newline="") as source, AUDIENCE.open("w", newline="") as target:
        rows, write = csv.reader(source), csv.writer(target, lineterminator="\n").writerow
        next(rows)
        write(("email_sha256", "phone_sha256", "last_purchase"))
        for _, email, mobile, last_purchase in rows:
            email, phone = address(email), mobile if PHONE.fullmatch(mobile) else None
            if email in gone or (email is None and phone is None) or (key := f"{email} {phone}") in seen:
                continue
            seen.add(key)
            write((email and digest(email), phone and digest(phone), last_purchase))


def address(value: str) -> str | None:
    """An e-mail address as Google wants it before it is hashed; None if it is not one."""
    if not CLEAN.fullmatch(value):
        value = "".join(value.replace("\u200b", "").replace("\ufeff", "").split())
        value = unicodedata.normalize("NFC", value).lower()
        if not ADDRESS.fullmatch(value):
            return None
    if value.endswith(("@gmail.com", "@googlemail.com")):
        person, _, domain = value.partition("@")
        person = person.partition("+")[0].replace(".", "")
        return f"{person}@{domain}" if person else None
    return value if value != "test@test.com" else None


def digest(value: str) -> str:
    """SHA-256 as hex digits."""
    return hashlib.sha256(value.encode()).hexdigest()


WAYS: dict[str, Callable[[], Callable[[], object]]] = {"ours": ours, "duckdb": duckdb, "python": python}


def most_memory() -> int:
    """The most bytes that were resident, since this program began: not what the one that started it held."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def measured(way: str) -> dict[str, Any]:
    """Prepare, and say what that took; what is written is read again after that."""
    prepare = WAYS[way]()
    begun = time.perf_counter()
    prepare()
    seconds, memory = time.perf_counter() - begun, most_memory()
    with AUDIENCE.open("rb") as written:
        rows = sum(1 for _ in written) - 1
        written.seek(0)
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    return {"seconds": seconds, "memory": memory, "rows": rows, "sha256": sha256}


def main() -> None:
    """Do the one work that the parent asks for."""
    keep_stdout_for_the_parent()
    wanted = hear()
    os.chdir(wanted.pop("folder"))
    if "way" in wanted:
        say(measured(**wanted))
    else:
        say(generate(**wanted))


if __name__ == "__main__":
    main()
