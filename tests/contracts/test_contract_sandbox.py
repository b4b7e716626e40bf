"""The sandbox answers within the vendors' contracts, to requests that keep to them and to those that do not.

The contracts (the YAML files here) and the sandbox were written from the same documents by different people:
where they differ, one of them has misread.
"""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from contracts import FOLDER, Operation, contract
from endpoints import TABLES
from endpoints.table import Entry, Held, Use
from hypothesis import HealthCheck, settings
from jsonschema_rs import Draft202012Validator
from sandbox_testing import STEP
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NotSet
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from airflow_provider_activation.api.call import NOTHING
from airflow_provider_activation.sandbox import Sandbox

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 1,
        "generation": {
            # besides one for each bound and each kind of fault
            "max-examples": 20,
            "deterministic": True,
            "no-shrink": True,
            # they are sent along with every request
            "with-security-parameters": False,
        },
        # no contract says how a method that it does not list is refused
        "phases": {"coverage": {"unexpected-methods": []}},
    }
)

UNKNOWN_ONE_IN = 4


@dataclass
class Holdings:
    """What one service of the sandbox knows, so that requests can be about it.

    :param keys: credentials by the name that the contract gives their kind.
    :param values: what stands for a parameter, by its name.
    :param body: one that is accepted.
    """

    keys: Mapping[str, str]
    values: Mapping[str, Any]
    body: Any


class GeneratedRequests:
    """The requests that are generated from one contract.

    :param service: the contract's name, see `contracts.Contract`.
    """

    def __init__(self, service: str) -> None:
        self._contract = contract(service)
        self._operations = {(one.method, one.template): one for one in self._contract.operations}
        self._uses = {key: self._use_of(service, one) for key, one in self._operations.items()}
        # by the identity of a part of the contract, which lives as long as this does
        self._validators: dict[int, Draft202012Validator] = {}

    @property
    def title(self) -> str:
        """The contract's title."""
        return str(self._contract.document["info"]["title"])

    def holdings(self, case: Case[Any], held: Held) -> Holdings:
        """Make the sandbox ready for a request; what a call holds that it answers well."""
        operation = self._operation(case)
        entry, use = self._uses[operation.method, operation.template]
        assert use.ready is not None
        use.ready(held)
        call = entry.call(held, use)
        names = re.findall(r"\{(.*?)\}", operation.template)
        values: dict[str, Any] = dict(held.table.hook().get_conn().settings.headers)
        for name, value in [*zip(names, operation.match(call.path) or (), strict=True), *call.query]:
            values[name] = self._typed(operation, name, value, values.get(name, []))
        body = call.file.path.read_text() if call.file else dict(call.form) or call.json
        return Holdings(held.table.keys(held), values, body)

    def _typed(self, operation: Operation, name: str, value: str, before: list[str]) -> Any:
        """A value of a path or a query as the contract has it."""
        (schema,) = (one["schema"] for one in operation.parameters if one["name"] == name)
        match self._contract.follow(schema).get("type"):
            case "array":
                return [*before, value]
            case "integer":
                return int(value)
            case "boolean":
                return value == "true"
        return value

    def _use_of(self, service: str, operation: Operation) -> tuple[Entry, Use]:
        """The fullest use that reaches an operation and no special case of it, where there is such a one."""
        found = [
            (self._contract.find(call.method, call.path) is operation, entry, use)
            for entry, use, call in TABLES[service].calls()
            if use.ready and call.method == operation.method and operation.match(call.path) is not None
        ]
        assert found, f"no use in tests/support/endpoints reaches {operation.method} {operation.template}"
        *_, (_, entry, use) = sorted(found, key=lambda one: one[0])
        return entry, use

    def credentials(self, case: Case[Any], holdings: Holdings) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and query of one of the ways to authenticate that the operation allows."""
        ways = self._contract.security(self._operation(case)) or [set()]
        headers: dict[str, str] = {}
        query: dict[str, str] = {}
        for name in ways[_choice(case) % len(ways)]:
            scheme, key = self._contract.document["components"]["securitySchemes"][name], holdings.keys[name]
            if scheme["type"] == "http":
                headers["Authorization"] = f"Bearer {key}"
            else:
                (query if scheme["in"] == "query" else headers)[scheme["name"]] = key
        return headers, query

    def fit(self, case: Case[Any], holdings: Holdings) -> None:
        """Let a request be about what is there.

        What the contract forbids stays as it is, and one of the values that it allows, since those are what
        is tried; all others give way to values that the sandbox knows. Without this nearly every answer would
        be that something does not exist. That is what is tried with some of the requests that are allowed.
        """
        operation, choice = self._operation(case), _choice(case)
        unknown = _unknown(case, choice)
        for parameter in operation.parameters:
            name = parameter["name"]
            place = case.get_container(ParameterLocation(parameter["in"]))
            held = holdings.values.get(name)
            if held is None or name == unknown or not isinstance(place, MutableMapping):
                continue
            if self._accepts(parameter, place.get(name)):
                place[name] = held
        self._thin_out_query(case, operation, choice)
        # bytes are no JSON at all
        if holdings.body is not NOTHING and not isinstance(case.body, NotSet | bytes):
            content = self._contract.follow(operation.description["requestBody"])["content"]
            if case.media_type in content:
                case.body = self._body(case.body, holdings.body, content[case.media_type]["schema"], choice)

    def _operation(self, case: Case[Any]) -> Operation:
        return self._operations[case.operation.method.upper(), case.path]

    def _thin_out_query(self, case: Case[Any], operation: Operation, choice: int) -> None:
        # of many values at once one is nearly always about nothing; each of them gets its turn
        listed = {parameter["name"]: parameter for parameter in operation.parameters}
        if any(
            name not in listed or not self._accepts(listed[name], value) for name, value in case.query.items()
        ):
            return
        optional = sorted(name for name in case.query if not listed[name].get("required"))
        for position, name in enumerate(optional):
            if position != choice % (len(optional) + 1):
                del case.query[name]

    def _body(self, generated: Any, good: Any, schema: Mapping[str, Any], choice: int) -> Any:
        if not self._valid(schema, generated):
            return self._mended(generated, good, schema)
        if isinstance(generated, dict) and isinstance(good, dict):
            names = sorted(generated)
            tried = names[choice % (len(names) + 1) :][:1]
            return {**good, **{name: generated[name] for name in tried}}
        return good

    def _mended(self, generated: Any, good: Any, schema: Mapping[str, Any]) -> Any:
        """The same faults in what is good otherwise."""
        schema = self._contract.follow(schema)
        if self._valid(schema, generated):
            return good
        if isinstance(generated, dict) and isinstance(good, dict):
            known = schema.get("properties", {})
            mended = {}
            for name, value in generated.items():
                if name in known and name in good:
                    mended[name] = self._mended(value, good[name], known[name])
                elif name not in known or not self._valid(known[name], value):
                    mended[name] = value
            return mended
        if isinstance(generated, list) and isinstance(good, list) and good and "items" in schema:
            return [self._mended(item, good[0], schema["items"]) for item in generated]
        return generated

    def _accepts(self, parameter: Mapping[str, Any], value: Any) -> bool:
        # what stands in a path or a query is text, whatever it is meant to be
        read = [value]
        if isinstance(value, str) and re.fullmatch("-?[0-9]{1,18}", value):
            read.append(int(value))
        if value in ("true", "false"):
            read.append(value == "true")
        return any(self._valid(parameter["schema"], one) for one in read)

    def _valid(self, schema: Mapping[str, Any], value: Any) -> bool:
        validator = self._validators.get(id(schema))
        if validator is None:
            whole = {**schema, "components": self._contract.document["components"]}
            validator = self._validators[id(schema)] = Draft202012Validator(whole)
        return validator.is_valid(value)


def _choice(case: Case[Any]) -> int:
    """A number that is the same whenever a request is, so that a failure comes again."""
    return zlib.crc32(repr(case).encode())


def _unknown(case: Case[Any], choice: int) -> str | None:
    """The parameter in the path that is to name nothing, if any."""
    names = re.findall(r"\{(.*?)\}", case.path)
    # a fault elsewhere in the request would hide behind it
    if not names or (case.meta is not None and case.meta.generation.mode.is_negative):
        return None
    return dict(enumerate(names)).get(choice % (UNKNOWN_ONE_IN * len(names)))


REQUESTS = {service: GeneratedRequests(service) for service in TABLES}
SERVICES = {generated.title: service for service, generated in REQUESTS.items()}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(port=0, consent="auto", step_seconds=STEP) as sandbox, pytest.MonkeyPatch.context() as patch:
        for conn_id, connection in sandbox.connections.items():
            patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
        yield sandbox


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


class Checked:
    """The requests to one operation, before each of which the sandbox holds the same."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox, self._folder = sandbox, folder
        self._holdings: Holdings | None = None
        self.statuses: Counter[int] = Counter()

    def holdings(self, service: str, case: Case[Any]) -> Holdings:
        """What is there now."""
        if self._holdings is None:
            self._sandbox.reset()
            self._holdings = REQUESTS[service].holdings(
                case, Held(TABLES[service], self._sandbox, self._folder)
            )
        return self._holdings

    def note(self, case: Case[Any], status: int) -> None:
        """Count an answer, after which something that is held may be different or gone."""
        self.statuses[status] += 1
        only_adds = case.method == "GET" or (case.method == "POST" and not case.path_parameters)
        if _is_success(status) and not only_adds:
            self._holdings = None

    @property
    def successes(self) -> int:
        """How many answers were successes."""
        return sum(count for status, count in self.statuses.items() if _is_success(status))


def _is_success(status: int) -> bool:
    return status < 300 or status == 304


@pytest.fixture
def checked(running: Sandbox, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Checked]:
    """For one operation, which must have succeeded in the end: else only its refusals have been checked."""
    checked = Checked(running, tmp_path)
    yield checked
    operation = request.node.name.partition("[")[2]
    # plain values: they may pass from one process to another
    statuses = dict(checked.statuses)
    request.node.user_properties.append(("answers", (operation, checked.successes, statuses)))
    assert checked.successes, f"{operation} never succeeded: {dict(checked.statuses)}"


@schemathesis.pytest.parametrize(
    **{
        service: schemathesis.openapi.from_path(FOLDER / f"{service}.yaml", config=CONFIG)
        for service in TABLES
    }
)
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_answers_are_within_the_contract(
    case: Case[Any], running: Sandbox, session: requests.Session, checked: Checked
) -> None:
    service = SERVICES[case.operation.schema.raw_schema["info"]["title"]]
    generated = REQUESTS[service]
    holdings = checked.holdings(service, case)
    headers, params = generated.credentials(case, holdings)
    generated.fit(case, holdings)
    response = case.call(
        base_url=f"{running.url}/{service.replace('_', '-')}",
        session=session,
        headers=headers,
        params=params,
        allow_redirects=False,
    )
    checked.note(case, response.status_code)
    case.validate_response(response, checks=CHECKS)
