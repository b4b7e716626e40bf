"""A plain server that records what reaches it and answers just enough for every argument to be sent.

It knows no rules and holds nothing but the last body of a creation: no write is accepted, but for creations
that are followed by another call.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from argument_table.audience import make_files
from argument_table.common import FOLDER
from scripted_server import Asked, Reply, ScriptedServer

TIMES = {"createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2027-01-01T00:00:00Z"}
DEVICE_TYPES = ["PII", "WEB", "IOS", "ANDROID", "CUSTOM_ID", "MIXED", "OTHER", "RAMP_ID"]
LOG_IN = re.compile(r"/(token|auth)$")
NO_ANSWER = Reply(409, {"message": "not here"})
FORBIDDEN = Reply(403, {"message": "forbidden"})
MISSING = Reply(404, {"message": "missing"})

Answer = Callable[[Asked, "re.Match[str]", dict[str, Any]], Reply]


def _ok(body: Any) -> Answer:
    return lambda asked, found, memory: Reply(200, body)


def _page(name: str, *rows: Mapping[str, Any]) -> Answer:
    return _ok({name: list(rows), "_pagination": {"after": None, "total": len(rows)}})


def _integration(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    known = {
        **{"id": found[2], "name": "Ads", "description": "", "type": "ONBOARDING"},
        "deviceTypes": DEVICE_TYPES,
        "requiredProperties": [{"name": "bucket", "description": ""}],
    }
    asks_a_person = found[1] in ("1001", "1003")
    return Reply(200, {**known, "oAuthEndpointID": "oauth-1"} if asks_a_person else known)


def _connection(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    held = {
        **{"id": found[1], "integrationID": ["1002", "2002"], "deviceTypes": ["PII"], **TIMES},
        "properties": [{"propertyKey": "bucket", "propertyValue": "old"}],
    }
    return Reply(200, held | ({"oAuthConnectionID": "oc-0"}))


def _manager(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    held = {"id": found[1], "name": "Old", "integrationConnectionID": "7000001", "status": "ACTIVE"}
    return Reply(200, {**held, "expireAt": "2027-05-05", **TIMES})


def _configs(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    rows = [
        {
            "id": f"{segment}-{kind}",
            "segmentID": segment,
            "segmentType": kind,
            "distributionManagerID": found[1],
        }
        for segment in ("5000000001", "5000000002")
        for kind in ("ONBOARDING", "DATA_MARKETPLACE")
    ]
    return Reply(200, {"segmentConfigs": rows, "_pagination": {"after": None, "total": len(rows)}})


def _attempt(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    held = {"id": found[1], "authorizationUrl": "https://ads.example/", "status": "AUTHORIZED"}
    return Reply(200, {**held, "oAuthEndpointID": "oauth-1", "oAuthConnectionID": "oc-9"})


def _of_segments(name: str, row: Callable[[str, dict[str, str]], dict[str, Any]]) -> Answer:
    def answer(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
        query = dict(asked.query)
        segments = [value for key, value in asked.query if key.startswith("segmentID")]
        rows = [row(segment, query) for segment in segments or ["5000000001", "5000000002"]]
        return Reply(200, {name: rows, "_pagination": {"after": None, "total": len(rows)}})

    return answer


def _status(segment: str, query: dict[str, str]) -> dict[str, Any]:
    return {
        "segmentID": segment,
        "segmentType": query.get("segmentType", "ONBOARDING"),
        "taxonomy": {"taxonomySyncStatus": "SYNCED", "destinationSegmentID": "d-1"},
        "integrationConnectionID": query.get("integrationConnectionID", "7000001"),
    }


def _delivery(segment: str, query: dict[str, str]) -> dict[str, Any]:
    return {
        **{"id": f"delivery-{segment}", "status": "DELIVERED", "deviceType": "PII", "operationType": "ADD"},
        **{"updatedAt": "2027-01-10T00:00:00Z", "recordCount": 1, "segmentID": segment},
        "integrationConnectionID": query.get("integrationConnectionID", "7000001"),
    }


def _endpoint(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    identifiers = [{"name": "email", "type": "email", "hashMode": "NONE"}]
    held = {
        "marketingDatabasesDefinition": {"marketingDatabases": [{"name": "A", "identifiers": identifiers}]}
    }
    endpoint_id = int(dict(asked.query).get("endpointId", "10001"))
    return Reply(200, [{"endpointId": endpoint_id, "name": "Shop", **held}])


def _job(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    category, job_id = found[1], found[2]
    status = {"1": "WAITING_TO_RECIEVE_DATA", "2": "READY_FOR_DOWNLOAD"}.get(job_id[-1], "COMPLETE")
    job = {"jobId": int(job_id) if job_id.isdecimal() else job_id, "jobCategory": category, "status": status}
    return Reply(200, {**job, "segmentDataFiles": ["b.csv", "c.csv"]})


def _create_activity(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    memory.clear()
    memory.update(asked.json, made=True)
    return Reply(201, {}, {"Location": asked.path.replace("create_from_template", "made-1")})


def _change_activity(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    if found[1] != "made-1":
        return NO_ANSWER
    memory.update(asked.json)
    return Reply(200, {}, {"Location": asked.path})


def _activity(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    if found[1] == "made-1":
        if "made" not in memory:
            return MISSING
        names = ("flightStart", "flightStop", "budget", "impressionBudget")
        held = {name: memory[name] for name in names if name in memory}
        held |= {"name": memory["activityName"], "enabled": memory.get("enabled", False)}
    else:
        held = {"name": "Known", "enabled": True, "budget": 1}
        held |= {"flightStart": "2020-01-01T00:00:00Z", "flightStop": "2021-01-01T00:00:00Z"}
    return Reply(200, {"id": found[1], **held})


def _service(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    return Reply(200, {"id": int(found[1]), "service": "snapchat_static", "label": "Known", "status": True})


def _create_source(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    memory.clear()
    memory.update(asked.json, made=True)
    return Reply(200, {"id": "source-1", "label": asked.json.get("label")})


def _source(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    if "made" not in memory:
        return MISSING
    held = {name: memory.get(name) for name in ("label", "description")}
    return Reply(200, {"id": found[1], "type": memory.get("connectorId"), **held})


def _metadata(asked: Asked, found: re.Match[str], memory: dict[str, Any]) -> Reply:
    return Reply(200, {name: value for name, value in memory.items() if name != "made"})


RUN_STATUS = {
    **{"actionId": "action-1", "status": "live"},
    **{"lastRunStarted": "2027-01-10T00:00:00Z", "lastRunFinished": "2027-01-10T00:10:00Z"},
}

ANSWERS: tuple[tuple[str, str, Answer], ...] = (
    # LiveRamp
    ("POST", "/liveramp/token", _ok({"access_token": "a-token", "expires_in": 6000, "token_type": "Bearer"})),
    ("GET", "/v2/destinations/([^/]+)/integrations/([^/]+)", _integration),
    ("GET", "/v2/integration-connections", _page("v2/IntegrationConnections")),
    ("GET", "/v2/integration-connections/([^/]+)", _connection),
    ("GET", "/v2/distribution-managers", _page("v2/DistributionManagers")),
    ("GET", "/v2/distribution-managers/([^/]+)", _manager),
    ("GET", "/v2/distribution-managers/([^/]+)/segment-configs", _configs),
    ("GET", "/v2/oauth-connections", _page("v2/OauthConnections")),
    ("GET", "/v2/oauth-connection-attempts/([^/]+)", _attempt),
    ("GET", "/v2/segment-statuses", _of_segments("v2/SegmentStatuses", _status)),
    ("GET", "/v2/deliveries", _of_segments("v2/Deliveries", _delivery)),
    # Acoustic Exchange
    ("GET", "/registered/acoustic/v1/endpoint", _endpoint),
    ("GET", "/v1/endpoint", _ok([])),
    ("GET", "/v1/([^/]+)/status", _ok("ACTIVE")),
    ("GET", "/v1/endpoint/([^/]+)/segments/([^/]+)", lambda asked, found, memory: MISSING),
    ("GET", "/v1/jobs/([A-Z_]+)", _ok([])),
    ("GET", "/v1/jobs/([A-Z_]+)/([^/]+)", _job),
    # Delta Projects
    ("GET", "/campaign/default/activity", _ok([])),
    ("POST", "/campaign/default/activity/create_from_template", _create_activity),
    ("POST", "/campaign/default/activity/([^/]+)", _change_activity),
    ("GET", "/campaign/default/activity/([^/]+)", _activity),
    # Dataddo
    ("POST", "/auth", _ok({"access_token": "b-token", "refresh_token": "c-token", "expires_in": 3600})),
    ("GET", "/services", _ok([])),
    ("GET", r"/services/(\d+)", _service),
    ("GET", "/sources", _ok([])),
    ("POST", "/connectors/([^/]+)/create-source", _create_source),
    ("GET", "/sources/([^/]+)", _source),
    ("GET", "/sources/([^/]+)/metadata", _metadata),
    ("GET", "/flows/([^/]+)", lambda asked, found, memory: MISSING),
    ("GET", "/flows/by-source/([^/]+)", _ok([])),
    ("GET", "/(?:sources|flows)/([^/]+)/status", _ok(RUN_STATUS)),
    ("GET", "/sources/([^/]+)/extraction", _ok({"id": "action-1", "status": "live"})),
)
_COMPILED = [(method, re.compile(f".*{path}$"), answer) for method, path, answer in ANSWERS]


class WalkedServices:
    """The server, and the connections that lead to it."""

    def __init__(self) -> None:
        self._server = ScriptedServer()
        self._server.always = self._answer
        self._memory: dict[str, Any] = {}

    def _answer(self, asked: Asked) -> Reply:
        for method, path, answer in _COMPILED:
            if method == asked.method and (found := path.match(asked.path)):
                return answer(asked, found, self._memory)
        return FORBIDDEN if asked.method == "GET" else NO_ANSWER

    def begin(self) -> None:
        """Forget what was asked and made."""
        self._server.asked = []
        self._memory.clear()

    @property
    def asked(self) -> list[Asked]:
        return self._server.asked

    def stop(self) -> None:
        self._server.stop()

    def connections(self) -> dict[str, dict[str, Any]]:
        """What a walk needs, by the connection's id; each a second time at another place of the server."""
        once = {"max_retries": 0}
        url = self._server.url
        known: dict[str, dict[str, Any]] = {
            "walk_credentials": {
                **{"conn_type": "generic", "login": "client-a", "password": "secret-a"},
                "extra": {"refresh_token": "refresh-a"},
            },
            "walk_other_credentials": {
                **{"conn_type": "generic", "login": "client-b", "password": "secret-b"},
                "extra": {"refresh_token": "refresh-b"},
            },
        }
        for suffix in ("", "_elsewhere"):
            known[f"walk_liveramp{suffix}"] = {
                **{"conn_type": "liveramp", "host": f"{url}{suffix.replace('_', '/')}/liveramp"},
                **{"login": "someone", "password": "password-1"},
                "extra": {**once, "org_id": "org-1", "token_url": f"{url}/liveramp/token"},
            }
            known[f"walk_delta_projects{suffix}"] = {
                **{"conn_type": "delta_projects", "host": f"{url}{suffix.replace('_', '/')}/delta"},
                **{"password": "key-000001"},
                "extra": {**once, "media_agency_id": "agency-1", "client_id": "client-1"},
            }
            known[f"walk_dataddo{suffix}"] = {
                **{"conn_type": "dataddo", "host": f"{url}{suffix.replace('_', '/')}/dataddo"},
                **{"login": "me@example.com", "password": "password-2", "extra": once},
            }
            for name, level in (("acoustic_exchange", "account"), ("endpoint", "endpoint")):
                known[f"walk_{name}{suffix}"] = {
                    **{"conn_type": "acoustic_exchange", "password": f"key-of-{level}-1"},
                    "host": f"{url}{suffix.replace('_', '/')}/acoustic",
                    "extra": {**once, "key_level": level},
                }
            known[f"walk_registered{suffix}"] = {
                **{"conn_type": "acoustic_exchange", "password": "key-of-registered-1"},
                "host": f"{url}{suffix.replace('_', '/')}/registered/acoustic",
                "extra": {**once, "key_level": "account"},
            }
        return known


@contextmanager
def walked_services() -> Iterator[WalkedServices]:
    """The server, its connections in the environment, and the files that operators send."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "in").mkdir(exist_ok=True)
    (FOLDER / "audience.csv").write_text("email\na@example.com\n")
    (FOLDER / "other.csv").write_text("email\nb@example.com\n")
    make_files()
    services = WalkedServices()
    names = {
        f"AIRFLOW_CONN_{name.upper()}": json.dumps(value) for name, value in services.connections().items()
    }
    os.environ.update(names)
    try:
        yield services
    finally:
        for name in names:
            del os.environ[name]
        services.stop()
