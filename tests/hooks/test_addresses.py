"""The base address, made of host, port and schema: what is read, what is refused, and where http may go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_activation.errors import InvalidConnection
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.address import base_address
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook

READ: list[tuple[str, int | None, str, str]] = [
    ("h.example", None, "", "https://h.example"),
    ("h.example", None, "https", "https://h.example"),
    ("h.example", None, "http", "http://h.example"),
    ("h.example", None, "HTTPS", "https://h.example"),
    ("h.example", None, "https://", "https://h.example"),
    ("https://h.example", None, "https", "https://h.example"),
    ("HTTPS://h.example/Path", None, "", "https://h.example/Path"),
    ("h.example", None, "a/b", "https://h.example/a/b"),
    ("h.example/", None, "/a/b/", "https://h.example/a/b"),
    ("h.example/a", None, "b", "https://h.example/a/b"),
    ("h.example", None, "https/b", "https://h.example/https/b"),
    ("h.example", 8443, "a", "https://h.example:8443/a"),
    ("h.example:8443", 8443, "", "https://h.example:8443"),
    ("https://h.example:8443/a", 8443, "", "https://h.example:8443/a"),
    ("::1", None, "", "https://[::1]"),
    ("::1", 8443, "a", "https://[::1]:8443/a"),
    ("[::1]", None, "", "https://[::1]"),
    ("[::1]", 8443, "", "https://[::1]:8443"),
    ("[::1]:8443", None, "", "https://[::1]:8443"),
    ("[::1]:8443", 8443, "", "https://[::1]:8443"),
    ("http://[2001:db8::7]:80/a", None, "", "http://[2001:db8::7]:80/a"),
    ("http://2001:db8::7/a", None, "", "http://[2001:db8::7]/a"),
    ("", None, "", "https://public.example/v1"),
    ("", None, "https", "https://public.example/v1"),
]


@pytest.mark.parametrize(("host", "port", "schema", "address"), READ)
def test_addresses_as_people_write_them(host: str, port: int | None, schema: str, address: str) -> None:
    assert base_address(host, port=port, schema=schema, default="https://public.example/v1") == address


REFUSED: list[tuple[str, int | None, str, str]] = [
    ("h.example:8443", 443, "", "port 8443 and port says 443"),
    ("[::1]:8443", 443, "", "port 8443 and port says 443"),
    ("https://h.example", None, "http", "host says https and schema says http"),
    ("h.example?apikey=CANARY", None, "", "'?'"),
    ("https://h.example/#CANARY", None, "", "'#'"),
    ("h.example", None, "a?CANARY=1", "schema holds '?'"),
    ("h.example", None, "https://CANARY.example/a", "belongs into host"),
    ("h.example", None, "a b", "schema holds a blank"),
    ("h.example", None, "../a", "'..'"),
    ("h.example/a/../b", None, "", "'..'"),
    ("https://me:CANARY@h.example", None, "", "login and password"),
    ("CANARY@h.example/a", None, "", "login and password"),
    ("h .example", None, "", "host holds a blank"),
    ("h.example\n", None, "", "host holds a blank"),
    ("h.example\\a", None, "", "'\\\\'"),
    ("h.example:CANARY", None, "", "port"),
    ("h.example:", None, "", "port"),
    ("h.example:0", None, "", "port"),
    ("h.example:65536", None, "", "port"),
    ("h.example:²", None, "", "port"),
    ("h.example", 65536, "", "port is 65536"),
    ("h.example", -1, "", "port is -1"),
    ("[::1", None, "", "IPv6"),
    ("[::1]x", None, "", "no address"),
    ("::1::2", None, "", "IPv6"),
    ("[h.example]", None, "", "IPv6"),
    ("https:/h.example", None, "", "no address"),
    ("https://", None, "", "no address"),
    ("://h.example", None, "", "'://'"),
    ("", 8443, "", "port is given"),
    ("", None, "a", "schema is given"),
    ("", None, "http", "schema is given"),
]


@pytest.mark.parametrize(("host", "port", "schema", "said"), REFUSED)
def test_addresses_that_contradict_themselves_or_hold_more(
    host: str, port: int | None, schema: str, said: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        base_address(host, port=port, schema=schema, default="https://public.example/v1")
    assert said in str(caught.value)
    assert "CANARY" not in str(caught.value)


# http

OF_TYPE: dict[type[Any], dict[str, Any]] = {
    LiveRampHook: {"conn_type": "liveramp", "login": "a", "extra": {"org_id": "1"}},
    AcousticExchangeHook: {"conn_type": "acoustic_exchange"},
    DeltaProjectsHook: {"conn_type": "delta_projects"},
    DataddoHook: {"conn_type": "dataddo", "login": "me@example.com"},
}
every_hook = pytest.mark.parametrize("hook", OF_TYPE, ids=lambda hook: hook.__name__)


def base_url(monkeypatch: pytest.MonkeyPatch, hook: type[Any], host: str, **extra: Any) -> str:
    values = {**OF_TYPE[hook], "host": host, "password": "CANARY-1"}
    values["extra"] = {**values.get("extra", {}), **extra}
    monkeypatch.setenv("AIRFLOW_CONN_MINE", json.dumps(values))
    address: str = hook("mine").get_conn().settings.base_url
    return address


@every_hook
@pytest.mark.parametrize("allowed", [True, "true", "1", "yes"])
@pytest.mark.parametrize("extra", [{}, {"proxy": "http://proxy.example:3128"}], ids=str)
def test_http_to_a_private_gateway_is_allowed_by_name(
    monkeypatch: pytest.MonkeyPatch, hook: type[Any], allowed: Any, extra: dict[str, Any]
) -> None:
    there = "http://gateway.internal:8080/a"
    assert base_url(monkeypatch, hook, there, allow_http=allowed, **extra) == there


@every_hook
@pytest.mark.parametrize(
    "extra", [{}, {"allow_http": False}, {"allow_http": "no"}, {"allow_http": ""}], ids=str
)
@pytest.mark.parametrize(
    "host", ["http://gateway.internal", "http://10.0.0.7", "http://host.docker.internal"]
)
def test_http_is_refused_otherwise_and_the_field_is_named(
    monkeypatch: pytest.MonkeyPatch, hook: type[Any], host: str, extra: dict[str, Any]
) -> None:
    with pytest.raises(InvalidConnection, match="allow_http"):
        base_url(monkeypatch, hook, host, **extra)


@every_hook
def test_http_to_this_machine_through_a_proxy_elsewhere_leaves_it(
    monkeypatch: pytest.MonkeyPatch, hook: type[Any]
) -> None:
    elsewhere = {"proxy": "http://proxy.example:3128"}
    with pytest.raises(InvalidConnection, match=r"proxy elsewhere.*allow_http"):
        base_url(monkeypatch, hook, "http://127.0.0.1:1", **elsewhere)
    assert base_url(monkeypatch, hook, "http://127.0.0.1:1", allow_http=True, **elsewhere)
    assert base_url(monkeypatch, hook, "http://127.0.0.1:1", proxy="http://127.0.0.1:3128")


@every_hook
@pytest.mark.parametrize("given", ["perhaps", 2, [True]])
def test_allow_http_is_true_or_false(monkeypatch: pytest.MonkeyPatch, hook: type[Any], given: Any) -> None:
    with pytest.raises(InvalidConnection, match="'allow_http"):
        base_url(monkeypatch, hook, "https://gateway.internal", allow_http=given)
