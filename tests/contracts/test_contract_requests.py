"""Every request that a hook's method makes keeps to the service's contract."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl, unquote

import pytest
from contracts import Operation, contract
from endpoints import TABLES
from endpoints.table import BIG, ODD, Entry, Table, apply
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from scripted_server import Asked, Reply, ScriptedServer
from werkzeug.datastructures import Headers, ImmutableMultiDict

from airflow_provider_activation.api.models import Input
from airflow_provider_activation.errors import ActivationError, InvalidConnection
from airflow_provider_activation.hooks import base
from airflow_provider_activation.hooks.base import ActivationHook

LOG_INS = {"/authn/v1/oauth2/token", "/auth"}
KEY_LEVELS = ("account", "endpoint", "application")

SERVER = "https://vendor.invalid"
FORM = "application/x-www-form-urlencoded"
WHOLE_NUMBERS = frozenset({"job_id", "service_id"})
"""Ids that methods take as text and services have as whole numbers."""

Arguments = dict[str, Any]

every_service = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
every_method = pytest.mark.parametrize(
    "entry",
    [
        pytest.param(entry, id=f"{table.name}.{name}")
        for table in TABLES.values()
        for name, entry in sorted(table.methods.items())
    ],
)


@dataclass
class _Request:
    """A request as openapi-core wants it."""

    host_url: str
    path: str
    method: str
    parameters: RequestParameters
    content_type: str
    body: bytes | None


class Rules:
    """What of a request breaks the contract of a service.

    openapi-core checks parameters, bodies and security. It passes over what a contract does not list, and
    takes ``True`` for a boolean. So that is looked for here: a query parameter or a form's field that is not
    listed, one that is repeated, another word for a boolean, a body where none is described.
    """

    def __init__(self, name: str) -> None:
        self._contract = contract(name)
        document = self._contract.document
        # where a service lives is a matter of the connection: all paths hang below one address here
        bare = {**document, "servers": [{"url": SERVER}]}
        bare["paths"] = {
            path: {name: value for name, value in item.items() if name != "servers"}
            for path, item in document["paths"].items()
        }
        self._openapi = OpenAPI.from_dict(
            bare, config=Config(extra_media_type_deserializers={"text/csv": _text})
        )

    def faults(self, asked: Asked) -> list[str]:
        """What of a request breaks the contract, in words."""
        operation = self._contract.find(asked.method, asked.path)
        if operation is None:
            return [f"{asked.method} {asked.path} is not listed"]
        return [*self._by_openapi_core(asked), *self._beyond_it(asked, operation)]

    def _by_openapi_core(self, asked: Asked) -> Iterator[str]:
        request = _Request(
            host_url=SERVER,
            path=asked.path,
            method=asked.method.lower(),
            parameters=RequestParameters(
                query=ImmutableMultiDict(asked.query), header=Headers(list(asked.headers.items()))
            ),
            content_type=asked.headers.get("Content-Type", ""),
            body=asked.body or None,
        )
        for error in self._openapi.iter_request_errors(request):
            cause = error.__cause__
            reasons = [
                f"{'.'.join(str(part) for part in reason.absolute_path)}: {reason.message}"
                for reason in getattr(cause, "schema_errors", ())
            ]
            yield "; ".join([str(error), *(reasons or ([str(cause)] if cause else []))])

    def _beyond_it(self, asked: Asked, operation: Operation) -> Iterator[str]:
        listed = operation.query | self._keys_in_query(operation)
        names = [name for name, _ in asked.query]
        for name, value in asked.query:
            if name not in listed:
                yield f"the query parameter {name!r} is not listed"
            elif names.count(name) > 1 and listed[name] != "array":
                yield f"the query parameter {name!r} is repeated"
            elif listed[name] == "boolean" and value not in ("true", "false"):
                yield f"the query parameter {name!r} is {value!r}, not true or false"
        if asked.body and "requestBody" not in operation.description:
            yield "it has a body, and none is listed"
        if asked.headers.get("Content-Type") == FORM:
            form = self._contract.follow(operation.description["requestBody"])["content"][FORM]["schema"]
            for name, _ in parse_qsl(asked.body.decode(), keep_blank_values=True):
                if name not in form["properties"]:
                    yield f"the form's field {name!r} is not listed"

    def _keys_in_query(self, operation: Operation) -> dict[str, Any]:
        schemes = self._contract.document.get("components", {}).get("securitySchemes", {})
        return {
            schemes[name]["name"]: "string"
            for group in self._contract.security(operation)
            for name in group
            if schemes[name].get("in") == "query"
        }


def _text(body: bytes, charset: str = "utf-8") -> str:
    return body.decode(charset)


@cache
def rules(name: str) -> Rules:
    return Rules(name)


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
def services(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ScriptedServer]:
    """One server for all four, a connection to it for each hook, and one for each level of key."""
    (tmp_path / "audience.csv").write_text("email\n")
    monkeypatch.chdir(tmp_path)
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


def hooks_of(table: Table) -> list[ActivationHook]:
    """A hook for each connection of a service."""
    if table.name == "acoustic_exchange":
        return [table.hook_class(f"{table.name}_{level}") for level in KEY_LEVELS]
    return [table.hook_class(table.name)]


def arguments_of(entry: Entry) -> list[Arguments]:
    """What a method is given in each of its uses."""
    method = getattr(hooks_of(entry.table)[0], entry.name)
    return [entry.arguments(entry.table.standing_in, use, method) for use in entry.uses]


def with_odd_ids(entry: Entry) -> Iterator[Arguments]:
    """Each use, and the same with every id that is an argument replaced by an odd text or a large number."""
    hints = get_type_hints(getattr(entry.table.hook_class, entry.name))
    for arguments in arguments_of(entry):
        yield arguments
        ids = {
            name: [BIG] * allows(hints[name], int)
            + [str(BIG) if name in WHOLE_NUMBERS else ODD] * allows(hints[name], str)
            for name in ids_in(arguments)
            if not literals(hints[name])
        }
        for number in range(max(map(len, ids.values()), default=0)):
            odd = {name: values[min(number, len(values) - 1)] for name, values in ids.items()}
            yield arguments | odd


def ids_in(arguments: Arguments) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name.endswith(("_id", "_name"))}


def allows(hint: Any, kind: type) -> bool:
    """Whether a type is this one or a union with it."""
    return hint is kind or (get_origin(hint) in (Union, UnionType) and kind in get_args(hint))


def literals(hint: Any) -> set[Any]:
    """All choices of the Literals within a type."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    return {choice for inner in get_args(hint) for choice in literals(inner)}


def models_in(value: Any) -> Iterator[Input]:
    """All models within what a method is given."""
    if isinstance(value, Input):
        yield value
        yield from models_in([inner for _, inner in value])
    elif isinstance(value, Mapping):
        yield from models_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from models_in(inner)


def models_taken(table: Table) -> set[type[Input]]:
    """All models that a hook's methods take, and those within them."""
    found: set[type[Input]] = set()
    hints = [
        hint
        for method in table.methods
        for name, hint in get_type_hints(getattr(table.hook_class, method)).items()
        if name != "return"
    ]
    while hints:
        hint = hints.pop()
        if inspect.isclass(hint) and issubclass(hint, Input) and hint not in found:
            found.add(hint)
            hints += [field.annotation for field in hint.model_fields.values()]
        hints += get_args(hint)
    return found


def requests_of(services: ScriptedServer, hook: ActivationHook, name: str, given: Arguments) -> list[Asked]:
    """What a method sends, without logging in; nothing where the connection's key is of the wrong level."""
    services.asked.clear()
    failure = None
    try:
        apply(getattr(hook, name), given)
    except ActivationError as error:
        # most answers here cannot be read, which is not what is tested
        failure = error
    if isinstance(failure, InvalidConnection) and "authentication key of level" in str(failure):
        assert not services.asked, f"{name}({given}) was refused, and something was sent"
        return []
    assert services.asked, f"{name}({given}) sent nothing: {failure}"
    return [asked for asked in services.asked if asked.path not in LOG_INS]


@every_method
def test_every_request_of_a_method_keeps_to_the_contract(services: ScriptedServer, entry: Entry) -> None:
    hooks, written = hooks_of(entry.table), rules(entry.table.name)
    faults = []
    for given in with_odd_ids(entry):
        sent = [asked for hook in hooks for asked in requests_of(services, hook, entry.name, given)]
        assert sent, f"{entry.name}({given}) is refused with every key"
        for asked in sent:
            faults += [
                f"{entry.name}({given}): {asked.method} {asked.target}: {fault}"
                for fault in dict.fromkeys(written.faults(asked))
            ]
    assert not faults, "\n" + "\n".join(faults[:20])


@every_method
def test_ids_arrive_as_they_were_given(services: ScriptedServer, entry: Entry) -> None:
    for given in with_odd_ids(entry):
        arrived: set[str] = set()
        for hook in hooks_of(entry.table):
            for asked in requests_of(services, hook, entry.name, given):
                arrived |= {unquote(segment) for segment in asked.path.split("/")}
                arrived |= {value for _, value in asked.query}
        wanted = {str(value) for value in ids_in(given).values() if value is not None}
        assert wanted <= arrived, f"{entry.name}({given}): arrived {arrived}"


@pytest.mark.parametrize("name", ["liveramp", "dataddo"])
def test_logging_in_keeps_to_the_contract(services: ScriptedServer, name: str) -> None:
    (hook,) = hooks_of(TABLES[name])
    hook.test_connection()
    log_in, *_ = services.asked
    assert log_in.path in LOG_INS
    assert rules(name).faults(log_in) == []


def test_calls_take_the_levels_of_key_that_the_contract_lists(services: ScriptedServer) -> None:
    written = contract("acoustic_exchange")
    listed = {
        f"{one.method} {one.template}": set().union(*written.security(one)) for one in written.operations
    }
    taken: dict[str, set[str]] = {operation: set() for operation in listed}
    table = TABLES["acoustic_exchange"]
    for entry in table.methods.values():
        for given in arguments_of(entry):
            for level, hook in zip(KEY_LEVELS, hooks_of(table), strict=True):
                for asked in requests_of(services, hook, entry.name, given):
                    operation = written.find(asked.method, asked.path)
                    assert operation is not None, f"{asked.method} {asked.path} is not listed"
                    taken[f"{operation.method} {operation.template}"].add(f"{level}Key")
    assert taken == listed


@every_service
def test_each_argument_is_given_and_left_out_and_each_choice_is_made(
    services: ScriptedServer, table: Table
) -> None:
    missing = []
    for name, entry in table.methods.items():
        uses = arguments_of(entry)
        method = getattr(table.hook_class, name)
        hints = get_type_hints(method)
        for parameter in list(inspect.signature(method).parameters.values())[1:]:
            where = f"{name}: {parameter.name}"
            given = [arguments[parameter.name] for arguments in uses if parameter.name in arguments]
            if not given:
                missing.append(f"{where} is never given")
            if parameter.default is not parameter.empty and len(given) == len(uses):
                missing.append(f"{where} is never left out")
            for choice in literals(hints[parameter.name]):
                if choice not in [*given, parameter.default]:
                    missing.append(f"{where} is never {choice}")
    assert not missing, "\n" + "\n".join(sorted(missing))


@every_service
def test_each_field_of_what_is_sent_is_given_and_each_choice_is_made(
    services: ScriptedServer, table: Table
) -> None:
    uses = [given for entry in table.methods.values() for given in arguments_of(entry)]
    sent = list(models_in([list(given.values()) for given in uses]))
    missing = []
    for model in models_taken(table):
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
