"""The arguments of the operators for audiences: from the docstrings."""

from __future__ import annotations

import socket
from hashlib import sha256
from typing import Any

from argument_table.common import FOLDER, Notifier
from argument_table.kinds import (
    CONNECTION_ID,
    DURATION,
    FLAG,
    JSON,
    NAME,
    OBJECTS,
    PATH,
    TEXT,
    WHOLE_ID,
    WHOLE_NUMBER,
    WORD,
    Kind,
    Row,
    has,
    may,
    need,
)

AUDIENCES = FOLDER / "audiences"
"""What a walk prepares from, writes and deletes."""
PEOPLE, OTHER_PEOPLE = AUDIENCES / "people.csv", AUDIENCES / "other_people.csv"
UNSUBSCRIBED, OTHER_UNSUBSCRIBED = AUDIENCES / "unsubscribed.csv", AUDIENCES / "other_unsubscribed.csv"
PREPARED, ALSO_PREPARED = AUDIENCES / "prepared.csv", AUDIENCES / "also_prepared.csv"
CONTENT = "email\n"
OUT, OTHER_OUT = AUDIENCES / "out", AUDIENCES / "other_out"


def make_files() -> None:
    """Two tables of thirty people, the second with one who cannot be written to, and two lists of a few."""
    AUDIENCES.mkdir(exist_ok=True)
    for file, domain in ((PEOPLE, "example.com"), (OTHER_PEOPLE, "example.org")):
        rows = [f"p{at:02}@{domain},{'SE' if at % 3 else 'NO'},{at}" for at in range(29)]
        file.write_text("\n".join(["email,country,spent", *rows, f"P00@{domain},SE,99", ""]))
    UNSUBSCRIBED.write_text("email\np01@example.com\np02@example.com\n")
    OTHER_UNSUBSCRIBED.write_text("email\np03@example.com\n")


def make_prepared() -> None:
    """The files that are to be deleted."""
    for file in (PREPARED, ALSO_PREPARED):
        file.write_text(CONTENT)


SCHEMA: dict[str, Any] = {
    "columns": {
        "mail": {"kind": "email", "source": "email", "hash": "sha256"},
        "spent": {"kind": "attribute", "source": "spent"},
    }
}
OTHER_SCHEMA: dict[str, Any] = {
    "columns": {"email": {"kind": "email", "source": "email", "hash": "sha256", "required": True}}
}
LIST = {"source": str(UNSUBSCRIBED), "schema": {"columns": {"email": {"kind": "email", "source": "email"}}}}
OTHER_LIST = {**LIST, "source": str(OTHER_UNSUBSCRIBED)}
REGISTRATION: dict[str, Any] = {
    "marketing_databases_definition": {
        "marketingDatabases": [
            {"name": "Customers", "identifiers": [{"name": "email", "type": "email", "hashMode": "NONE"}]}
        ]
    }
}
PLAIN_SCHEMA: dict[str, Any] = {"columns": {"email": {"kind": "email", "source": "email"}}}
FROM_SERVICE: dict[str, Any] = {
    "profile": "acoustic",
    "schema": PLAIN_SCHEMA,
    "acoustic_exchange_conn_id": "walk_registered",
}
"""Without a registration, so that it is read from the service."""
MANIFEST = {
    "version": 1,
    "path": str(PREPARED),
    "host": socket.gethostname(),
    "rejects": {"path": None, "counts": {}},
}

SOURCE = Kind("path or mapping", (1.5, True, "", []), ("",), scalar=False, text_too=True)
A_SCHEMA = Kind("schema", (5, True, "a", ["a"], {}, {"columns": {}}, {"columns": {"a": 5}}), scalar=False)
PROFILE = Kind("profile", (1.5, True, "", [], ["google"]), ("", "nonsense"), scalar=False, text_too=True)
LISTS = Kind("lists of people", (5, True, 1.5, "a", {"a": "b"}, [5], ["a"], [{}], []), scalar=False)
GUARD = Kind("guard", (5, True, 1.5, "a", ["a"], {"min": 5}, {"min_rows": -1}), scalar=False)
USERS = Kind("users", (5, True, 1.5, "a", [], ["a"], [{"id": "7"}]), scalar=False)
WAREHOUSE = Kind("warehouse", (5, True, 1.5, "a", ["a"], {"conn_id": "a"}), scalar=False)
MANIFESTS = Kind("manifest", (5, True, 1.5, "a", ["a"]), scalar=False)
SENT_MANIFEST = {
    **MANIFEST,
    **{"size": 6, "sha256": "ab" * 32, "columns": ["email"], "rows": {}, "format": {"delimiter": ","}},
    **{"run": {"dag_id": "a_dag", "run_id": "manual__1"}, "suppression": []},
}
"""All that is read of the manifest of an audience that is sent."""
CHECKED = {
    **{**SENT_MANIFEST, "sha256": sha256(CONTENT.encode()).hexdigest()},
    "rows": dict.fromkeys(("left_out", "rejected", "suppressed", "duplicates"), 0)
    | {"read": 7, "written": 7},
}
"""The manifest of a file that is there."""
SHOWN = may(MANIFESTS, SENT_MANIFEST, wrong=({"path": "/a"},))

ROWS: dict[str, Row] = {
    "operators.audience.PrepareAudienceOperator": Row(
        {
            "source": need(SOURCE, str(PEOPLE), {"path": str(OTHER_PEOPLE), "format": "csv"}),
            "schema": need(A_SCHEMA, SCHEMA, OTHER_SCHEMA),
            "profile": need(PROFILE, "google", {"name": "google", "delimiter": ";"}),
            "folder": need(PATH, str(OUT), str(OTHER_OUT)),
            "name": has(NAME, "audience", "customers"),
            "where": may(TEXT, "country = 'SE'", "spent = '7'"),
            "suppress": may(LISTS, [LIST], [OTHER_LIST]),
            "order_by": may(NAME, "spent", "country"),
            "min_rows": may(WHOLE_NUMBER, 5),
            "fail_on_rejects": has(FLAG, True),
            "registration": may(JSON, REGISTRATION, beside={"profile": "acoustic", "schema": PLAIN_SCHEMA}),
            "endpoint_id": may(WHOLE_ID, 10001, 10002, beside=FROM_SERVICE),
            "acoustic_exchange_conn_id": has(
                CONNECTION_ID, "walk_registered", "walk_registered_elsewhere", beside=FROM_SERVICE
            ),
        }
    ),
    "operators.audience.CheckAudienceOperator": Row(
        {
            "manifest": need(MANIFESTS, CHECKED, {**CHECKED, "path": str(ALSO_PREPARED)}),
            "audience": need(NAME, "lapsed", "active"),
            "destination": need(NAME, "acoustic", "liveramp"),
            "ledger": need(PATH, str(AUDIENCES / "ledger"), str(AUDIENCES / "other_ledger")),
            "guard": has(GUARD, {"min_rows": 5}, {"min_rows": 6}),
            "on_breach": has(WORD, "skip"),
            "first_run": has(WORD, "allow"),
            "response_timeout": has(DURATION, 3600),
            "notifiers": has(OBJECTS, [Notifier()]),
            "assigned_users": may(USERS, [{"id": "7", "name": "Ann"}]),
            "warehouse": may(
                WAREHOUSE, {"conn_id": "warehouse", "table": "a"}, {"conn_id": "warehouse", "table": "b"}
            ),
        }
    ),
    "operators.audience.DeleteAudienceOperator": Row(
        {"manifest": need(MANIFESTS, MANIFEST, {**MANIFEST, "path": str(ALSO_PREPARED)})}
    ),
}
