"""Airflow's "Test" button against services that are silent, slow, or speak another protocol."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from authority import Authority, Server, Talk, response, says

from airflow_provider_activation.hooks import trial as trial_module
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from scripts.machine_speed import scaled

OF_TYPE: dict[Callable[[str], ActivationHook], dict[str, Any]] = {
    LiveRampHook: {"conn_type": "liveramp", "login": "a", "extra": {"org_id": "1"}},
    AcousticExchangeHook: {"conn_type": "acoustic_exchange", "extra": {}},
    DeltaProjectsHook: {"conn_type": "delta_projects", "extra": {}},
    DataddoHook: {"conn_type": "dataddo", "login": "me@example.com", "extra": {}},
}
every_hook = pytest.mark.parametrize("hook", OF_TYPE, ids=lambda hook: hook.__name__)

Serve = Callable[..., Server]
Try = Callable[..., str]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def serve() -> Iterator[Serve]:
    started: list[Server] = []

    def serve(talk: Talk, certificate: Path | None = None) -> Server:
        started.append(Server(talk, certificate))
        return started[-1]

    yield serve
    for server in started:
        server.close()


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> Try:
    """What a test says that does not work, in the time that it has."""
    numbers = itertools.count()

    def trial(host: str, hook: Callable[[str], ActivationHook] = DeltaProjectsHook, **extra: Any) -> str:
        values = {**OF_TYPE[hook], "host": host, "password": "CANARY-key"}
        values["extra"] = {**values["extra"], **extra}
        if hook is LiveRampHook:
            values["extra"]["auth_url"] = f"{host}/token"
        conn_id = f"tried_{next(numbers)}"
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(values))
        began = time.monotonic()
        worked, said = hook(conn_id).test_connection()
        # half a second for the machine, as the ten seconds of a real test leave it
        assert time.monotonic() - began < scaled(0.95 * trial_module.SECONDS + 0.5)
        assert not worked
        assert "CANARY" not in said
        return said

    return trial


def each_at_once(trial: Try, *cases: tuple[str, Callable[[str], ActivationHook]]) -> list[str]:
    with ThreadPoolExecutor(len(cases)) as pool:
        return list(pool.map(lambda case: trial(*case), cases))


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of the time."""
    for name in ("SECONDS", "CALLS", "GUESS"):
        monkeypatch.setattr(trial_module, name, getattr(trial_module, name) / 5)


def test_the_times_of_all_parts_fit_into_ten_seconds() -> None:
    assert trial_module.SECONDS <= 10
    assert trial_module.CALLS + 2 * trial_module.GUESS < 0.9 * trial_module.SECONDS


def silent(connection: socket.socket) -> None:
    connection.settimeout(10)
    while connection.recv(65536):
        pass


def drips_a_head(connection: socket.socket) -> None:
    connection.recv(65536)
    for number in itertools.count():
        connection.sendall(b"HTTP/1.1 200 OK\r\n" if number == 0 else b"X: y\r\n")
        time.sleep(0.1)


def drips_a_body(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n[")
    while True:
        connection.sendall(b" ")
        time.sleep(0.1)


@pytest.mark.usefixtures("_short")
def test_services_that_do_not_answer_in_time(trial: Try, serve: Serve) -> None:
    cases = [(serve(talk), hook) for talk in (silent, drips_a_head, drips_a_body) for hook in OF_TYPE]
    said = each_at_once(trial, *((f"http://127.0.0.1:{server.port}", hook) for server, hook in cases))
    for (server, _), text in zip(cases, said, strict=True):
        assert f"127.0.0.1:{server.port} was reached and does not answer in time" in text
        # a further one is not for a call: it finds out which protocol is spoken
        assert server.connections <= 2


@pytest.mark.usefixtures("_short")
def test_a_service_that_takes_connections_and_shakes_no_hands(trial: Try, serve: Serve) -> None:
    server = serve(silent)
    said = trial(f"https://127.0.0.1:{server.port}")
    assert f"the TLS handshake with 127.0.0.1:{server.port} did not succeed" in said


@pytest.mark.usefixtures("_short")
def test_a_name_that_is_looked_up_for_ever(trial: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def hangs(*arguments: Any, **options: Any) -> Any:
        released.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    try:
        said = each_at_once(trial, *(("https://gateway.example", hook) for hook in OF_TYPE))
    finally:
        released.set()
    assert all("the look-up of the name gateway.example did not end" in text for text in said)


def test_a_name_that_is_not_found(trial: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found(*arguments: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    assert "the name gatewai.example is not found" in trial("https://gatewai.example")


@every_hook
def test_a_port_where_nobody_listens(trial: Try, serve: Serve, hook: Callable[[str], ActivationHook]) -> None:
    server = serve(silent)
    server.close()
    said = trial(f"http://127.0.0.1:{server.port}", hook)
    assert f"127.0.0.1:{server.port} refuses connections" in said


@every_hook
def test_an_unknown_authority(
    trial: Try, serve: Serve, authority: Authority, hook: Callable[[str], ActivationHook]
) -> None:
    server = serve(says(response()), authority.good)
    said = trial(f"https://127.0.0.1:{server.port}", hook)
    assert "the certificate of 127.0.0.1 cannot be verified" in said
    assert "verify" in said
    assert server.connections == 1


@every_hook
def test_plain_http_on_a_port_for_tls(
    trial: Try, serve: Serve, authority: Authority, hook: Callable[[str], ActivationHook]
) -> None:
    server = serve(says(response()), authority.good)
    said = trial(f"http://127.0.0.1:{server.port}", hook)
    assert f"127.0.0.1:{server.port} speaks TLS: write https://" in said


@every_hook
def test_tls_on_a_port_for_plain_http(
    trial: Try, serve: Serve, hook: Callable[[str], ActivationHook]
) -> None:
    server = serve(says(response(b"Bad request", "400 Bad Request", "text/plain")))
    said = trial(f"https://127.0.0.1:{server.port}", hook)
    assert f"127.0.0.1:{server.port} does not speak TLS" in said
    assert "speaks plain http" in said


@every_hook
@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden"])
def test_a_web_page_in_place_of_the_service(
    trial: Try, serve: Serve, hook: Callable[[str], ActivationHook], status: str
) -> None:
    page = response(b"<html><body>Please sign in</body></html>", status, "text/html")
    assert "page" in trial(f"http://127.0.0.1:{serve(says(page)).port}", hook)


def test_a_page_is_no_answer_to_an_applications_key_either(trial: Try, serve: Serve) -> None:
    page = response(b"<html><body>Please sign in</body></html>", "200 OK", "text/html")
    url = f"http://127.0.0.1:{serve(says(page)).port}"
    assert "page" in trial(url, AcousticExchangeHook, key_level="application")


def test_without_verification_it_says_that_the_certificate_was_not_checked(
    serve: Serve, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(says(response()), authority.good)
    values = {"conn_type": "delta_projects", "host": f"https://127.0.0.1:{server.port}", "password": "a-key"}
    monkeypatch.setenv("AIRFLOW_CONN_TRIED", json.dumps({**values, "extra": {"verify": "no"}}))
    worked, said = DeltaProjectsHook("tried").test_connection()
    assert worked
    assert "the certificate (verify is false)" in said
