"""The four services as their documents describe them, with the habits that real services have."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adversary.server import Answer, Request, answer, cut
from adversary.waiting import TOKENS, is_login

Row = dict[str, Any]
TEXTS = ("name", "label", "destinationSegmentDescription", "destinationSegmentName")
MISSING = answer({"message": "no such thing"}, 404)
DOWN = answer({"message": "maintenance"}, 503)


class Book:
    """What a service has made, by kind, and how it behaves.

    :param fates: for each kind what becomes of its first creations: ``lost`` (made, no answer), ``undone``
        (503, and not made), or a status that is said without an id; then all are made and answered.
    :param changes: what the service does to texts.
    :param spoils: what it makes of a row, by kind, instead of what it was asked for.
    :param listed_after: seconds after which a row is in lists.
    :param found_after: seconds after which it is found by its id.
    :param settled_after: seconds after which a change is shown.
    :param blind_after: from the first creation on nothing can be read, until ``blind`` is set to False.
    :param meanwhile: what others do while a creation is on its way: it gets its kind and the row.
    :param meeting: creations wait here for each other, after everybody has looked what is there.
    """

    def __init__(
        self,
        fates: Mapping[str, Sequence[str]] | None = None,
        *,
        changes: Callable[[str], str] = str,
        spoils: Mapping[str, Callable[[Row], None]] | None = None,
        listed_after: float = 0.0,
        found_after: float = 0.0,
        settled_after: float = 0.0,
        blind_after: bool = False,
        meeting: threading.Barrier | None = None,
        meanwhile: Callable[[str, Row], None] | None = None,
    ) -> None:
        self.fates = {kind: list(given) for kind, given in (fates or {}).items()}
        self.changes = changes
        self.spoils = spoils or {}
        self.listed_after = listed_after
        self.found_after = found_after
        self.settled_after = settled_after
        self.blind_after = blind_after
        self.blind = False
        self.meeting = meeting
        self.meanwhile = meanwhile
        self.posts: Counter[str] = Counter()
        self.rows: dict[str, list[Row]] = {}
        self.since: dict[int, float] = {}
        self.old: dict[int, tuple[float, Row]] = {}
        self.lists: Counter[str] = Counter()
        self.between_pages: Callable[[], None] | None = None
        self.numbers = itertools.count(1001)
        self.lock = threading.Lock()

    def __call__(self, request: Request) -> Answer:
        if is_login(request):
            return TOKENS
        if self.blind and request.method == "GET" and not request.path.endswith("/refreshSegments"):
            return DOWN
        return self.handle(request)

    def handle(self, request: Request) -> Answer:
        raise NotImplementedError

    def has(self, kind: str, **row: Any) -> Row:
        """Something that has been there all along."""
        row.setdefault("id", str(next(self.numbers)))
        self.rows.setdefault(kind, []).append(row)
        return row

    def add(self, kind: str, row: Row) -> Row:
        for name in TEXTS:
            if isinstance(row.get(name), str):
                row[name] = self.changes(row[name])
        if kind in self.spoils:
            self.spoils[kind](row)
        self.since[id(row)] = time.monotonic()
        self.rows.setdefault(kind, []).append(row)
        return row

    def make(self, kind: str, row: Row, said: Callable[[Row], bytes]) -> Answer:
        with self.lock:
            self.posts[kind] += 1
            given = self.fates.get(kind)
            fate = given.pop(0) if given else "made"
        if self.meeting:
            self.meeting.wait(5)
        with self.lock:
            if self.meanwhile:
                self.meanwhile(kind, row)
            if fate == "undone":
                self.blind = self.blind_after
                return DOWN
            if "jobId" not in row:
                row.setdefault("id", str(next(self.numbers)))
            self.add(kind, row)
            self.blind, self.blind_after = self.blind_after, False
        if fate == "lost":
            return cut(b"")
        return said(row) if fate == "made" else answer(b"", int(fate))

    def change(self, row: Row, changes: Row, kind: str) -> None:
        """An update, which a read shows only after a while."""
        self.posts[f"{kind} changed"] += 1
        self.old[id(row)] = (time.monotonic(), dict(row))
        row.update(changes)
        for name in TEXTS:
            if name in changes:
                row[name] = self.changes(row[name])
        if f"{kind} changed" in self.spoils:
            self.spoils[f"{kind} changed"](row)

    def age(self, row: Row) -> float:
        return time.monotonic() - self.since.get(id(row), 0.0)

    def seen(self, row: Row) -> Row:
        when, old = self.old.get(id(row), (0.0, row))
        return old if time.monotonic() - when < self.settled_after else row

    def listed(self, kind: str, **like: Any) -> list[Row]:
        self.lists[kind] += 1
        rows = [self.seen(row) for row in self.rows.get(kind, []) if self.age(row) >= self.listed_after]
        return [row for row in rows if all(str(row.get(name)) == str(value) for name, value in like.items())]

    def found(self, kind: str, number: str, name: str = "id") -> Row | None:
        for row in self.rows.get(kind, []):
            if str(row[name]) == number and self.age(row) >= self.found_after:
                return row
        return None

    def one(self, kind: str, number: str, name: str = "id") -> Answer:
        row = self.found(kind, number, name)
        return answer(self.seen(row)) if row else MISSING

    def paged(self, key: str, kind: str, request: Request, **like: Any) -> Answer:
        rows = self.listed(kind, **like)
        begin = int(request.query.get("after", ["0"])[0])
        end = begin + int(request.query.get("limit", ["10"])[0])
        after = str(end) if end < len(rows) else None
        said = answer({key: rows[begin:end], "_pagination": {"after": after, "total": len(rows)}})
        if after and self.between_pages:
            self.between_pages()
        return said


class Delta(Book):
    """Activities of one client."""

    def handle(self, request: Request) -> Answer:
        path = request.path
        if path.endswith("/create_from_template"):
            sent = request.json
            kept = ("flightStart", "flightStop", "budget", "impressionBudget", "enabled")
            row = {"name": sent["activityName"]} | {name: sent[name] for name in kept if name in sent}
            here = path.removesuffix("/create_from_template")
            return self.make("activity", row, lambda row: located(f"{here}/{row['id']}"))
        if path.endswith("/activity"):
            return answer([{"id": row["id"], "name": row["name"]} for row in self.listed("activity")])
        number = path.rsplit("/", 1)[-1]
        if request.method == "GET":
            return self.one("activity", number)
        made = self.found("activity", number)
        if not made:
            return MISSING
        sent = request.json
        if "activityName" in sent:
            sent["name"] = sent.pop("activityName")
        self.change(made, sent, "activity")
        return located(path, 200)


def located(path: str, status: int = 201) -> bytes:
    return answer(b"", status, {"Location": path})


class Dataddo(Book):
    """Services, sources and flows."""

    def handle(self, request: Request) -> Answer:
        path = request.path.removeprefix("/customer-api/v1")
        parts = path.strip("/").split("/")
        if request.method == "POST":
            return self.post(path, parts, request.json if request.body else {})
        if path == "/services":
            return answer([without(row, "parameters") for row in self.listed("service")])
        if path == "/sources":
            return answer([without(row, "parameters") for row in self.listed("source")])
        if path == "/flows":
            return answer(self.listed("flow"))
        if path.startswith("/flows/by-source/"):
            rows = self.listed("flow")
            return answer(
                [row for row in rows if any(one["source_id"] == parts[-1] for one in row["source"])]
            )
        if parts[-1] == "status":
            return answer(self.run_of(parts[1]))
        if parts[0] == "sources" and parts[-1] == "metadata":
            row = self.found("source", parts[1])
            return answer(row["parameters"]) if row else MISSING
        if len(parts) == 2 and parts[0] in ("services", "sources", "flows"):
            row = self.found(parts[0][:-1], parts[1])
            return answer(without(self.seen(row), "parameters")) if row else MISSING
        return answer([])

    def post(self, path: str, parts: list[str], sent: Row) -> Answer:
        if path == "/services":
            given = sent.get("data") or sent["config"]
            kind = sent.get("service") or sent.get("serviceName")
            row = {
                "id": next(self.numbers),
                "service": kind,
                "label": sent.get("label") or given.get("label") or f"{kind} 1",
                "status": True,
                "parameters": given,
            }
            return self.make("service", row, lambda row: answer({"id": row["id"]}))
        if parts[-1] == "create-source":
            row = {"label": sent["label"], "connector_id": parts[1], "type": parts[1], "parameters": sent}
            return self.make("source", row, lambda row: answer({"id": row["id"], "label": row["label"]}))
        if path == "/flows":
            row = {
                "label": sent["label"],
                "source": [{"source_id": number} for number in sent["sources"]],
                "api": {"app": sent["app"], "id": "x"},
            }
            return self.make("flow", row, lambda row: answer(row))
        if parts[-1] == "enqueue":
            return self.make("run", {"of": parts[1]}, lambda row: answer(b"", 202))
        return answer([])

    def run_of(self, number: str) -> Row:
        """The newest run, which begins after a while and has then ended."""
        runs = self.listed("run", of=number)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1 if runs else 1_700_000_000))
        return {"actionId": "x", "status": "live", "lastRunStarted": at, "lastRunFinished": at}


def without(row: Row, name: str) -> Row:
    return {key: value for key, value in row.items() if key != name}


class LiveRamp(Book):
    """Integration connections, their distribution managers, and the segments of these."""

    lists_of = (
        ("connection", "integration-connections", "v2/IntegrationConnections"),
        ("manager", "distribution-managers", "v2/DistributionManagers"),
    )

    def handle(self, request: Request) -> Answer:
        path = request.path
        if path.endswith("/segment-configs"):
            return self.configs(request, path.split("/")[-2])
        if "/integrations/" in path or path.endswith("/integrations"):
            wanted = [{"name": "bucket", "description": "a bucket"}]
            row = {
                "id": path.split("/")[-1],
                "name": "S3",
                "description": "",
                "type": "ONBOARDING",
                "deviceTypes": ["PII", "WEB", "IOS"],
                "requiredProperties": wanted,
            }
            return answer(row)
        for kind, plural, key in self.lists_of:
            if match := re.search(f"/{plural}(?:/([^/]+))?$", path):
                return self.of_kind(kind, key, match[1], request)
        return answer({"v2/Deliveries": [], "_pagination": {"after": None, "total": 0}})

    def of_kind(self, kind: str, key: str, number: str | None, request: Request) -> Answer:
        if request.method == "POST":
            return self.create(kind, request.json)
        if not number:
            asked = request.query.get("integrationConnectionID")
            return self.paged(key, kind, request, **({"integrationConnectionID": asked[0]} if asked else {}))
        row = self.found(kind, number)
        if request.method == "PUT" and row:
            self.change(row, request.json, kind)
            return answer(b"")
        return self.one(kind, number)

    def create(self, kind: str, sent: Row) -> Answer:
        dates = {"createdAt": "2026-11-01T00:00:00Z", "updatedAt": "2026-11-01T00:00:00Z"}
        if kind == "manager":
            row = {"status": "ACTIVE", "expireAt": None} | sent | dates
            return self.make("manager", row, lambda row: answer({"id": row["id"]}, 201))
        name = sent.pop("distributionManagerName", None)
        row = sent | dates
        row["id"] = str(next(self.numbers))
        if name and "no manager" not in self.spoils:
            rest = {"status": "ACTIVE", "expireAt": None, "id": str(next(self.numbers))}
            self.add("manager", {"name": name, "integrationConnectionID": row["id"]} | rest | dates)
        return self.make("connection", row, lambda row: answer({"id": row["id"]}, 201))

    def configs(self, request: Request, manager: str) -> Answer:
        if request.method == "GET":
            return self.paged("segmentConfigs", "config", request, distributionManagerID=manager)
        sent = request.json
        if request.method == "DELETE":
            self.posts["config withdrawn"] += 1
            numbers = [row["id"] for row in sent]
            if "withdrawn" not in self.spoils:
                kept = [row for row in self.rows["config"] if row["id"] not in numbers]
                self.rows["config"] = kept
            return answer([{"id": number, "status": {"httpStatus": 200}} for number in numbers], 207)
        self.posts["config"] += 1
        said = []
        given = self.fates.get("config")
        fate = given.pop(0) if given else "made"
        if fate == "undone":
            return DOWN
        for row in sent:
            number = str(next(self.numbers))
            said.append({"id": number, "status": {"httpStatus": 200}})
            if not ("dropped" in self.spoils and row is sent[-1]):
                self.add("config", row | {"id": number})
        self.blind, self.blind_after = self.blind_after, False
        return cut(b"") if fate == "lost" else answer(said, 207)


class Acoustic(Book):
    """Jobs, endpoints and the segments of endpoints."""

    def handle(self, request: Request) -> Answer:
        path = request.path
        parts = path.removeprefix("/v1/").split("/")
        if path.endswith("/refreshSegments"):
            return self.job("SEGMENT_POPULATE_DB", {})
        if path.endswith("/jobs/segmentExport"):
            return self.job("SEGMENT_EXPORT", request.json)
        if path.endswith("/jobs/identityImport"):
            return self.job("IDENTITY_IMPORT", request.json)
        if parts[0] == "jobs":
            return self.one("job", parts[2], "jobId") if len(parts) == 3 else self.jobs(parts[1])
        if parts[0] == "endpoint" and "segments" in parts:
            return self.segments(request, parts)
        if parts[0] == "endpoint":
            return self.endpoint(request, parts)
        return answer('"ACTIVE"')

    def jobs(self, category: str) -> Answer:
        return answer([row for row in self.listed("job") if row["jobCategory"] == category])

    def job(self, category: str, sent: Row) -> Answer:
        row = {
            "jobCategory": category,
            "jobId": next(self.numbers),
            "status": "COMPLETE",
            "jobName": category,
            "accountId": 1,
            "producerEndpointID": sent.get("endpointID"),
            "producerSegmentID": sent.get("segmentID"),
            "destinationEndpointID": sent.get("destinationEndpointID"),
            "destinationSegmentID": sent.get("destinationSegmentID"),
            "destinationSegmentName": sent.get("destinationSegmentName", "made up"),
            "destinationSegmentDescription": sent.get("destinationSegmentDescription"),
            "destinationIdentifier": sent.get("destinationIdentifier"),
            "sourceIdentifiers": sent.get("sourceIdentifiers"),
            "attributeMappings": sent.get("attributeMappings"),
            "shareAction": str(sent.get("action", "add")).upper(),
        }
        return self.make("job", row, lambda row: answer({"jobId": row["jobId"]}))

    def endpoint(self, request: Request, parts: list[str]) -> Answer:
        if request.method == "GET":
            return answer([self.seen(row) for row in self.rows.get("endpoint", [])])
        rows = self.rows.setdefault("endpoint", [])
        if not rows:
            rows.append({"id": 500, "endpointId": 500})
        self.change(rows[0], request.json, "endpoint")
        return answer({"endpointId": 500})

    def segments(self, request: Request, parts: list[str]) -> Answer:
        if request.method == "GET":
            row = self.found("segment", parts[-1])
            return answer(self.seen(row)) if row else MISSING
        self.posts["segment"] += 1
        given = self.fates.get("segment")
        fate = given.pop(0) if given else "made"
        if request.method == "DELETE":
            if "withdrawn" not in self.spoils:
                self.rows["segment"] = []
        elif fate != "undone":
            for row in request.json:
                self.add("segment", row | {"segment_attributes": row.get("segment_attributes", [])})
        self.blind, self.blind_after = self.blind_after, False
        if fate == "lost":
            return cut(b"")
        return DOWN if fate == "undone" else answer("true")
