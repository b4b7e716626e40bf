"""What an error says of its cause, and what to do: the same in threads and on an event loop."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from authority import Authority, Server, Talk, response, says
from scripted_server import Reply, ScriptedServer
from transport_testing import Wire, call, log_in, service

from airflow_provider_activation import errors
from airflow_provider_activation.api.call import Safety

Serve = Callable[..., Server]

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("another"))


@pytest.fixture
def serve() -> Iterator[Serve]:
    started: list[Server] = []

    def serve(talk: Talk, certificate: Path | None = None) -> Server:
        started.append(Server(talk, certificate))
        return started[-1]

    yield serve
    for server in started:
        server.close()


def failure(wire: Wire, url: str, safety: Safety = Safety.READ, **changes: Any) -> errors.ActivationError:
    with pytest.raises(errors.ActivationError) as caught:
        wire.send(wire.transport(service(url, **changes)), call(safety))
    assert "example_default" in caught.value.advice or type(caught.value) is not errors.InvalidConnection
    return caught.value


# Certificates


@pytest.mark.parametrize("safety", list(Safety))
def test_an_unknown_authority_is_the_connections_fault_at_once(
    wire: Wire, serve: Serve, authority: Authority, another: Authority, safety: Safety
) -> None:
    server = serve(says(response()), authority.good)
    error = failure(wire, f"https://127.0.0.1:{server.port}", safety, verify=str(another.file))
    assert type(error) is errors.InvalidConnection
    assert not error.retry_helps
    assert "certificate of 127.0.0.1" in error.message
    assert "verify" in error.message
    assert "REQUESTS_CA_BUNDLE" in error.advice
    assert wire.pauses == []
    assert server.connections == 1


@pytest.mark.parametrize(
    ("host", "which", "why"),
    [("127.0.0.1", "expired", "not valid now"), ("localhost", "good", "another name")],
)
def test_a_certificate_that_does_not_fit_says_why(
    wire: Wire, serve: Serve, authority: Authority, host: str, which: str, why: str
) -> None:
    server = serve(says(response()), getattr(authority, which))
    error = failure(wire, f"https://{host}:{server.port}", verify=str(authority.file))
    assert type(error) is errors.InvalidConnection
    assert why in error.advice


TRUSTED: dict[str, Callable[[Authority], dict[str, str]]] = {
    "verify names the file": lambda known: {"verify": str(known.file)},
    "verify names the folder": lambda known: {"verify": str(known.folder)},
    "REQUESTS_CA_BUNDLE": lambda known: {"REQUESTS_CA_BUNDLE": str(known.file)},
    "REQUESTS_CA_BUNDLE, a folder": lambda known: {"REQUESTS_CA_BUNDLE": str(known.folder)},
    "CURL_CA_BUNDLE": lambda known: {"CURL_CA_BUNDLE": str(known.file)},
    "SSL_CERT_FILE": lambda known: {"SSL_CERT_FILE": str(known.file)},
    "SSL_CERT_DIR": lambda known: {"SSL_CERT_DIR": f"/no/such/folder:{known.folder}"},
    "a folder as OpenSSL has it": lambda known: {"verify": str(known.hashed)},
    "one of several": lambda known: {
        "REQUESTS_CA_BUNDLE": str(known.file),
        "SSL_CERT_DIR": "/no/such/folder",
    },
}


@pytest.mark.parametrize("named", TRUSTED.values(), ids=TRUSTED)
def test_authorities_are_trusted_wherever_they_are_named(
    wire: Wire,
    serve: Serve,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    named: Callable[[Authority], dict[str, str]],
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    given = named(authority)
    verify: Any = given.pop("verify", True)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    server = serve(says(response(b'{"ok": true}')), authority.good)
    settings = service(f"https://127.0.0.1:{server.port}", verify=verify)
    assert wire.send(wire.transport(settings), call()) == {"ok": True}


@pytest.mark.parametrize("name", ["verify", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize("content", ["missing", "empty folder", "no certificates"])
def test_authorities_that_cannot_be_read_are_named(
    wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    place = tmp_path / "authorities"
    if content == "empty folder":
        place.mkdir()
    elif content == "no certificates":
        place.write_text("nothing")
    if name != "verify":
        monkeypatch.setenv(name, str(place))
    error = failure_of_authorities(wire, str(place) if name == "verify" else True)
    assert name in error.message
    assert str(place) in error.message


def failure_of_authorities(wire: Wire, verify: bool | str) -> errors.ActivationError:
    with pytest.raises(errors.InvalidConnection, match="example_default") as caught:
        wire.send(wire.transport(service("https://127.0.0.1:1", verify=verify)), call())
    return caught.value


# No answer


def test_a_name_that_is_not_found(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found(*arguments: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    error = failure(wire, "https://gatewai.example", max_retries=1)
    assert type(error) is errors.ServiceUnavailable
    assert "the name gatewai.example is not found" in error.message
    assert "host of the connection 'example_default'" in error.advice
    assert len(wire.pauses) == 1


def test_a_name_that_is_not_found_for_the_log_in(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found(*arguments: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    error = failure(wire, "https://gateway.example", log_in=log_in("https://tokn.example/t"), max_retries=0)
    assert "tokn.example" in error.message
    assert "auth_url" in error.advice


def test_a_port_where_nobody_listens(wire: Wire) -> None:
    server = ScriptedServer(listening=False)
    try:
        error = failure(wire, server.url, Safety.ONCE, max_retries=0)
    finally:
        server.stop()
    assert type(error) is errors.ServiceUnavailable
    assert f"127.0.0.1:{server.port} refuses connections" in error.message
    assert "the port" in error.advice


def test_https_at_a_port_for_plain_http(wire: Wire, server: ScriptedServer) -> None:
    error = failure(wire, server.url.replace("http:", "https:"), Safety.ONCE, max_retries=0)
    assert type(error) is errors.ServiceUnavailable
    assert f"127.0.0.1:{server.port} does not speak TLS" in error.message
    assert "scheme" in error.advice


@pytest.mark.parametrize("safety", list(Safety))
@pytest.mark.parametrize(
    "answer",
    [
        b"\x15\x03\x01\x00\x02\x02\x46",
        response(
            b"<html>The plain HTTP request was sent to HTTPS port</html>", "400 Bad Request", "text/html"
        ),
        response(b"Client sent an HTTP request to an HTTPS server.", "400 Bad Request", "text/plain"),
    ],
    ids=["an alert", "nginx", "Go"],
)
def test_plain_http_at_a_port_for_https(wire: Wire, serve: Serve, safety: Safety, answer: bytes) -> None:
    server = serve(says(answer))
    error = failure(wire, f"http://127.0.0.1:{server.port}", safety)
    assert type(error) is errors.InvalidConnection
    assert "expects https" in error.message
    assert "https://" in error.advice
    assert "Nothing was sent" not in str(error)
    assert wire.pauses == []


def test_a_service_that_hangs_up_on_plain_http_may_want_https(
    wire: Wire, serve: Serve, authority: Authority
) -> None:
    server = serve(says(response()), authority.good)
    error = failure(wire, f"http://127.0.0.1:{server.port}", max_retries=0)
    assert type(error) is errors.ServiceUnavailable
    assert "it may expect https" in error.advice


def test_a_proxy_is_named_where_it_is_at_fault(wire: Wire, serve: Serve) -> None:
    proxy = serve(says(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n"))
    there = f"http://127.0.0.1:{proxy.port}"
    error = failure(wire, "https://service.example", proxy=there, max_retries=0)
    assert "the proxy asks for credentials" in error.message
    assert "extra field 'proxy'" in error.advice
    proxy.close()
    gone = failure(wire, "https://service.example", proxy=there, max_retries=0)
    assert f"127.0.0.1:{proxy.port} refuses connections" in gone.message
    assert "extra field 'proxy'" in gone.advice


def test_a_certificate_behind_a_proxy_is_the_services(wire: Wire, serve: Serve, authority: Authority) -> None:
    server = serve(says(response()), authority.good)

    def tunnel(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        with socket.create_connection(("127.0.0.1", server.port)) as beyond:
            there = threading.Thread(target=pass_on, args=(connection, beyond), daemon=True)
            there.start()
            pass_on(beyond, connection)

    proxy = serve(tunnel)
    address = f"http://127.0.0.1:{proxy.port}"
    error = failure(wire, "https://service.example", verify=str(authority.file), proxy=address)
    assert type(error) is errors.InvalidConnection
    assert "certificate of service.example" in error.message


def pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)


# Answers

KEY = "The service does not know the key or the log-in"
PERMISSION = "ask the service's administrator for the permission"
ANSWERS: dict[str, tuple[int, str, list[str]]] = {
    "wrong key": (403, "Not authorized: the authentication key is missing or not recognised", [KEY]),
    "key of another level": (403, "this call needs the account-level key", ["key_level"]),
    "token": (401, "invalid token", [KEY]),
    "password": (401, "Wrong e-mail or password", [KEY]),
    "no reason, 401": (401, "", [KEY]),
    "both": (401, "wrong or insufficient credentials", [KEY, "they lack the permission"]),
    "permission": (403, "You do not have permission to perform this action", [PERMISSION]),
    "role": (401, "this role may not", [PERMISSION]),
    "organisation": (403, "no access to the organisation 7", [PERMISSION, "the extra"]),
    "no reason, 403": (403, "Forbidden", ["does not say why", PERMISSION]),
    "a web page": (403, "<html>Blocked</html>", ["proxy or a firewall"]),
}


@pytest.mark.parametrize(("status", "text", "advice"), ANSWERS.values(), ids=ANSWERS)
def test_the_advice_follows_what_the_service_says(
    wire: Wire, server: ScriptedServer, status: int, text: str, advice: list[str]
) -> None:
    server.script.append(Reply(status, text.encode()))
    error = failure(wire, server.url)
    assert type(error) is (errors.AuthenticationFailed if status == 401 else errors.PermissionDenied)
    assert all(part in error.advice for part in advice)
    assert (KEY in error.advice) == (KEY in advice)
    again = errors.ActivationError.from_json(error.as_json())
    assert str(again) == str(error)


def test_blanks_around_the_password_are_said_where_it_is_refused(wire: Wire, server: ScriptedServer) -> None:
    server.script.append(Reply(401, b""))
    assert "blank" in failure(wire, server.url, remark="There is a blank.").advice


def test_a_list_that_is_not_found_is_a_wrong_path(wire: Wire, server: ScriptedServer) -> None:
    server.always = lambda asked: Reply(404, {"message": "nothing here"})
    with pytest.raises(errors.NotFound) as caught:
        wire.send(wire.transport(service(f"{server.url}/v1")), call(template="/v1/things", path="/v1/things"))
    assert "host of the connection 'example_default'" in caught.value.advice
    assert f"{server.url}/v1" in caught.value.advice
    of_id = failure(wire, f"{server.url}/v1")
    assert "the resource may have been deleted" in of_id.advice
    assert f"{server.url}/v1" in of_id.advice
    assert failure(wire, server.url).advice == errors.NotFound.advice
    assert "path" not in failure(wire, f"{server.url}/v1", Safety.ONCE).message
