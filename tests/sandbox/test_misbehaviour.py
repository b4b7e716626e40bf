"""Misbehaviour on demand, each kind, and that it did or did not act."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from sandbox_testing import ANSWERED, SECRETS

from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled

PATH = "/v2/integration-connections"
BODY = {
    "integrationID": ["1002", "2002"],
    "properties": [
        {"propertyKey": "bucket", "propertyValue": "b"},
        {"propertyKey": "folder", "propertyValue": "f"},
    ],
    "deviceTypes": ["PII"],
}


def misbehave(sandbox: Sandbox, what: str, **rule: Any) -> None:
    sandbox.misbehave(what, service="liveramp", method="POST", path=PATH, **rule)


def post(liveramp: httpx.Client) -> httpx.Response:
    return liveramp.post("/integration-connections", json=BODY)


def made(sandbox: Sandbox) -> int:
    return len(sandbox.state()["liveramp"]["integrationConnections"])


def raw_request(sandbox: Sandbox) -> bytes:
    """Every byte that comes back until the server closes the connection."""
    place = urlsplit(sandbox.url)
    received = b""
    with socket.create_connection((place.hostname, place.port), timeout=ANSWERED) as connection:
        headers = f"Host: {place.netloc}\r\nConnection: close"
        connection.sendall(f"GET /liveramp/v2/segments HTTP/1.1\r\n{headers}\r\n\r\n".encode())
        try:
            while chunk := connection.recv(4096):
                received += chunk
        except ConnectionResetError:
            pass
    return received


@pytest.mark.parametrize(("after_acting", "expected"), [(False, 0), (True, 1)])
def test_status(sandbox: Sandbox, liveramp: httpx.Client, after_acting: bool, expected: int) -> None:
    misbehave(
        sandbox, "status", status=429, headers={"Retry-After": "1"}, body={"a": 1}, after_acting=after_acting
    )
    answer = post(liveramp)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (429, "1", {"a": 1})
    assert made(sandbox) == expected
    assert post(liveramp).status_code == 201


def test_refuse_has_the_vendors_form(sandbox: Sandbox, liveramp: httpx.Client) -> None:
    misbehave(sandbox, "refuse", status=422)
    assert set(post(liveramp).json()) == {"httpStatus", "errorCode", "message"}
    assert made(sandbox) == 0


@pytest.mark.parametrize(("what", "expected"), [("drop_before", 0), ("drop_after", 1)])
def test_drop(sandbox: Sandbox, liveramp: httpx.Client, what: str, expected: int) -> None:
    misbehave(sandbox, what)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        post(liveramp)
    assert made(sandbox) == expected
    assert sandbox.requests[-1]["status"] is None
    assert sandbox.requests[-1]["misbehaviour"] == what
    assert post(liveramp).status_code == 201


@pytest.mark.parametrize("what", ["drop_before", "drop_after"])
def test_drop_sends_no_byte(sandbox: Sandbox, what: str) -> None:
    sandbox.misbehave(what)
    assert raw_request(sandbox) == b""


def test_html(sandbox: Sandbox, liveramp: httpx.Client) -> None:
    misbehave(sandbox, "html")
    misbehave(sandbox, "html", status=200, after_acting=True)
    first, second = post(liveramp), post(liveramp)
    assert (first.status_code, second.status_code) == (502, 200)
    assert "<html>" in first.text
    assert first.headers["Content-Type"].startswith("text/html")
    assert made(sandbox) == 1


def test_half_body(sandbox: Sandbox, liveramp: httpx.Client) -> None:
    misbehave(sandbox, "half_body")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        post(liveramp)
    assert made(sandbox) == 1


def announced_and_sent(sandbox: Sandbox) -> tuple[int, int]:
    """How many bytes of a body the head announces, and how many come."""
    head, _, body = raw_request(sandbox).partition(b"\r\n\r\n")
    announced = re.search(rb"content-length: (\d+)", head)
    assert announced
    return int(announced[1]), len(body)


def test_half_body_announces_the_whole(sandbox: Sandbox) -> None:
    whole, sent = announced_and_sent(sandbox)
    assert whole == sent > 0
    sandbox.misbehave("half_body")
    assert announced_and_sent(sandbox) == (whole, whole // 2)


def test_wrong_lengths(sandbox: Sandbox) -> None:
    whole, _ = announced_and_sent(sandbox)
    sandbox.misbehave("long_length")
    announced, sent = announced_and_sent(sandbox)
    assert announced > sent == whole
    sandbox.misbehave("short_length")
    assert announced_and_sent(sandbox) == (whole // 2, whole)


@pytest.mark.parametrize(
    ("what", "seconds"), [("drip", 60), ("endless", 60), ("long_length", 0), ("short_length", 0)]
)
def test_a_broken_body_comes_after_acting(
    sandbox: Sandbox, liveramp: httpx.Client, what: str, seconds: float
) -> None:
    misbehave(sandbox, what, seconds=seconds)
    with suppress(httpx.HTTPError):
        liveramp.post("/integration-connections", json=BODY, timeout=scaled(0.3))
    assert made(sandbox) == 1
    assert post(liveramp).status_code == 201


def test_drip(sandbox: Sandbox, liveramp: httpx.Client) -> None:
    misbehave(sandbox, "drip", seconds=0.02)
    with liveramp.stream("POST", "/integration-connections", json=BODY) as answer:
        began = time.monotonic()
        parts = list(answer.iter_raw())
    assert len(parts) > 5
    assert json.loads(b"".join(parts)).keys() == {"id"}
    assert time.monotonic() - began >= 0.02 * (len(b"".join(parts)) - 2)


def test_endless(sandbox: Sandbox, liveramp: httpx.Client) -> None:
    misbehave(sandbox, "endless")
    received = b""
    with liveramp.stream("POST", "/integration-connections", json=BODY) as answer:
        assert answer.status_code == 201
        assert "Content-Length" not in answer.headers
        for part in answer.iter_raw():
            received += part
            if len(received) > 2_000_000:
                break
    assert json.loads(received).keys() == {"id"}
    assert post(liveramp).status_code == 201


def test_endless_ends_with_the_caller(sandbox: Sandbox, liveramp: httpx.Client) -> None:
    """Otherwise it would take a whole processor for ever."""
    misbehave(sandbox, "endless")
    with liveramp.stream("POST", "/integration-connections", json=BODY) as answer:
        next(answer.iter_raw())
    deadline, used = time.monotonic() + scaled(5), 1.0
    while used > 0.1 and time.monotonic() < deadline:
        before = processor_seconds_of_sandboxes()
        time.sleep(0.3)
        used = processor_seconds_of_sandboxes() - before
    assert used <= 0.1


def processor_seconds_of_sandboxes() -> float:
    """What the threads of all sandboxes in this process have used."""
    ids = {one.native_id for one in threading.enumerate() if one.name == "activation-sandbox"}
    return sum(one.user_time + one.system_time for one in psutil.Process().threads() if one.id in ids)


def test_empty(sandbox: Sandbox, liveramp: httpx.Client) -> None:
    misbehave(sandbox, "empty")
    answer = post(liveramp)
    assert (answer.status_code, answer.content) == (201, b"")
    assert made(sandbox) == 1


@pytest.mark.parametrize(("after_acting", "expected"), [(False, 0), (True, 1)])
def test_delay(sandbox: Sandbox, liveramp: httpx.Client, after_acting: bool, expected: int) -> None:
    misbehave(sandbox, "delay", seconds=scaled(0.3), after_acting=after_acting)
    with pytest.raises(httpx.ReadTimeout):
        liveramp.post("/integration-connections", json=BODY, timeout=scaled(0.1))
    assert made(sandbox) == expected
    # It acts in the end, although nobody listens any more.
    deadline = time.monotonic() + ANSWERED
    while not made(sandbox):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert made(sandbox) == 1


def test_delay_answers_in_the_end(sandbox: Sandbox, liveramp: httpx.Client) -> None:
    misbehave(sandbox, "delay", seconds=0.1)
    began = time.monotonic()
    assert post(liveramp).status_code == 201
    assert time.monotonic() - began >= 0.1


def test_times(sandbox: Sandbox, liveramp: httpx.Client) -> None:
    misbehave(sandbox, "status", times=2)
    assert [post(liveramp).status_code for _ in range(3)] == [503, 503, 201]
    misbehave(sandbox, "status", times=None)
    assert [post(liveramp).status_code for _ in range(5)] == [503] * 5
    sandbox.behave()
    assert post(liveramp).status_code == 201


def test_only_the_named_route(sandbox: Sandbox, liveramp: httpx.Client, delta: httpx.Client) -> None:
    sandbox.misbehave("status", service="liveramp", method="GET", path="/v2/s*", times=None)
    assert liveramp.get("/segments").status_code == 503
    assert liveramp.get("/segments/5000000001").status_code == 503
    assert liveramp.get("/destinations").status_code == 200
    assert post(liveramp).status_code == 201
    assert delta.get("/activity_templates").status_code == 200


def test_a_dropped_upload_is_not_taken(sandbox: Sandbox, account: httpx.Client) -> None:
    sandbox.misbehave("drop_before", path="/v1/jobs/*/data")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)):
        account.post(
            "/jobs/9007199254740993/data", content=b"x" * 5_000_000, headers={"Content-Type": "text/csv"}
        )


def test_over_http(sandbox: Sandbox, web: httpx.Client, liveramp: httpx.Client) -> None:
    rule = {
        "service": "liveramp",
        "method": "POST",
        "path": PATH,
        "what": "status",
        "status": 500,
        "times": None,
    }
    added = web.post("/sandbox/misbehaviours", json=rule)
    assert added.status_code == 201
    assert web.get("/sandbox/misbehaviours").json() == [added.json()]
    assert post(liveramp).status_code == 500
    rule_id = added.json()["id"]
    assert web.delete(f"/sandbox/misbehaviours/{rule_id}").status_code == 204
    assert web.delete(f"/sandbox/misbehaviours/{rule_id}").status_code == 404
    assert post(liveramp).status_code == 201
    web.post("/sandbox/misbehaviours", json=rule)
    assert web.delete("/sandbox/misbehaviours").status_code == 204
    assert web.get("/sandbox/misbehaviours").json() == []


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"what": "explode"},
        {"what": "status", "service": "facebook"},
        {"what": "status", "status": 99},
        {"what": "status", "status": "503"},
        {"what": "delay"},
        {"what": "status", "times": 0},
        {"what": "status", "colour": "red"},
    ],
)
def test_wrong_rules(web: httpx.Client, rule: dict[str, Any]) -> None:
    assert web.post("/sandbox/misbehaviours", json=rule).status_code == 400


def test_a_secret_in_a_rule_is_not_shown(sandbox: Sandbox, web: httpx.Client) -> None:
    sandbox.misbehave("status", body={"echo": SECRETS["delta_api_key"]})
    assert SECRETS["delta_api_key"] not in web.get("/sandbox/misbehaviours").text
    assert SECRETS["delta_api_key"] not in web.get("/").text
