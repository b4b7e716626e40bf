"""Customers, and an audience prepared of them in one of several ways. A child of `benchmarks.audience`.

Hears a folder and a way, works there, and says how long it took, the most memory it held, and what it wrote.
"""

from __future__ import annotations

import csv
import os
import re
import time
import unicodedata
from collections.abc import Callable
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from benchmarks.children import hear, keep_stdout_for_the_parent, say

GENERATE, PREPARE = (Path(__file__).with_name(f"{name}.sql") for name in ("customers", "audience"))
CUSTOMERS, SUPPRESSED, AUDIENCE = Path("customers.csv"), Path("suppressed.csv"), Path("audience.csv")
MOST_SUPPRESSED = 1_000_000

CLEAN = re.compile(r"[a-z0-9._+-]+@(?:[a-z0-9-]+\.)+[a-z0-9-]+")
_NOT = r"""[^@\s,;:<>()\[\]"\\\x00-\x1f\x7f]+"""
ADDRESS = re.compile(rf"{_NOT}@(?:{_NOT.replace('@', '@.')}\.)+{_NOT.replace('@', '@.')}")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


def generate(rows: int, national: int) -> None:
    """Write so many customers, and a list of a tenth as many to suppress.

    :param national: of a hundred phones, how many are written without their country.
    """
    import duckdb

    variables = {"rows": rows, "national": national, "suppressed": max(1, min(MOST_SUPPRESSED, rows // 10))}
    with duckdb.connect() as connection:
        for name, value in variables.items():
            connection.execute(f"SET VARIABLE {name} = {value}")
        connection.execute(GENERATE.read_text())


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

    return lambda: duckdb.connect().execute(PREPARE.read_text()).fetchall()


def python() -> None:
    """Prepare with the standard library alone, row by row, with sets of who is suppressed and who was seen.

    Nothing is sorted, and of equal rows the first stays, so that it is one pass.
    """
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
            digests = (value and sha256(value.encode()).hexdigest() for value in (email, phone))
            write((*digests, last_purchase))


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


WAYS: dict[str, Callable[[], Callable[[], object]]] = {
    "ours": ours,
    "duckdb": duckdb,
    "python": lambda: python,
}
"""What loads what a way needs and returns what is measured."""


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
        digest = file_digest(written, "sha256").hexdigest()
    return {"seconds": seconds, "memory": memory, "rows": rows, "sha256": digest}


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
