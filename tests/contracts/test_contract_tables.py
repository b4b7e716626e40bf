"""Client, sandbox and contract list the same operations of each service."""

from __future__ import annotations

import importlib
import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import uses_of_acoustic_exchange
import uses_of_dataddo
import uses_of_delta_projects
import uses_of_liveramp
from contracts import FOLDER, Table, contract, without_names
from hook_uses import models_in
from openapi_spec_validator import validate
from pydantic import BaseModel

from airflow_provider_activation import api
from airflow_provider_activation.api import dataddo, liveramp
from airflow_provider_activation.api.call import Call
from airflow_provider_activation.api.models import Input
from airflow_provider_activation.errors import InvalidRequest
from airflow_provider_activation.sandbox.core.credentials import Vault
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.services import SERVICES as SANDBOXES

USES = {
    "liveramp": uses_of_liveramp.USES,
    "acoustic_exchange": uses_of_acoustic_exchange.USES,
    "delta_projects": uses_of_delta_projects.USES,
    "dataddo": uses_of_dataddo.USES,
}
MODELS: dict[type[Input], Input] = {
    type(model): model
    for uses in USES.values()
    for one in uses
    for model in models_in([*one.arguments, *one.named.values()])
}
SIMPLE: dict[Any, Any] = {str: "a", int: 1, bool: True, Path: Path("a"), Any: "a", type(None): None}

every_service = pytest.mark.parametrize("name", USES)


def calls_of(name: str) -> dict[str, Callable[..., Call[Any]]]:
    """All functions of a service's module that answer a `Call`, found by their annotation."""
    module = importlib.import_module(f"{api.__name__}.{name}")
    return {
        function_name: function
        for function_name, function in inspect.getmembers(module, inspect.isfunction)
        if str(function.__annotations__.get("return")).startswith("Call[")
    }


def samples(hint: Any) -> list[Any]:
    """Values of a type: all there are where it lists them, else one."""
    if hint in SIMPLE:
        return [SIMPLE[hint]]
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    if get_origin(hint) is Sequence:
        return [[samples(get_args(hint)[0])[0]]]
    if get_origin(hint) is Mapping:
        return [{"a": "a"}]
    if hint in MODELS:
        return [MODELS[hint]]
    if inspect.isclass(hint) and issubclass(hint, BaseModel):
        return [hint.model_construct()]
    if is_dataclass(hint):
        types = get_type_hints(hint)
        return [hint(*(samples(types[field.name])[0] for field in fields(hint)))]  # type: ignore[operator]
    values = [value for inner in get_args(hint) for value in samples(inner)]
    assert values, f"no sample of {hint}"
    return values


def variants(function: Callable[..., Call[Any]]) -> Iterator[Call[Any]]:
    """The calls a function makes of all combinations of samples, and without what may be left out."""
    hints = get_type_hints(function)
    parameters = inspect.signature(function).parameters.values()
    choices = [
        [
            *([None] if parameter.default is not parameter.empty else []),
            *((parameter.name, value) for value in samples(hints[parameter.name])),
        ]
        for parameter in parameters
    ]
    for chosen in itertools.product(*choices):
        try:
            yield function(**dict(pair for pair in chosen if pair is not None))
        except InvalidRequest:
            # not every combination makes sense
            continue


def client_table(name: str) -> Table:
    rows = set()
    for function_name, function in calls_of(name).items():
        made = {(call.method, without_names(call.template)) for call in variants(function)}
        assert made, f"{name}.{function_name} makes no call of any sample"
        rows |= made
    return frozenset(rows)


def sandbox_table(name: str) -> Table:
    settings = Settings()
    (kind,) = (kind for kind in SANDBOXES if kind.name.replace("-", "_") == name)
    table = frozenset(
        (route.method, without_names(route.template))
        for route in kind(settings, Vault(settings)).routes
        if not route.template.startswith(kind.beside_api)
    )
    return contract(name).generalised(table)


def differences(here: str, table: Table, there: str, other: Table) -> str:
    """What one of two tables lacks, by name; empty where they are equal."""
    return "\n".join(
        f"{method} {template} is in the {one} and not in the {another}"
        for one, rows, another, others in ((here, table, there, other), (there, other, here, table))
        for method, template in sorted(rows - others, key=lambda row: row[1])
    )


@every_service
def test_client_and_contract_list_the_same(name: str) -> None:
    found = differences("client", client_table(name), "contract", contract(name).table)
    assert not found, "\n" + found


@every_service
def test_sandbox_and_contract_list_the_same(name: str) -> None:
    found = differences("sandbox", sandbox_table(name), "contract", contract(name).table)
    assert not found, "\n" + found


@every_service
def test_client_and_sandbox_list_the_same(name: str) -> None:
    found = differences("client", client_table(name), "sandbox", sandbox_table(name))
    assert not found, "\n" + found


@every_service
def test_a_contract_is_valid_and_describes_each_operation(name: str) -> None:
    written = contract(name)
    validate(written.document)
    assert [one.template for one in written.operations if not one.is_described] == []
    listed = {(one.method, one.template): one for one in written.operations}
    for one in written.operations:
        general = listed[one.method, one.general]
        assert general is one or general.match(one.template) is not None, one.template


def test_each_service_has_a_contract() -> None:
    assert (
        {path.stem for path in FOLDER.glob("*.yaml")}
        == set(USES)
        == {kind.name.replace("-", "_") for kind in SANDBOXES}
    )


def test_the_addresses_in_the_client_are_the_contracts() -> None:
    token_server, _, path = liveramp.TOKEN_URL.partition("/authn")
    assert contract("liveramp").servers == {liveramp.BASE_URL, token_server}
    assert contract("liveramp").find("POST", f"/authn{path}") is not None
    assert contract("dataddo").servers == {dataddo.BASE_URL}
