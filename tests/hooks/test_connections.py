"""From an Airflow connection to a transport: what is read, what is refused, what is shared."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.sdk import Connection

from airflow_provider_activation.api import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.errors import (
    AuthenticationFailed,
    InvalidConnection,
    PermissionDenied,
    UncertainOutcome,
)
from airflow_provider_activation.hooks import base
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook
from airflow_provider_activation.sandbox import Sandbox

HOOKS: dict[str, type[ActivationHook]] = {
    "liveramp": LiveRampHook,
    "acoustic_exchange": AcousticExchangeHook,
    "delta_projects": DeltaProjectsHook,
    "dataddo": DataddoHook,
}
GOOD: dict[str, dict[str, Any]] = {
    "liveramp": {
        "host": "https://api.example.com/activation",
        "login": "account-1",
        "password": "CANARY",
        "extra": {"org_id": "org-1"},
    },
    "acoustic_exchange": {"host": "https://ubx.example.com", "password": "CANARY", "extra": {}},
    "delta_projects": {"host": "https://cmp.example.com", "password": "CANARY", "extra": {}},
    "dataddo": {"host": "", "login": "someone@example.com", "password": "CANARY", "extra": {}},
}
every_type = pytest.mark.parametrize("conn_type", HOOKS)

Connect = Callable[..., ActivationHook]


@pytest.fixture(autouse=True)
def transports(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[Any, Any]]:
    """No transport of another test is shared."""
    kept: dict[Any, Any] = {}
    monkeypatch.setattr(base, "_transports", kept)
    yield kept
    for transport in kept.values():
        transport.close()


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """A hook on a connection that is good but for what is given."""

    def connect(conn_type: str, /, **changes: Any) -> ActivationHook:
        fields = {"conn_type": conn_type, **GOOD[conn_type]}
        extra = {**fields.pop("extra"), **changes.pop("extra", {})}
        extra = {name: value for name, value in extra.items() if value != "left out"}
        monkeypatch.setenv("AIRFLOW_CONN_MINE", json.dumps({**fields, "extra": extra, **changes}))
        return HOOKS[conn_type]("mine")

    return connect


def everything_of(error: BaseException) -> str:
    return "\n".join([str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)])


# What is read


@every_type
def test_a_good_connection_makes_a_transport(connect: Connect, conn_type: str) -> None:
    hook = connect(conn_type)
    assert hook.get_conn().settings.conn_id == "mine"
    assert "CANARY" not in repr(hook.get_conn().settings)
    assert hook.get_conn().settings.timeout == 30.0
    assert hook.get_conn().settings.max_retries == 4
    assert hook.get_conn().settings.verify is True


def test_what_each_type_makes_of_its_fields(connect: Connect) -> None:
    service = connect("liveramp").get_conn().settings
    assert service.headers == {"LR-Org-ID": "org-1"}
    assert service.log_in is not None
    assert service.log_in.url == "https://serviceaccounts.liveramp.com/authn/v1/oauth2/token"
    assert (service.log_in.form["username"], service.log_in.form["password"]) == ("account-1", "CANARY")

    service = connect("acoustic_exchange", extra={"key_level": "endpoint"}).get_conn().settings
    assert service.headers == {"Authorization": "Bearer CANARY", "Content-Type": "application/json"}
    assert service.key_level == "endpoint"
    assert connect("acoustic_exchange").get_conn().settings.key_level == "account"

    service = connect("delta_projects").get_conn().settings
    assert (service.query, dict(service.headers)) == ({"apikey": "CANARY"}, {})

    service = connect("dataddo").get_conn().settings
    assert service.log_in is not None
    assert service.log_in.json == {"email": "someone@example.com", "password": "CANARY"}


@every_type
@pytest.mark.parametrize(
    ("extra", "name", "value"),
    [
        ({"timeout": "2.5"}, "timeout", 2.5),
        ({"timeout": 3600}, "timeout", 3600.0),
        ({"max_retries": "0"}, "max_retries", 0),
        ({"max_retries": 100}, "max_retries", 100),
        ({"verify": "false"}, "verify", False),
        ({"verify": "True"}, "verify", True),
        ({"verify": False}, "verify", False),
        ({"verify": "/etc/ca.pem"}, "verify", "/etc/ca.pem"),
        ({"proxy": "http://proxy.example:3128"}, "proxy", "http://proxy.example:3128"),
    ],
    ids=str,
)
def test_every_type_takes_these_in_extra_also_as_the_texts_of_a_form(
    connect: Connect, conn_type: str, extra: dict[str, Any], name: str, value: Any
) -> None:
    assert getattr(connect(conn_type, extra=extra).get_conn().settings, name) == value


@every_type
def test_the_blanks_that_the_form_stores_are_as_if_not_there(connect: Connect, conn_type: str) -> None:
    blanks = {"timeout": "", "max_retries": "", "verify": "", "proxy": None}
    service = connect(conn_type, extra=blanks).get_conn().settings
    assert (service.timeout, service.max_retries, service.verify, service.proxy) == (30.0, 4, True, None)


@pytest.mark.parametrize(
    ("conn_type", "host", "base_url"),
    [
        ("liveramp", "", "https://api.liveramp.com/activation"),
        ("liveramp", "https://api.example.com/activation/v2", "https://api.example.com/activation"),
        ("liveramp", "https://api.example.com/activation/v2/", "https://api.example.com/activation"),
        ("liveramp", "api.example.com/activation", "https://api.example.com/activation"),
        ("acoustic_exchange", "api-01.ubx.example.com", "https://api-01.ubx.example.com"),
        ("acoustic_exchange", "https://ubx.example.com/", "https://ubx.example.com"),
        ("acoustic_exchange", "https://ubx.example.com/v1", "https://ubx.example.com"),
        ("acoustic_exchange", " https://ubx.example.com/v1// ", "https://ubx.example.com"),
        ("acoustic_exchange", "http://127.0.0.1:8765/acoustic-exchange", "http://127.0.0.1:8765/acoustic-exchange"),
        ("delta_projects", "cmp.example.com/api/v1", "https://cmp.example.com"),
        ("delta_projects", "https://cmp.example.com/api/v1/", "https://cmp.example.com"),
        ("dataddo", "", "https://headless.dataddo.com/customer-api/v1"),
        ("dataddo", "https://headless.example.com/customer-api/v1/", "https://headless.example.com/customer-api/v1"),
    ],
)  # fmt: skip
def test_the_address_in_the_forms_people_write_it(
    connect: Connect, conn_type: str, host: str, base_url: str
) -> None:
    assert connect(conn_type, host=host).get_conn().settings.base_url == base_url


@pytest.mark.parametrize(
    ("host", "base_url"),
    [
        ("http://127.0.0.1", "http://127.0.0.1:8765"),
        ("http://127.0.0.1/", "http://127.0.0.1:8765"),
        ("http://localhost/acoustic-exchange/v1", "http://localhost:8765/acoustic-exchange"),
        ("ubx.example.com", "https://ubx.example.com:8765"),
        ("ubx.example.com/base", "https://ubx.example.com:8765/base"),
    ],
)
def test_a_port_in_its_own_field(connect: Connect, host: str, base_url: str) -> None:
    hook = connect("acoustic_exchange", host=host, port=8765)
    assert hook.get_conn().settings.base_url == base_url


def test_a_port_alone_is_no_address(connect: Connect) -> None:
    with pytest.raises(InvalidConnection, match="host is empty"):
        connect("acoustic_exchange", host="", port=8765).get_conn()


# What is refused


@pytest.mark.parametrize(
    ("conn_type", "changes", "named"),
    [
        ("acoustic_exchange", {"host": ""}, "host"),
        ("acoustic_exchange", {"host": "  "}, "host"),
        ("delta_projects", {"host": ""}, "host"),
        ("liveramp", {"extra": {"org_id": "left out"}}, "org_id"),
        ("liveramp", {"extra": {"org_id": ""}}, "org_id"),
        ("liveramp", {"login": ""}, "login"),
        ("dataddo", {"login": " "}, "login"),
        *((conn_type, {"password": ""}, "password") for conn_type in HOOKS),
        *((conn_type, {"password": None}, "password") for conn_type in HOOKS),
        *((conn_type, {"conn_type": "http"}, "'http'") for conn_type in HOOKS),
        *((conn_type, {"extra": {"time_out": "CANARY"}}, "time_out") for conn_type in HOOKS),
        *((conn_type, {"extra": {"timeout": -1}}, "timeout") for conn_type in HOOKS),
        ("dataddo", {"extra": {"timeout": 0}}, "timeout"),
        ("dataddo", {"extra": {"timeout": "CANARY"}}, "timeout"),
        ("dataddo", {"extra": {"timeout": float("nan")}}, "timeout"),
        *(
            ("dataddo", {"extra": {"timeout": t}}, "timeout")
            for t in (3600.1, "inf", float("inf"), 1e18, True)
        ),
        *(("dataddo", {"extra": {"max_retries": n}}, "max_retries") for n in (101, "101", True, 10**30)),
        ("dataddo", {"extra": {"max_retries": -1}}, "max_retries"),
        ("dataddo", {"extra": {"max_retries": 1.5}}, "max_retries"),
        ("dataddo", {"extra": {"verify": ["CANARY"]}}, "verify"),
        ("dataddo", {"extra": {"org_id": "CANARY"}}, "org_id"),
        ("acoustic_exchange", {"extra": {"key_level": "CANARY"}}, "key_level"),
        ("acoustic_exchange", {"extra": {"key_level": "Account"}}, "key_level"),
        ("acoustic_exchange", {"host": "http://ubx.example.com"}, "https"),
        ("liveramp", {"extra": {"token_url": "http://token.example.com"}}, "https"),
        ("liveramp", {"extra": {"auth_url": "http://token.example.com"}}, "https"),
    ],
    ids=str,
)
def test_a_connection_that_cannot_be_used_is_refused_by_the_fields_name(
    connect: Connect, conn_type: str, changes: dict[str, Any], named: str
) -> None:
    hook = connect(conn_type, **changes)

    async def on_the_loop() -> None:
        await hook.aget_conn()

    for get in (hook.get_conn, lambda: asyncio.run(on_the_loop())):
        with pytest.raises(InvalidConnection) as caught:
            get()
        assert "'mine'" in caught.value.message
        assert named in caught.value.message
        assert "CANARY" not in everything_of(caught.value)
        assert "Nothing was sent" in str(caught.value)


@pytest.mark.parametrize("given", [{}, {"media_agency_id": "a"}, {"client_id": "c"}])
def test_an_account_that_nobody_names_is_refused(connect: Connect, given: dict[str, str]) -> None:
    hook = connect("delta_projects", extra=given)
    assert isinstance(hook, DeltaProjectsHook)
    with pytest.raises(InvalidConnection) as caught:
        hook.list_activities()
    for name in ("media_agency_id", "client_id"):
        assert (name in caught.value.message) == (name not in given)


def test_a_call_that_needs_the_other_key_level_names_both(connections: Sandbox) -> None:
    with pytest.raises(InvalidConnection, match=r"endpoint.*'acoustic_exchange_default'.*account"):
        AcousticExchangeHook().add_segments(10001, [acoustic_exchange.SegmentDefinition(id=1, name="a")])
    assert connections.requests == []


# The "Test" button

CHANGED: dict[str, dict[str, Any]] = {
    "liveramp_default": {"password": "CANARY"},
    "acoustic_exchange_default": {"password": "CANARY"},
    "delta_projects_default": {"password": "CANARY"},
    "dataddo_default": {"password": "CANARY"},
}


def change(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, conn_id: str, **changes: Any) -> None:
    fields = {**sandbox.connections[conn_id], **changes}
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))


def test_an_extra_that_is_no_object_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # such a connection can only stand in the database; Airflow 3.1 takes none from the environment
    stored = Connection(conn_id="mine", conn_type="delta_projects", host="https://a.example", password="key")
    monkeypatch.setattr(Connection, "extra_dejson", ["CANARY"])
    monkeypatch.setattr(DeltaProjectsHook, "get_connection", lambda self, conn_id: stored)
    with pytest.raises(InvalidConnection, match=r"'mine'.*extra must be a JSON object") as caught:
        DeltaProjectsHook("mine").get_conn()
    assert "CANARY" not in everything_of(caught.value)


@every_type
def test_the_test_of_wrong_credentials_shows_none_of_them(
    connections: Sandbox, monkeypatch: pytest.MonkeyPatch, conn_type: str
) -> None:
    conn_id = f"{conn_type}_default"
    change(connections, monkeypatch, conn_id, **CHANGED[conn_id])
    good, message = HOOKS[conn_type]().test_connection()  # type: ignore[call-arg]
    assert not good
    assert "CANARY" not in message
    assert message


@pytest.mark.parametrize(
    "changes",
    [
        {"host": ""},
        {"host": "http://127.0.0.1:1"},
        {"host": "https://[::1"},
        {"extra": {"key_level": "none"}},
        {"conn_type": "http"},
        {"extra": {"proxy": "nowhere://CANARY:CANARY@proxy.example", "max_retries": 0}},
    ],
    ids=str,
)
def test_the_test_of_a_connection_that_cannot_be_used_never_raises(
    connections: Sandbox, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    changes = {**changes, "extra": {"max_retries": 0, **changes.get("extra", {})}}
    change(connections, monkeypatch, "acoustic_exchange_default", **changes)
    good, message = AcousticExchangeHook().test_connection()
    assert not good
    assert message
    assert "CANARY" not in message


def test_the_test_of_a_connection_that_is_not_there() -> None:
    good, message = DataddoHook("never_made").test_connection()
    assert not good
    assert "never_made" in message


@every_type
def test_the_test_changes_nothing(connections: Sandbox, conn_type: str) -> None:
    before = connections.state()
    HOOKS[conn_type]().test_connection()  # type: ignore[call-arg]
    assert connections.state() == before


# One transport for a connection


def test_two_hooks_on_one_connection_share_a_transport_and_a_token(connections: Sandbox) -> None:
    assert LiveRampHook().get_conn() is LiveRampHook().get_conn()
    LiveRampHook().list_destinations()
    LiveRampHook().list_destinations()

    async def main() -> None:
        hook = LiveRampHook()
        await hook.asend(liveramp.list_destinations())
        assert await hook.aget_conn() is LiveRampHook().get_conn()

    asyncio.run(main())
    assert [request["path"] for request in connections.requests].count("/authn/v1/oauth2/token") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "another"},
        {"login": "another"},
        {"host": "https://other.example.com"},
        {"extra": {"org_id": "another"}},
        {"extra": {"timeout": 5}},
        {"extra": {"token_url": "https://token.example.com"}},
        {"extra": {"proxy": "http://proxy.example:1"}},
        {"extra": {"verify": "false"}},
        {"extra": {"max_retries": 1}},
    ],
    ids=str,
)
def test_a_changed_connection_has_a_transport_of_its_own(connect: Connect, changes: dict[str, Any]) -> None:
    before = connect("liveramp").get_conn()
    assert connect("liveramp", **changes).get_conn() is not before
    assert connect("liveramp").get_conn() is before


@pytest.mark.parametrize("conn_type", ["acoustic_exchange", "delta_projects", "dataddo"])
def test_a_changed_key_has_a_transport_of_its_own(connect: Connect, conn_type: str) -> None:
    assert connect(conn_type).get_conn() is not connect(conn_type, password="another").get_conn()


def test_two_connections_of_the_same_values_have_two_transports(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = connect("dataddo").get_conn()
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps({"conn_type": "dataddo", **GOOD["dataddo"]}))
    assert DataddoHook("other").get_conn() is not first


# Tokens end


@pytest.mark.parametrize(
    ("hook_class", "call"),
    [(LiveRampHook, liveramp.list_destinations()), (DataddoHook, dataddo.list_services())],
)
def test_an_expired_token_recovers_by_itself(
    connections: Sandbox, hook_class: Callable[[], ActivationHook], call: Call[Any]
) -> None:
    hook = hook_class()
    hook.send(call)
    connections.expire_tokens()
    hook.send(call)
    connections.expire_tokens()

    async def main() -> None:
        await hook_class().asend(call)

    asyncio.run(main())
    statuses = [request["status"] for request in connections.requests]
    refusal = 403 if hook_class is LiveRampHook else 401
    assert statuses == [200, 200, refusal, 200, 200, refusal, 200, 200]


def test_an_expired_token_recovers_in_a_call_that_must_not_be_made_twice(connections: Sandbox) -> None:
    hook = LiveRampHook()
    hook.list_destinations()
    connections.expire_tokens()
    hook.create_integration_connection(CONNECTION)
    assert len(connections.state()["liveramp"]["integrationConnections"]) == 1


def test_wrong_credentials_are_said_to_be_so(
    connections: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for logger in (None, "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=logger)
    for conn_id, error in (
        ("liveramp_default", AuthenticationFailed),
        ("dataddo_default", AuthenticationFailed),
        ("delta_projects_default", AuthenticationFailed),
        ("acoustic_exchange_default", PermissionDenied),
    ):
        change(connections, monkeypatch, conn_id, **CHANGED[conn_id])
        hook = HOOKS[conn_id.removesuffix("_default")]()  # type: ignore[call-arg]
        with pytest.raises(error) as caught:
            hook.send(hook.test_call())
        assert "CANARY" not in everything_of(caught.value)
    # the fake services run in this process and have logs of their own
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn")]
    assert ours
    assert "CANARY" not in "\n".join(ours)


# A call that must not be made twice, over a bad line

CONNECTION = liveramp.IntegrationConnectionInput(
    integration_id=("1002", "2002"),
    properties=(
        liveramp.PropertyInput(property_key="bucket", property_value="b"),
        liveramp.PropertyInput(property_key="folder", property_value="f"),
    ),
    device_types=("PII",),
)
bad_lines = pytest.mark.parametrize(
    ("what", "rule", "made"),
    [
        ("drop_before", {}, 0),
        ("drop_after", {}, 1),
        ("half_body", {}, 1),
        ("empty", {}, 1),
        ("html", {"status": 200, "after_acting": True}, 1),
        ("html", {"status": 502}, 0),
        ("html", {"status": 502, "after_acting": True}, 1),
        ("status", {"status": 500}, 0),
        ("status", {"status": 504, "after_acting": True}, 1),
    ],
)


@bad_lines
@pytest.mark.parametrize("on_the_loop", [False, True], ids=["in a thread", "on the loop"])
def test_a_create_over_a_bad_line_is_uncertain_and_made_at_most_once(
    connections: Sandbox, what: str, rule: dict[str, Any], made: int, on_the_loop: bool
) -> None:
    connections.misbehave(
        what, service="liveramp", method="POST", path="/v2/integration-connections", times=None, **rule
    )
    call = liveramp.create_integration_connection(CONNECTION)
    hook = LiveRampHook()

    async def main() -> Any:
        return await hook.asend(call)

    with pytest.raises(UncertainOutcome) as caught:
        asyncio.run(main()) if on_the_loop else hook.send(call)
    assert caught.value.operation == "create_integration_connection"
    sent = [one for one in connections.requests if one["path"] == "/v2/integration-connections"]
    assert len(sent) == 1
    assert len(connections.state()["liveramp"]["integrationConnections"]) == made


@pytest.mark.parametrize(("what", "made"), [("drop_before", 0), ("drop_after", 1)])
def test_an_activity_over_a_bad_line_is_uncertain_and_made_at_most_once(
    connections: Sandbox, what: str, made: int
) -> None:
    connections.misbehave(what, service="delta-projects", method="POST", times=None)
    activity = delta_projects.ActivityFromTemplate.model_validate(
        {
            "template_id": "16b35327-794c-11e4-8425-daf437376f87",
            "activity_name": "Autumn",
            "flight_start": "2026-09-01T00:00:00Z",
            "flight_stop": "2036-10-01T00:00:00Z",
            "order_id": "order-1",
            "budget": 1000,
        }
    )
    with pytest.raises(UncertainOutcome):
        DeltaProjectsHook().create_activity_from_template(activity)
    assert len(connections.state()["delta-projects"]["activities"]) == made


def test_a_busy_service_is_asked_again_after_the_time_it_names(connections: Sandbox) -> None:
    connections.misbehave(
        "status", service="liveramp", path="/v2/*", status=429, headers={"Retry-After": "0"}
    )
    LiveRampHook().create_integration_connection(CONNECTION)
    assert len(connections.state()["liveramp"]["integrationConnections"]) == 1


def test_a_read_over_a_bad_line_is_asked_again(connections: Sandbox) -> None:
    connections.misbehave("drop_before", service="liveramp", method="GET")
    assert len(LiveRampHook().list_destinations()) == 2
