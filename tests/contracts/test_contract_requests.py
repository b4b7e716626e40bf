"""Every request that a hook's method makes keeps to the service's contract."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any, get_type_hints
from urllib.parse import unquote

import pytest
import uses_of_acoustic_exchange
import uses_of_dataddo
import uses_of_delta_projects
import uses_of_liveramp
from contracts import Operation, contract
from hook_uses import Use, literals, models_in, models_taken, public_methods, with_odd_ids
from scripted_server import Asked, Reply, ScriptedServer

from airflow_provider_activation.errors import ActivationError, InvalidConnection
from airflow_provider_activation.hooks import base
from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
from airflow_provider_activation.hooks.base import ActivationHook
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.hooks.liveramp import LiveRampHook

USES: dict[type[ActivationHook], list[Use]] = {
    LiveRampHook: uses_of_liveramp.USES,
    AcousticExchangeHook: uses_of_acoustic_exchange.USES,
    DeltaProjectsHook: uses_of_delta_projects.USES,
    DataddoHook: uses_of_dataddo.USES,
}
LOG_INS = {"/authn/v1/oauth2/token", "/auth"}
KEY_LEVELS = ("account", "endpoint", "application")

every_hook = pytest.mark.parametrize("hook_class", USES, ids=lambda hook_class: hook_class.conn_type)
every_method = pytest.mark.parametrize(
    ("hook_class", "method"),
    [
        pytest.param(hook_class, method, id=f"{hook_class.conn_type}.{method}")
        for hook_class in USES
        for method in sorted(public_methods(hook_class))
    ],
)


def reply_to(asked: Asked) -> Reply:
    """What leads to most requests: a token, a second page, and no client by the first of two paths."""
    if asked.path in LOG_INS:
        return Reply(body={"access_token": "t", "expires_in": 600, "realm_id": 7, "provider": "dataddo"})
    if asked.path.startswith("/api/v1/client/"):
        return Reply(404, {})
    after = None if dict(asked.query).get("after") else "50% &="
    return Reply(body={"found": [], "_pagination": {"after": after, "total": 0}})


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()


@pytest.fixture
def services(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """One server for all four, a connection to it for each hook, and one for each level of key."""
    server.clear()
    server.always = reply_to
    extras: dict[str, dict[str, Any]] = {
        "liveramp": {"org_id": "org-1", "token_url": f"{server.url}/authn/v1/oauth2/token"},
        "delta_projects": {"media_agency_id": "agency-1", "client_id": "client-1"},
        "dataddo": {},
        **{f"acoustic_exchange_{level}": {"key_level": level} for level in KEY_LEVELS},
    }
    for name, extra in extras.items():
        connection = {
            "conn_type": name.removesuffix(f"_{extra.get('key_level')}"),
            "host": server.url,
            "login": "someone@example.com",
            "password": "50% key+&=:US",
            "extra": {"verify": "false", "max_retries": 0, **extra},
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
    monkeypatch.setattr(base, "_transports", {})
    yield server
    for transport in base._transports.values():
        transport.close()


def hooks_of(hook_class: type[ActivationHook]) -> list[ActivationHook]:
    """A hook for each connection of its service."""
    name = hook_class.conn_type
    if hook_class is AcousticExchangeHook:
        return [hook_class(f"{name}_{level}") for level in KEY_LEVELS]
    return [hook_class(name)]


def requests_of(services: ScriptedServer, hook: ActivationHook, one: Use) -> list[Asked]:
    """What a use sends, without logging in; nothing where the connection's key is of the wrong level."""
    services.asked.clear()
    failure = None
    try:
        one.of(hook)
    except ActivationError as error:
        # most answers here cannot be read, which is not what is tested
        failure = error
    if isinstance(failure, InvalidConnection) and "authentication key of level" in str(failure):
        assert not services.asked, f"{one} was refused, and something was sent"
        return []
    assert services.asked, f"{one} sent nothing: {failure}"
    return [asked for asked in services.asked if asked.path not in LOG_INS]


def operation_of(hook_class: type[ActivationHook], asked: Asked) -> Operation:
    operation = contract(hook_class.conn_type).find(asked.method, asked.path)
    assert operation is not None, f"{asked.method} {asked.path} is not listed"
    return operation


@every_method
def test_every_request_of_a_method_keeps_to_the_contract(
    services: ScriptedServer, hook_class: type[ActivationHook], method: str
) -> None:
    uses = [one for one in USES[hook_class] if one.method == method]
    assert uses, f"{hook_class.__name__}.{method} is in no table of uses"
    hooks, written = hooks_of(hook_class), contract(hook_class.conn_type)
    faults = []
    for one in with_odd_ids(hook_class, uses):
        sent = [asked for hook in hooks for asked in requests_of(services, hook, one)]
        assert sent, f"{one} is refused with every key"
        for asked in sent:
            faults += [
                f"{one}: {asked.method} {asked.target}: {fault}"
                for fault in dict.fromkeys(written.faults(asked))
            ]
    assert not faults, "\n" + "\n".join(faults[:20])


@every_method
def test_ids_arrive_as_they_were_given(
    services: ScriptedServer, hook_class: type[ActivationHook], method: str
) -> None:
    for one in with_odd_ids(hook_class, [one for one in USES[hook_class] if one.method == method]):
        given = {
            str(value)
            for name, value in one.bound(hook_class).arguments.items()
            if name.endswith(("_id", "_name")) and value is not None
        }
        arrived: set[str] = set()
        for hook in hooks_of(hook_class):
            for asked in requests_of(services, hook, one):
                arrived |= {unquote(segment) for segment in asked.path.split("/")}
                arrived |= {value for _, value in asked.query}
        assert given <= arrived, f"{one}: arrived {arrived}"


@pytest.mark.parametrize("hook_class", [LiveRampHook, DataddoHook], ids=lambda one: one.conn_type)
def test_logging_in_keeps_to_the_contract(services: ScriptedServer, hook_class: type[ActivationHook]) -> None:
    hook_class(hook_class.conn_type).test_connection()
    log_in, *_ = services.asked
    assert log_in.path in LOG_INS
    assert contract(hook_class.conn_type).faults(log_in) == []


def test_calls_take_the_levels_of_key_that_the_contract_lists(services: ScriptedServer) -> None:
    written = contract("acoustic_exchange")
    listed = {
        f"{one.method} {one.template}": set().union(*written.security(one)) for one in written.operations
    }
    taken: dict[str, set[str]] = {operation: set() for operation in listed}
    for one in uses_of_acoustic_exchange.USES:
        for level, hook in zip(KEY_LEVELS, hooks_of(AcousticExchangeHook), strict=True):
            for asked in requests_of(services, hook, one):
                operation = operation_of(AcousticExchangeHook, asked)
                taken[f"{operation.method} {operation.template}"].add(f"{level}Key")
    assert taken == listed


@every_hook
def test_each_argument_is_given_and_left_out_and_each_choice_is_made(
    hook_class: type[ActivationHook],
) -> None:
    missing = []
    for method in public_methods(hook_class):
        uses = [one.bound(hook_class).arguments for one in USES[hook_class] if one.method == method]
        hints = get_type_hints(getattr(hook_class, method))
        parameters = list(inspect.signature(getattr(hook_class, method)).parameters.values())[1:]
        for parameter in parameters:
            where = f"{method}: {parameter.name}"
            given = [arguments[parameter.name] for arguments in uses if parameter.name in arguments]
            if not given:
                missing.append(f"{where} is never given")
            if parameter.default is not parameter.empty and len(given) == len(uses):
                missing.append(f"{where} is never left out")
            for choice in literals(hints[parameter.name]):
                if choice not in [*given, parameter.default]:
                    missing.append(f"{where} is never {choice}")
    assert not missing, "\n" + "\n".join(sorted(missing))


@every_hook
def test_each_field_of_what_is_sent_is_given_and_each_choice_is_made(
    hook_class: type[ActivationHook],
) -> None:
    sent = list(models_in([[*one.arguments, *one.named.values()] for one in USES[hook_class]]))
    missing = []
    for model in models_taken(hook_class):
        for name, field in model.model_fields.items():
            where = f"{model.__name__}.{name}"
            values = [
                getattr(one, name) for one in sent if type(one) is model and name in one.model_fields_set
            ]
            made = [value for one in values for value in (one if isinstance(one, tuple) else [one])]
            if not values:
                missing.append(f"{where} is never given")
            missing += [
                f"{where} is never {choice}" for choice in literals(field.annotation) if choice not in made
            ]
    assert not missing, "\n" + "\n".join(sorted(missing))
