"""Secrets: sent where they belong, seen nowhere else, and never in the open."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from scripted_server import DROP, Asked, Reply, ScriptedServer
from transport_testing import CANARY, TOKEN_CANARY, Wire, call, log_in, service

from airflow_provider_activation import errors
from airflow_provider_activation.api.call import Answer, Safety
from airflow_provider_activation.redaction import Redactor
from airflow_provider_activation.transport import ConnectionSettings, Transport, exchange

FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent-encoded": lambda secret: quote(secret, safe=""),
    "percent-encoded as in a form": quote_plus,
    "in JSON": lambda secret: json.dumps(secret)[1:-1],
}
RARER_FORMS: dict[str, Callable[[str], str]] = {
    "percent-encoded, slashes as they are": quote,
    "percent-encoded in lower case": lambda secret: quote(secret, safe="").replace("%2B", "%2b"),
    "in JSON, not only ASCII": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
}
every_form = pytest.mark.parametrize(
    "form", [*FORMS.values(), *RARER_FORMS.values()], ids=[*FORMS, *RARER_FORMS]
)


def guarded(url: str, **changes: Any) -> ConnectionSettings:
    """A service with a secret in every place that one can be in."""
    fields: dict[str, Any] = {
        "headers": {"X-Key": quote(CANARY, safe="")},
        "query": {"apikey": CANARY},
        "secrets": frozenset({CANARY}),
        "log_in": log_in(f"{url}/token"),
    }
    return service(url, **{**fields, **changes})


def hand_out(asked: Asked) -> Reply:
    # as a cookie too: httpcore logs the headers before anybody has read the token in the body
    cookie = {"Set-Cookie": f"sid='{TOKEN_CANARY}'", "X-Token": TOKEN_CANARY, "Retry-After": "7"}
    return Reply(200, {"access_token": TOKEN_CANARY, "expires_in": 600}, headers=cookie)


def behind_a_token(server: ScriptedServer, answer: Callable[[Asked], Reply]) -> None:
    server.always = lambda asked: hand_out(asked) if asked.path == "/token" else answer(asked)


def assert_clean(text: str) -> None:
    for secret in (CANARY, TOKEN_CANARY):
        for kind, form in FORMS.items():
            assert form(secret) not in text, kind
    assert "canary" not in text.lower()


def listen_to_everything(caplog: pytest.LogCaptureFixture) -> None:
    for logger in (None, "httpx", "httpcore", "airflow_provider_activation"):
        caplog.set_level(logging.DEBUG, logger=logger)


def everything_of(error: BaseException) -> str:
    """All that a log or a page may show of an error, and of those behind it that a traceback shows."""
    shown = [str(error), repr(error), repr(error.args), repr(vars(error))]
    return "\n".join([*shown, *traceback.format_exception(error)])


def echo_in(form: Callable[[str], str]) -> Callable[[Asked], bytes]:
    return lambda asked: f"{form(CANARY)} {form(TOKEN_CANARY)}".encode()


ECHOES: dict[str, Callable[[Asked], bytes]] = {
    "the target": lambda asked: asked.target.encode(),
    "the headers": lambda asked: json.dumps(dict(asked.headers.items())).encode(),
    **{f"the secrets {kind}": echo_in(form) for kind, form in FORMS.items()},
    "a secret at the end of what is quoted": lambda asked: b"x" * 990 + CANARY.encode() * 20,
    "a secret across lines": lambda asked: b"line\n" * 50 + TOKEN_CANARY.encode(),
}


@pytest.mark.parametrize("status", [200, 302, 308, 401, 404, 429, 500])
@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
def test_no_error_shows_a_secret_that_the_service_echoes(
    server: ScriptedServer,
    wire: Wire,
    caplog: pytest.LogCaptureFixture,
    status: int,
    echo: Callable[[Asked], bytes],
) -> None:
    listen_to_everything(caplog)
    behind_a_token(server, lambda asked: Reply(status, b"said: " + echo(asked)))
    with pytest.raises(errors.ActivationError) as caught:
        wire.send(wire.transport(guarded(server.url, max_retries=0)), call(Safety.ONCE))
    assert_clean(everything_of(caught.value))
    assert_clean(caplog.text)
    assert caught.value.body is None or "said" in caught.value.body


def test_no_log_of_a_call_that_succeeds_shows_a_secret(
    server: ScriptedServer, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    listen_to_everything(caplog)
    behind_a_token(server, lambda asked: Reply())
    sent = call(Safety.ONCE, path=f"/v1/authkey/{quote(CANARY, safe='')}", json={"password": CANARY})
    server.script.append(Reply(503))
    wire.send(wire.transport(guarded(server.url)), replace(sent, path="/v1/things/7"))
    assert {"httpcore.http11", exchange.__name__} <= {record.name for record in caplog.records}
    assert_clean("\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records))


def test_no_log_shows_a_key_in_a_path(
    server: ScriptedServer, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    listen_to_everything(caplog)
    sent = call(
        Safety.REPEATABLE,
        template="/v1/endpointattributes/authkey/{auth_key}",
        path=f"/v1/endpointattributes/authkey/{quote(CANARY, safe='')}",
    )
    wire.send(wire.transport(service(server.url, secrets=frozenset({CANARY}))), sent)
    assert quote(CANARY, safe="") in server.asked[0].target
    assert_clean(caplog.text)


def test_no_error_shows_a_key_in_a_path(server: ScriptedServer, wire: Wire) -> None:
    sent = call(
        Safety.REPEATABLE,
        template="/v1/endpointattributes/authkey/{auth_key}",
        path=f"/v1/endpointattributes/authkey/{quote(CANARY, safe='')}",
    )
    server.script.append(Reply(404))
    transport = wire.transport(service(server.url, secrets=frozenset({CANARY})))
    with pytest.raises(errors.NotFound) as caught:
        wire.send(transport, sent)
    assert "POST /v1/endpointattributes/authkey/" in caught.value.headline
    assert_clean(everything_of(caught.value))


def test_no_log_shows_a_secret_that_a_header_of_the_answer_repeats(
    server: ScriptedServer, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    listen_to_everything(caplog)
    behind_a_token(server, lambda asked: Reply(201, headers={"Location": asked.target}))
    wire.send(wire.transport(guarded(server.url)), call(Safety.ONCE))
    assert_clean(caplog.text)


def test_logged_headers_show_what_is_no_secret(
    server: ScriptedServer, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    listen_to_everything(caplog)
    behind_a_token(server, lambda asked: Reply())
    wire.send(wire.transport(guarded(server.url)), call())
    assert "(b'Set-Cookie', ***), (b'X-Token', ***), (b'Retry-After', b'7')" in caplog.text
    assert_clean(caplog.text)


PERSON = "anna.canary+x@example.com"
NUMBER = "+46701740605"


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 429, 500])
@pytest.mark.parametrize("form", [str, lambda text: json.dumps({"errors": [text]}), quote, repr])
def test_no_error_shows_a_person_whom_the_service_names(
    server: ScriptedServer, wire: Wire, caplog: pytest.LogCaptureFixture, form: Any, status: int
) -> None:
    listen_to_everything(caplog)
    said = f"row 3 of 7: <{PERSON}> or {NUMBER} is not valid in audience 46701740605"
    server.always = lambda asked: Reply(status, form(said).encode(), headers={"Retry-After": "0"})
    with pytest.raises(errors.ActivationError) as caught:
        wire.send(wire.transport(service(server.url, max_retries=1)), call())
    text = everything_of(caught.value) + caplog.text
    assert "anna" not in text
    assert NUMBER not in text
    assert quote(NUMBER) not in text
    # percent-encoded it is one word
    assert form is quote or "in audience 46701740605" in text


def test_no_log_shows_a_person_in_what_is_no_answer(
    server: ScriptedServer, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    """What was sent after an answer without a body was logged as a wrong status line of the next answer."""
    listen_to_everything(caplog)
    server.script.append(Reply(204, f"{PERSON} is not valid\r\n".encode()))
    transport = wire.transport(service(server.url))
    wire.send(transport, call(read=lambda answer: None))
    wire.send(transport, call())
    assert "anna" not in caplog.text


def test_no_error_of_a_broken_connection_shows_a_secret(
    server: ScriptedServer, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    listen_to_everything(caplog)
    behind_a_token(server, lambda asked: DROP)
    with pytest.raises(errors.ServiceUnavailable) as caught:
        wire.send(wire.transport(guarded(server.url)), call())
    assert_clean(everything_of(caught.value))
    assert_clean(caplog.text)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        *(
            (status, {"message": f"unknown user with password {CANARY}"})
            for status in (200, 400, 401, 403, 500)
        ),
        (200, {"access_token": TOKEN_CANARY, "expires_in": f"not {CANARY}"}),
        (200, {"access_token": TOKEN_CANARY, "expires_in": "soon", "refresh_token": TOKEN_CANARY}),
        (200, {"token": TOKEN_CANARY}),
        (200, TOKEN_CANARY.encode()),
    ],
    ids=str,
)
def test_no_error_of_a_log_in_shows_the_password_or_what_was_handed_out(
    server: ScriptedServer, wire: Wire, caplog: pytest.LogCaptureFixture, status: int, body: Any
) -> None:
    listen_to_everything(caplog)
    server.always = lambda asked: Reply(status, body)
    with pytest.raises(errors.ActivationError) as caught:
        wire.send(wire.transport(guarded(server.url, max_retries=0)), call())
    assert_clean(everything_of(caught.value))
    assert_clean(caplog.text)


def test_no_error_of_a_reader_shows_a_secret(server: ScriptedServer, wire: Wire) -> None:
    def read(answer: Answer) -> int:
        return int(answer.json()["id"])

    server.always = lambda asked: Reply(200, {"id": f"no number but {CANARY}"})
    transport = wire.transport(service(server.url, secrets=frozenset({CANARY})))
    for safety in (Safety.READ, Safety.ONCE):
        with pytest.raises(errors.ActivationError) as caught:
            wire.send(transport, call(safety, read=read))
        assert_clean(everything_of(caught.value))


def test_no_repr_shows_a_secret() -> None:
    held = guarded("https://api.example.com", proxy=f"http://user:{quote(CANARY)}@proxy.example:3128")
    assert_clean(repr(held))
    assert_clean(repr(Transport(held)))
    assert_clean(repr(held.log_in))
    assert "https://api.example.com" in repr(held)


# Where secrets go


def test_a_key_in_the_query_arrives(server: ScriptedServer, wire: Wire) -> None:
    transport = wire.transport(service(server.url, query={"apikey": CANARY}, secrets=frozenset({CANARY})))
    wire.send(transport, call(query=(("fetch", "x y"),)))
    wire.send(transport, call(Safety.ONCE, json={"a": 1}))
    assert server.asked[0].query == [("fetch", "x y"), ("apikey", CANARY)]
    assert server.asked[1].query == [("apikey", CANARY)]
    assert server.asked[1].json == {"a": 1}


@pytest.mark.parametrize("other", ["another name", "another port"])
def test_a_key_in_the_query_goes_to_the_service_alone(server: ScriptedServer, wire: Wire, other: str) -> None:
    elsewhere = ScriptedServer()
    elsewhere.always = hand_out
    try:
        port = server.port if other == "another name" else elsewhere.port
        host = "localhost" if other == "another name" else "127.0.0.1"
        behind_a_token(server, lambda asked: Reply())
        wire.send(wire.transport(guarded(server.url, log_in=log_in(f"http://{host}:{port}/token"))), call())
    finally:
        elsewhere.stop()
    (token_request,) = [asked for asked in server.asked + elsewhere.asked if asked.path == "/token"]
    assert token_request.query == []
    assert token_request.headers.get("X-Key") is None
    (sent,) = [asked for asked in server.asked if asked.path != "/token"]
    assert sent.query == [("apikey", CANARY)]


# In the open


@pytest.mark.parametrize(
    "address",
    [
        "http://api.example.com",
        "http://192.168.0.5:8080",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1@api.example.com",
        "http://0.0.0.0:80",
        "HTTP://api.example.com",
        "ftp://127.0.0.1",
        "https://",
        "api.example.com",
    ],
)
@pytest.mark.parametrize("which", ["base_url", "token_url"])
def test_plain_http_to_another_machine_is_refused_before_anything_is_sent(address: str, which: str) -> None:
    if which == "base_url":
        held = service(address)
    else:
        held = service("https://api.example.com", log_in=log_in(address))
    with pytest.raises(errors.InvalidConnection, match=r"example_default.*only https is used"):
        Transport(held)


@pytest.mark.parametrize(
    "address",
    [
        "https://api.example.com",
        "HTTPS://api.example.com/base",
        "http://127.0.0.1:1",
        "http://127.8.9.10",
        "http://localhost:8765/liveramp",
        "http://LOCALHOST",
        "http://[::1]:8765",
    ],
)
def test_https_and_this_machine_are_allowed(address: str) -> None:
    Transport(service(address, log_in=log_in(address)))


@pytest.mark.parametrize("address", ["https://[::1", "https://api.example.com:port"])
def test_an_address_that_is_none_is_the_connections_fault(address: str) -> None:
    with pytest.raises(errors.InvalidConnection, match="example_default"):
        Transport(service(address))


def test_a_secret_in_the_address_itself_is_refused() -> None:
    with pytest.raises(errors.InvalidConnection) as caught:
        Transport(service("https://someone:canary@api.example.com"))
    assert_clean(str(caught.value))


@pytest.mark.parametrize("verify", ["/no/such/file.pem", __file__])
def test_authorities_that_cannot_be_read_are_the_connections_fault(wire: Wire, verify: str) -> None:
    with pytest.raises(errors.InvalidConnection, match="verify"):
        wire.send(wire.transport(service("https://127.0.0.1:1", verify=verify)), call())


@pytest.mark.parametrize(
    "proxy", ["ftp://user:canary@proxy.example", "socks9://user:canary@proxy.example", "http://[::1"]
)
def test_a_proxy_that_cannot_be_used_is_the_connections_fault(wire: Wire, proxy: str) -> None:
    with pytest.raises(errors.InvalidConnection, match="proxy") as caught:
        wire.send(wire.transport(service("https://127.0.0.1:1", proxy=proxy)), call())
    assert_clean(everything_of(caught.value))


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines"])
def test_a_key_that_no_header_can_carry_is_the_connections_fault(
    server: ScriptedServer, wire: Wire, key: str
) -> None:
    held = service(server.url, headers={"Authorization": f"Bearer {key}"}, secrets=frozenset({key}))
    with pytest.raises(errors.InvalidConnection) as caught:
        wire.send(wire.transport(held), call(Safety.ONCE))
    assert key not in everything_of(caught.value)
    assert server.asked == []


# Key levels


@pytest.mark.parametrize(
    ("needed", "held", "allowed"),
    [
        ({"account"}, "account", True),
        ({"account", "endpoint"}, "endpoint", True),
        (set(), "endpoint", True),
        ({"account"}, None, True),
        ({"account"}, "endpoint", False),
        ({"endpoint"}, "account", False),
        ({"account", "endpoint"}, "application", False),
    ],
)
def test_a_call_that_needs_another_key_level_is_refused_before_anything_is_sent(
    server: ScriptedServer, wire: Wire, needed: set[str], held: str | None, allowed: bool
) -> None:
    transport = wire.transport(service(server.url, key_level=held))
    sent = call(Safety.ONCE, key_levels=frozenset(needed))
    if allowed:
        wire.send(transport, sent)
        return
    with pytest.raises(errors.InvalidConnection) as caught:
        wire.send(transport, sent)
    assert all(level in caught.value.message for level in (*needed, str(held)))
    assert "example_default" in caught.value.message
    assert caught.value.operation == "make_thing"
    assert server.asked == []


# The redactor


@every_form
def test_a_secret_is_taken_out_in_every_form(form: Callable[[str], str]) -> None:
    assert Redactor([CANARY])(f"before {form(CANARY)} after") == "before *** after"


def test_a_secret_inside_a_longer_one_leaves_no_tail() -> None:
    assert Redactor(["key", "key:US"])("a key:US b") == "a *** b"


def test_an_empty_secret_takes_nothing_out() -> None:
    assert Redactor([""])("abc") == "abc"
