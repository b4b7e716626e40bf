"""Whatever a service answers, and whatever is to be sent: the error is one of ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted_server import Reply, ScriptedServer
from transport_testing import Wire, call, service

from airflow_provider_activation import errors
from airflow_provider_activation.api import acoustic_exchange, dataddo
from airflow_provider_activation.api.answers import bearer_token
from airflow_provider_activation.api.call import Safety
from airflow_provider_activation.gate import is_safe


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()


@pytest.fixture(params=["sync", "async"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    wire = Wire(request.param)
    yield wire
    wire.close()


CHARSETS = ("hex", "undefined", "idna", "rot13", "zlib", "utf-7", "none", "\xff", "punycode", "base64")


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("status", [200, 308, 404, 500])
def test_a_charset_that_decodes_nothing(
    wire: Wire, server: ScriptedServer, charset: str, status: int
) -> None:
    headers = {"Content-Type": f"text/plain; charset={charset}"}
    server.always = lambda asked: Reply(status, "Wartung für heute".encode(), headers)
    transport = wire.transport(service(server.url, max_retries=0))
    with pytest.raises(errors.ActivationError):
        wire.send(transport, call())
    with pytest.raises(errors.UncertainOutcome if status in (200, 500) else errors.ActivationError):
        wire.send(transport, call(Safety.ONCE))


@pytest.mark.parametrize("location", ["http://[", "http://host:port/", "//", "http://\xff/", "https://a b/"])
@pytest.mark.parametrize("status", [201, 302, 308])
def test_a_location_that_is_no_address(
    wire: Wire, server: ScriptedServer, location: str, status: int
) -> None:
    server.always = lambda asked: Reply(status, b"", {"Location": location})
    transport = wire.transport(service(server.url, max_retries=0))
    create = dataddo.create_flow({"label": "a"})
    with pytest.raises(errors.ActivationError) as caught:
        wire.send(transport, create)
    if status != 308:
        assert isinstance(caught.value, errors.UncertainOutcome)


@pytest.mark.parametrize(
    "reply",
    [
        {"access_token": "tokén"},
        {"access_token": "a\nb"},
        {"access_token": "\ud800"},
        {"access_token": "a", "realm_id": "ü"},
    ],
    ids=str,
)
def test_a_token_that_no_header_can_carry(wire: Wire, server: ScriptedServer, reply: Any) -> None:
    server.always = lambda asked: Reply(body=reply)
    log_in = dataddo.log_in("someone", "secret")
    log_in = replace(log_in, read=lambda answer: bearer_token(answer, 60, {"X-Realm-Id": "realm_id"}))
    transport = wire.transport(service(server.url, max_retries=0, log_in=log_in))
    with pytest.raises(errors.UnreadableResponse):
        wire.send(transport, call(Safety.ONCE))
    assert [asked.target for asked in server.asked] == ["/auth"]


@pytest.mark.parametrize(
    "changes",
    [
        {"json": {"label": "\ud800"}},
        {"json": {"budget": float("nan")}},
        {"json": {"made": object()}},
        {"query": (("status", "\ud800"),)},
    ],
    ids=["half of a character", "no number", "an object", "a query"],
)
@pytest.mark.parametrize("safety", [Safety.READ, Safety.ONCE])
def test_what_cannot_be_written_is_refused_before_it_is_sent(
    wire: Wire, server: ScriptedServer, changes: dict[str, Any], safety: Safety
) -> None:
    transport = wire.transport(service(server.url))
    with pytest.raises(errors.InvalidRequest, match="cannot be sent"):
        wire.send(transport, call(safety, **changes))
    assert server.asked == []


def test_a_file_that_is_gone_is_refused_before_it_is_sent(
    wire: Wire, server: ScriptedServer, tmp_path: Path
) -> None:
    transport = wire.transport(service(server.url))
    with pytest.raises(errors.InvalidRequest, match="cannot be sent"):
        wire.send(transport, acoustic_exchange.upload_job_data(1, tmp_path / "gone.csv"))
    assert server.asked == []


def test_an_id_with_half_of_a_character_is_refused() -> None:
    with pytest.raises(errors.InvalidRequest, match="flow_id"):
        dataddo.get_flow("\ud800")


@pytest.mark.parametrize("safety", [Safety.READ, Safety.ONCE])
def test_what_nobody_expects_is_typed_too(
    wire: Wire, server: ScriptedServer, safety: Safety, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*arguments: Any) -> Any:
        raise RecursionError("too deep")

    monkeypatch.setattr("airflow_provider_activation.transport.transport.Transport._keyed", breaks)
    transport = wire.transport(service(server.url, max_retries=0))
    kind = errors.UncertainOutcome if safety is Safety.ONCE else errors.ServiceUnavailable
    with pytest.raises(kind, match="too deep"):
        wire.send(transport, call(safety))


@pytest.mark.parametrize("url", ["http://[", "https://[::1", "//[", "http://a\u2100b/"])
def test_a_link_that_is_no_address_is_not_shown(url: str) -> None:
    assert not is_safe(url)
