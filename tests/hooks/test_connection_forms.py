"""A connection in every form that Airflow gives it in: the same settings, or a refusal that says why."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.sdk import Connection
from airflow.sdk.definitions.connection import Connection as Stored

from airflow_provider_activation import airflow_compat
from airflow_provider_activation.errors import InvalidConnection
from airflow_provider_activation.hooks import base
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.transport import ConnectionSettings

HOOKS: dict[str, Callable[[str], ActivationHook]] = {
    "liveramp": LiveRampHook,
    "acoustic_exchange": AcousticExchangeHook,
    "delta_projects": DeltaProjectsHook,
    "dataddo": DataddoHook,
}
GOOD: dict[str, dict[str, Any]] = {
    "liveramp": {"login": "account-1", "password": "CANARY-1", "extra": {"org_id": "77"}},
    "acoustic_exchange": {"host": "https://ubx.example.com", "password": "CANARY-1", "extra": {}},
    "delta_projects": {"host": "https://cmp.example.com", "password": "CANARY-1", "extra": {}},
    "dataddo": {"login": "me@example.com", "password": "CANARY-1", "extra": {}},
}
every_type = pytest.mark.parametrize("conn_type", HOOKS)

Look = Callable[[str, Any], ConnectionSettings]


@pytest.fixture(autouse=True)
def transports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kept: dict[Any, Any] = {}
    monkeypatch.setattr(base, "_transports", kept)
    yield
    for transport in kept.values():
        transport.close()


@pytest.fixture(params=["on a worker", "on the loop"])
def look(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Look:
    """The settings of a connection: text or JSON in the environment, or a connection of a backend."""

    async def on_the_loop(hook: ActivationHook) -> ConnectionSettings:
        return (await hook.aget_conn()).settings

    def look(conn_type: str, value: Any) -> ConnectionSettings:
        hook = HOOKS[conn_type]("mine")
        if isinstance(value, Stored):
            monkeypatch.setattr(base.ActivationHook, "get_connection", lambda self, conn_id: value)

            async def found(hook: Any, conn_id: str) -> Any:
                return value

            monkeypatch.setattr(airflow_compat, "aget_connection", found)
        else:
            text = value if isinstance(value, str) else json.dumps({"conn_type": conn_type, **value})
            monkeypatch.setenv("AIRFLOW_CONN_MINE", text)
        if request.param == "on a worker":
            return hook.get_conn().settings
        return asyncio.run(on_the_loop(hook))

    return look


def refused(look: Look, conn_type: str, value: Any) -> str:
    with pytest.raises(InvalidConnection, match="'mine'") as caught:
        look(conn_type, value)
    assert "CANARY" not in str(caught.value) + repr(vars(caught.value))
    return caught.value.message


# The forms

SAME: dict[str, tuple[str, dict[str, Any]]] = {
    "liveramp": (
        "liveramp://account-1:p%20w%2F%40@gateway.example:8443/activation/v2?org_id=77&timeout=10&max_retries=2"
        "&verify=false&auth_url=https%3A%2F%2Flogin.example%2Ftoken",
        {
            "host": "https://gateway.example/activation",
            "port": 8443,
            "login": "account-1",
            "password": "p w/@",
            "extra": {
                "org_id": 77,
                "timeout": 10,
                "max_retries": 2,
                "verify": False,
                "auth_url": "https://login.example/token",
            },
        },
    ),
    "acoustic_exchange": (
        "acoustic-exchange://:key%3AUS@ubx.example.com/v1?key_level=endpoint&verify=%2Fetc%2Fca.pem",
        {
            "host": "ubx.example.com",
            "password": "key:US",
            "extra": {"key_level": "endpoint", "verify": "/etc/ca.pem"},
        },
    ),
    "delta_projects": (
        "delta-projects://http://:key@10.0.0.7:8080/gateway?allow_http=true&media_agency_id=01&client_id=2",
        {
            "host": "10.0.0.7:8080/gateway",
            "schema": "http",
            "password": "key",
            "extra": {"allow_http": True, "media_agency_id": "01", "client_id": 2},
        },
    ),
    "dataddo": (
        "dataddo://me%40example.com:pw@[::1]:8443/customer-api/v1/?proxy=http%3A%2F%2Fproxy.example%3A3128",
        {
            "host": "https://[::1]:8443/customer-api",
            "schema": "v1",
            "login": "me@example.com",
            "password": "pw",
            "extra": {"proxy": "http://proxy.example:3128"},
        },
    ),
}


@every_type
def test_uri_json_and_backend_give_the_same_settings(look: Look, conn_type: str) -> None:
    uri, fields = SAME[conn_type]
    stored = {**fields, "extra": json.dumps(fields["extra"])}
    of_uri, of_json = look(conn_type, uri), look(conn_type, fields)
    of_backend = look(conn_type, Connection(conn_id="mine", conn_type=conn_type, **stored))
    assert of_uri.fingerprint == of_json.fingerprint == of_backend.fingerprint
    # Airflow's "Test" makes a URI of what stands in the form
    as_uri = Connection(conn_id="mine", conn_type=conn_type, **stored).get_uri()
    assert look(conn_type, as_uri).fingerprint == of_uri.fingerprint


def test_the_path_of_a_uri_is_where_calls_begin(look: Look) -> None:
    settings = look("dataddo", "dataddo://me%40example.com:pw@gateway.example/customer-api/v1")
    assert settings.base_url == "https://gateway.example/customer-api/v1"


@pytest.mark.parametrize("conn_type", ["acoustic_exchange", "delta_projects"])
def test_a_uri_whose_type_has_an_underscore_says_how_it_is_written(look: Look, conn_type: str) -> None:
    said = refused(look, conn_type, f"{conn_type}://:CANARY@ubx.example.com/?timeout=3")
    assert f"{conn_type.replace('_', '-')}://" in said


@pytest.mark.parametrize(
    "value",
    [
        "{broken CANARY",
        '{"conn_type": "dataddo", "user": "CANARY"}',
        "dataddo://me:CANARY@gateway.example:port/",
        "dataddo://me:CANARY@gateway.example/?a=http://b&c=http://d",
    ],
)
def test_a_variable_that_airflow_cannot_read_is_named(look: Look, value: str) -> None:
    assert "AIRFLOW_CONN_MINE" in refused(look, "dataddo", value)


# Login and password

PASSWORDS = [
    (" pw  ", " pw  "),
    ("p w", "p w"),
    ("\tpw", "\tpw"),
    ("pasted-key\n", "pasted-key"),
    ("pasted-key \r\n", "pasted-key "),
    ("two\nlines\n", "two\nlines"),
]


@pytest.mark.parametrize(("given", "sent"), PASSWORDS)
@pytest.mark.parametrize("conn_type", ["dataddo", "liveramp", "delta_projects"])
def test_a_password_is_sent_as_it_is(look: Look, conn_type: str, given: str, sent: str) -> None:
    settings = look(conn_type, {**GOOD[conn_type], "password": given})
    assert settings.secrets == {sent}
    assert ("blank" in settings.remark) == (sent != sent.strip())
    log_in = settings.log_in
    there = settings.query.get("apikey") or (log_in and (log_in.form or log_in.json)["password"])
    assert there == sent


def test_a_key_in_a_header_has_no_blanks_around_it(look: Look) -> None:
    settings = look("acoustic_exchange", {**GOOD["acoustic_exchange"], "password": " k ey \n"})
    assert settings.headers["Authorization"] == "Bearer k ey"
    assert settings.secrets == {"k ey"}


@pytest.mark.parametrize("conn_type", ["dataddo", "liveramp"])
def test_a_login_keeps_its_inner_blanks(look: Look, conn_type: str) -> None:
    log_in = look(conn_type, {**GOOD[conn_type], "login": " a  b "}).log_in
    assert log_in is not None
    sent = log_in.form.get("username") or log_in.json["email"]
    assert sent == "a  b"


def test_a_password_that_is_changed_is_masked_as_it_is_sent(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    masked: list[str] = []

    async def note(secret: str) -> None:
        masked.append(secret)

    monkeypatch.setattr(airflow_compat, "mask_secret", masked.append)
    monkeypatch.setattr(airflow_compat, "amask_secret", note)
    look("delta_projects", {**GOOD["delta_projects"], "password": "pasted-key\n"})
    assert masked == ["pasted-key"]


def test_numbers_are_taken_for_texts(look: Look) -> None:
    stored = Connection(
        conn_id="mine",
        conn_type="dataddo",
        login=12345,  # type: ignore[arg-type]
        password=67890,  # type: ignore[arg-type]
    )
    log_in = look("dataddo", stored).log_in
    assert log_in is not None
    assert log_in.json == {"email": "12345", "password": "67890"}


@pytest.mark.parametrize("field", ["host", "login", "password", "schema", "port"])
def test_fields_of_another_kind_are_named(look: Look, field: str) -> None:
    values: dict[str, Any] = {**GOOD["dataddo"], "extra": None, field: ["CANARY"]}
    stored = Connection(conn_id="mine", conn_type="dataddo", **values)
    assert field in refused(look, "dataddo", stored)


# The extra

NUMBERS = [
    ("liveramp", "org_id", lambda settings: settings.headers["LR-Org-ID"]),
    ("delta_projects", "media_agency_id", lambda settings: settings.scope["media_agency_id"]),
    ("delta_projects", "client_id", lambda settings: settings.scope["client_id"]),
]


@pytest.mark.parametrize(("conn_type", "name", "place"), NUMBERS)
@pytest.mark.parametrize(
    ("given", "read"), [(12345, "12345"), (2**60, str(2**60)), (" 007 ", "007"), (0, "0")]
)
def test_whole_numbers_are_taken_where_texts_are_wanted(
    look: Look, conn_type: str, name: str, place: Callable[[ConnectionSettings], str], given: Any, read: str
) -> None:
    settings = look(conn_type, {**GOOD[conn_type], "extra": {**GOOD[conn_type]["extra"], name: given}})
    assert place(settings) == read


@pytest.mark.parametrize(("conn_type", "name", "place"), NUMBERS)
@pytest.mark.parametrize("given", [True, False, 1.0, 12345.5, ["CANARY"], {"CANARY": 1}])
def test_what_is_no_whole_number_is_not(
    look: Look, conn_type: str, name: str, place: Any, given: Any
) -> None:
    extra = {**GOOD[conn_type]["extra"], name: given}
    assert f"'{name}" in refused(look, conn_type, {**GOOD[conn_type], "extra": extra})


@every_type
@pytest.mark.parametrize(
    "extra", ["{'org_id': 'CANARY'}", "org_id=CANARY", '{"org_id": "CANARY"', "[" * 100_000]
)
def test_an_extra_that_is_not_json_is_said_and_not_shown(look: Look, conn_type: str, extra: str) -> None:
    values = {name: value for name, value in GOOD[conn_type].items() if name != "extra"}
    stored = Connection(conn_id="mine", conn_type=conn_type, extra=extra, **values)
    assert "extra is not JSON" in refused(look, conn_type, stored)


@pytest.mark.parametrize("extra", ["[1]", '"CANARY"', "7", "true", "[]"])
def test_an_extra_that_is_no_object(look: Look, extra: str) -> None:
    values = {**GOOD["dataddo"], "extra": extra}
    said = refused(look, "dataddo", Connection(conn_id="mine", conn_type="dataddo", **values))
    assert "extra must be a JSON object" in said


@pytest.mark.parametrize("extra", [None, "null", "", "  ", "{}"])
def test_an_extra_without_anything(look: Look, extra: str | None) -> None:
    values = {**GOOD["dataddo"], "extra": extra}
    stored = Connection(conn_id="mine", conn_type="dataddo", **values)
    assert look("dataddo", stored).timeout == 30


@every_type
def test_an_unknown_field_names_those_that_there_are(look: Look, conn_type: str) -> None:
    extra = {**GOOD[conn_type]["extra"], "time_out": "CANARY"}
    said = refused(look, conn_type, {**GOOD[conn_type], "extra": extra})
    assert "'time_out' is unknown (is 'timeout' meant?)" in said
    assert "allow_http" in said
    assert ("org_id" in said) == (conn_type == "liveramp")
    assert ("client_id" in said) == (conn_type == "delta_projects")


@every_type
@pytest.mark.parametrize("given", [float("inf"), "inf", 1e18, "1e18", 0, "0", -1, "-1", "nan", "ten", True])
def test_a_timeout_that_is_none_is_refused_by_name(look: Look, conn_type: str, given: Any) -> None:
    extra = {**GOOD[conn_type]["extra"], "timeout": given}
    assert "'timeout'" in refused(look, conn_type, {**GOOD[conn_type], "extra": extra})


WORDS: list[tuple[Any, bool | str]] = [
    *((word, False) for word in (False, "false", "False", "no", "OFF", "0", 0, " no ")),
    *((word, True) for word in (True, "true", "Yes", "on", "1", 1, "")),
    ("/etc/ca.pem", "/etc/ca.pem"),
    ("~/ca.pem", "/home/somebody/ca.pem"),
    ("~nobody-of-that-name/ca.pem", "~nobody-of-that-name/ca.pem"),
]


@pytest.mark.parametrize(("given", "read"), WORDS)
def test_verify_in_words_and_paths(
    look: Look, monkeypatch: pytest.MonkeyPatch, given: Any, read: bool | str
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert look("dataddo", {**GOOD["dataddo"], "extra": {"verify": given}}).verify == read


@pytest.mark.parametrize("given", [2, -1, 1.0, ["CANARY"], {"CANARY": 1}])
def test_verify_of_another_kind(look: Look, given: Any) -> None:
    said = refused(look, "dataddo", {**GOOD["dataddo"], "extra": {"verify": given}})
    assert "'verify': must be true, false, or the path" in said


# The connection of a third party


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"extra": "{CANARY"}, "extra is not JSON"),
        ({"extra": '["CANARY"]'}, "extra must be a JSON object"),
        ({"extra": '{"refresh_token": ["CANARY"]}'}, "extra.refresh_token must be text"),
        ({"extra": '{"refresh_token": true}'}, "extra.refresh_token must be text"),
        ({"extra": "  "}, "lacks extra.refresh_token"),
        ({}, "lacks extra.refresh_token"),
    ],
    ids=str,
)
def test_a_third_partys_connection_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], said: str
) -> None:
    stored = Connection(conn_id="theirs", conn_type="http", **values)
    monkeypatch.setattr(base.ActivationHook, "get_connection", lambda self, conn_id: stored)
    with pytest.raises(InvalidConnection, match="'theirs'") as caught:
        DataddoHook("mine").secrets_of("theirs", {"token": "extra.refresh_token"})
    assert said in caught.value.message
    assert "CANARY" not in str(caught.value)


def test_a_third_partys_secrets_are_sent_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"conn_type": "dataddo", **GOOD["dataddo"]}
    theirs = {"conn_type": "http", "login": " a ", "password": " p w \n", "extra": {"refresh_token": 12345}}
    monkeypatch.setenv("AIRFLOW_CONN_MINE", json.dumps(own))
    monkeypatch.setenv("AIRFLOW_CONN_THEIRS", json.dumps(theirs))
    places = {"id": "login", "secret": "password", "token": "extra.refresh_token"}
    sent = DataddoHook("mine").secrets_of("theirs", places)
    assert sent == {"id": " a ", "secret": " p w ", "token": "12345"}


# The log-in of LiveRamp


@pytest.mark.parametrize(
    ("extra", "url"),
    [
        ({}, "https://serviceaccounts.liveramp.com/authn/v1/oauth2/token"),
        ({"auth_url": "https://a.example/t"}, "https://a.example/t"),
        ({"auth_url": " a.example/t "}, "https://a.example/t"),
        ({"token_url": "https://a.example/t"}, "https://a.example/t"),
        ({"auth_url": "", "token_url": "https://a.example/t"}, "https://a.example/t"),
        ({"auth_url": "a.example/t", "token_url": "https://a.example/t"}, "https://a.example/t"),
        ({"auth_url": "http://10.0.0.7/t", "allow_http": "yes"}, "http://10.0.0.7/t"),
    ],
)
def test_where_liveramps_tokens_are_requested(look: Look, extra: dict[str, Any], url: str) -> None:
    values = {**GOOD["liveramp"], "extra": {"org_id": "77", **extra}}
    log_in = look("liveramp", values).log_in
    assert log_in is not None
    assert log_in.url == url


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"auth_url": "https://a.example", "token_url": "https://b.example"}, "auth_url and token_url"),
        ({"auth_url": "https://me:CANARY@a.example/t"}, "'auth_url'"),
        ({"token_url": "https://a.example/t#CANARY"}, "'token_url'"),
        ({"auth_url": "https://a.example/ t"}, "'auth_url'"),
        ({"auth_url": "http://a.example/t"}, "allow_http"),
    ],
)
def test_an_address_of_the_log_in_that_cannot_be_used(look: Look, extra: dict[str, Any], said: str) -> None:
    values = {**GOOD["liveramp"], "extra": {"org_id": "77", **extra}}
    assert said in refused(look, "liveramp", values)
