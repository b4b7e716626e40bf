"""Proxies of the connection and of the environment, and where the bytes go."""

from __future__ import annotations

import pytest
from scripted_server import Reply, ScriptedServer
from transport_testing import call, log_in, service

from airflow_provider_activation.errors import ActivationError, InvalidConnection
from airflow_provider_activation.transport import Transport
from airflow_provider_activation.transport.settings import proxy_of

SERVICE = "https://service.example/v1"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_proxy_without_a_scheme_is_an_http_proxy(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.url.removeprefix("http://"))
    with pytest.raises(ActivationError, match=r"could not be sent .* \(ProxyError: "):
        Transport(service(SERVICE, max_retries=0)).send(call())
    assert server.connections == 1


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "proxy.example:3128"}, "http://proxy.example:3128"),
        ({"https_proxy": "http://proxy.example"}, "http://proxy.example"),
        ({"ALL_PROXY": "socks5://proxy.example"}, "socks5://proxy.example"),
        ({"HTTP_PROXY": "http://proxy.example"}, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "service.example"}, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": ".example"}, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://proxy.example", "NO_PROXY": "other.example"}, "http://proxy.example"),
    ],
)
def test_the_environments_proxy(
    environment: dict[str, str], found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    proxy = proxy_of(service(SERVICE), SERVICE)
    assert (proxy and proxy.url) == found
    assert proxy_of(service("http://127.0.0.1:1"), "http://127.0.0.1:1") is None


@pytest.mark.parametrize(
    ("proxy", "why"),
    [
        ("ftp://me:canary@proxy.example", "http, https and socks5"),
        ("socks5://me:canary@proxy.example", "socksio"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_said_with_its_place_and_the_reason(
    proxy: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidConnection, match=r"extra field 'proxy'") as of_the_connection:
        Transport(service(SERVICE, proxy=proxy)).send(call())
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(InvalidConnection, match="environment variable HTTPS_PROXY") as of_the_environment:
        Transport(service(SERVICE)).send(call())
    for caught in (of_the_connection, of_the_environment):
        assert why in str(caught.value)
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize("proxy", ["http://proxy.example:3128", "proxy.example:3128", "https://10.0.0.1"])
def test_what_a_proxy_would_carry_off_the_machine_is_refused(proxy: str) -> None:
    with pytest.raises(InvalidConnection, match="proxy elsewhere"):
        Transport(service("http://127.0.0.1:8000", proxy=proxy))


def test_a_proxy_on_this_machine_may_carry_what_is_for_this_machine(server: ScriptedServer) -> None:
    assert Transport(service("http://localhost:1", proxy=server.url)).send(call()) == {"ok": True}


def test_a_log_in_on_this_machine_does_not_pass_the_environments_proxy(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service is reached through the proxy. The log-in's password would leave the machine unencrypted."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    server.always = lambda asked: Reply(body={"access_token": "token", "expires_in": 60})
    transport = Transport(service(SERVICE, log_in=log_in(f"{server.url}/token"), max_retries=0))
    with pytest.raises(ActivationError, match="could not be sent"):
        transport.send(call())
    assert [asked.path for asked in server.asked] == ["/token"]
