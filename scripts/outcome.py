"""What the demo's DAG left behind at the services, as a table, and whether it is what the DAG meant."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

TIME_ZONE = ZoneInfo("Europe/Stockholm")
WIDTH = 110
GAP = "  "

State = dict[str, dict[str, list[dict[str, Any]]]]


@dataclass(frozen=True)
class Thing:
    """Something that exists at a service."""

    service: str
    kind: str
    id: str
    state: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """Something that must be so after the run, and what is so instead where it is not."""

    expected: str
    holds: bool
    found: str


def _local(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).astimezone(TIME_ZONE)


def _flight(activity: dict[str, Any]) -> str:
    start, stop = _local(activity["flightStart"]), _local(activity["flightStop"])
    return f"{start:%d %b %H:%M} to {stop:%d %b %H:%M}"


def _runs(item: dict[str, Any]) -> str:
    ended = item["lastRunFinished"]
    when = f"ended {_local(ended):%H:%M:%S}" if ended else "not ended"
    return f"{item['label']}, {item['runs']} run(s), {when}"


def since(before: State, now: State) -> State:
    """What came to be or changed at the services."""
    return {
        service: {
            kind: [item for item in items if item not in before[service].get(kind, [])]
            for kind, items in kinds.items()
        }
        for service, kinds in now.items()
    }


def things(state: State) -> Iterator[Thing]:
    """All that came to be at the services."""
    acoustic, liveramp = state["acoustic-exchange"], state["liveramp"]
    delta, dataddo = state["delta-projects"], state["dataddo"]

    name = "Acoustic Exchange"
    offered = {segment["endpointId"] for segment in acoustic["segments"]}
    for endpoint in acoustic["endpoints"]:
        if endpoint["endpointId"] in offered:
            about = (endpoint["registration"] or {}).get("name", "")
            yield Thing(name, "endpoint", str(endpoint["endpointId"]), endpoint["status"], (about,))
    for segment in acoustic["segments"]:
        known_by = segment.get("id", segment.get("id_string"))
        yield Thing(name, "segment", str(known_by), "", (segment["name"],))
    for job in acoustic["jobs"]:
        details = f"{job['records']} records to endpoint {job['destinationEndpointID']}"
        yield Thing(name, "export job", str(job["jobId"]), job["status"], (details,))

    name = "LiveRamp"
    for attempt in liveramp["oAuthConnectionAttempts"]:
        yield Thing(name, "OAuth connection", attempt.get("oAuthConnectionID") or "-", attempt["status"])
    for connection in liveramp["integrationConnections"]:
        details = f"integration {'/'.join(connection['integrationID'])}"
        yield Thing(name, "integration connection", connection["id"], "", (details,))
    for manager in liveramp["distributionManagers"]:
        yield Thing(name, "distribution manager", manager["id"], manager["status"], (manager["name"],))
    for config in liveramp["segmentConfigs"]:
        yield Thing(name, "segment config", config["id"], "", (f"segment {config['segmentID']}",))
    for delivery in liveramp["deliveries"]:
        details = f"{delivery['recordCount']} records of segment {delivery['segmentID']}"
        yield Thing(name, "delivery", delivery["id"], delivery["status"], (details,))

    for activity in delta["activities"]:
        parts = (activity["name"], _flight(activity), f"budget {activity['budget']:g}")
        enabled = "enabled" if activity["enabled"] else "disabled"
        yield Thing("Delta Projects", "activity", activity["id"], enabled, parts)

    for service in dataddo["services"]:
        status = "working" if service["status"] else "broken"
        yield Thing("Dataddo", "service", str(service["id"]), status, (service["label"],))
    for kind in ("source", "flow"):
        for item in dataddo[f"{kind}s"]:
            yield Thing("Dataddo", kind, item["id"], item["status"], (_runs(item),))


def table(rows: list[Thing]) -> list[str]:
    """The lines of a table, a block for each service."""
    cells = [(GAP + row.kind, row.id, row.state) for row in rows]
    widths = [max(map(len, column)) for column in zip(("", "id", "state"), *cells, strict=True)]
    room = WIDTH - sum(widths) - len(GAP) * len(widths)

    def line(cells: tuple[str, str, str], details: str) -> str:
        padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
        return GAP.join([*padded, details]).rstrip()

    lines = [line(("", "id", "state"), "details")]
    service = ""
    for row, cell in zip(rows, cells, strict=True):
        if row.service != service:
            service = row.service
            lines.append(service)
        first, *more = [part for text in row.details for part in textwrap.wrap(text, room)] or [""]
        lines.append(line(cell, first))
        lines.extend(line(("", "", ""), part) for part in more)
    return lines


def _one(items: list[dict[str, Any]], what: str, **fields: Any) -> Check:
    """Check that there is exactly one item, and that it has these fields."""
    wanted = ", ".join(f"{key} {value}" for key, value in fields.items())
    found = [", ".join(f"{key} {item.get(key)}" for key in fields) or "one" for item in items]
    holds = len(items) == 1 and all(items[0].get(key) == value for key, value in fields.items())
    return Check(f"exactly one {what}" + (f": {wanted}" if wanted else ""), holds, "; ".join(found) or "none")


def _week_from_midnight(activities: list[dict[str, Any]]) -> Check:
    def good(activity: dict[str, Any]) -> bool:
        start, stop = _local(activity["flightStart"]), _local(activity["flightStop"])
        midnight = (start.hour, start.minute, start.second, start.microsecond) == (0, 0, 0, 0)
        # on the clock of the place: a week with a change to summer time has an hour less
        return midnight and stop == start + timedelta(days=7, seconds=-1)

    return Check(
        f"it flies seven days from midnight in {TIME_ZONE.key}",
        bool(activities) and all(map(good, activities)),
        "; ".join(map(_flight, activities)) or "no activity",
    )


def _one_finished_run(items: list[dict[str, Any]], what: str) -> Check:
    def good(item: dict[str, Any]) -> bool:
        started, ended = item["lastRunStarted"], item["lastRunFinished"]
        return item["runs"] == 1 and bool(started and ended and started <= ended)

    return Check(
        f"exactly one {what}, with one finished run",
        len(items) == 1 and good(items[0]),
        "; ".join(map(_runs, items)) or "none",
    )


def checks(state: State, audience: int) -> Iterator[Check]:
    """What the DAG meant, each with whether it is so.

    :param audience: how many customers are in the audience file.
    """
    acoustic, liveramp = state["acoustic-exchange"], state["liveramp"]
    delta, dataddo = state["delta-projects"], state["dataddo"]

    yield Check("the audience is not empty", audience > 0, f"{audience} customers")
    yield _one(acoustic["segments"], "segment is offered", name="Win-back")
    yield _one(acoustic["jobs"], "export job", status="COMPLETE", records=audience)
    yield _one(liveramp["oAuthConnectionAttempts"], "request for consent", status="AUTHORIZED")
    yield _one(liveramp["integrationConnections"], "integration connection")
    yield _one(liveramp["distributionManagers"], "distribution manager", status="ACTIVE")
    yield _one(liveramp["segmentConfigs"], "segment in distribution", segmentID="5000000001")
    yield _one(liveramp["deliveries"], "delivery", status="DELIVERED", segmentID="5000000001")
    delivered = [delivery["recordCount"] or 0 for delivery in liveramp["deliveries"]]
    yield Check("it delivered records", sum(delivered) > 0, f"{sum(delivered)} records")
    yield _one(delta["activities"], "activity", enabled=True, budget=1000)
    yield _week_from_midnight(delta["activities"])
    yield _one(dataddo["services"], "authorised service", status=True)
    yield _one_finished_run(dataddo["sources"], "source")
    yield _one_finished_run(dataddo["flows"], "flow")
