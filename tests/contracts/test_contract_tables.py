"""Client, sandbox and contract list the same operations of each service."""

from __future__ import annotations

import re

import pytest
from contracts import FOLDER, Operation, contract
from endpoints import TABLES
from openapi_spec_validator import validate

from airflow_provider_activation.api import dataddo, liveramp
from airflow_provider_activation.sandbox.core.credentials import Vault
from airflow_provider_activation.sandbox.core.habits import Habits
from airflow_provider_activation.sandbox.core.settings import Settings
from airflow_provider_activation.sandbox.core.traits import Traits
from airflow_provider_activation.sandbox.services import SERVICES as SANDBOXES

every_service = pytest.mark.parametrize("name", TABLES)


Table = frozenset[tuple[str, str]]
"""Methods in capitals and path templates, whose variables have lost their names."""


def without_names(template: str) -> str:
    """A path template with ``{}`` for each variable: names differ between documents, client and sandbox."""
    return re.sub(r"\{[^}]*\}", "{}", template)


def contract_table(name: str) -> Table:
    """What a contract lists, a special case of an operation as that operation."""
    return frozenset((one.method, without_names(one.general)) for one in contract(name).operations)


def is_described(operation: Operation) -> bool:
    """Whether it has an id, says where it comes from, and what it answers."""
    return all(operation.description.get(name) for name in ("operationId", "description", "responses"))


def servers(name: str) -> set[str]:
    """The addresses that a contract names, of single paths too."""
    document = contract(name).document
    places = [document, *document["paths"].values()]
    return {server["url"] for place in places for server in place.get("servers", ())}


def client_table(name: str) -> Table:
    return frozenset((call.method, without_names(call.template)) for _, _, call in TABLES[name].calls())


def sandbox_table(name: str) -> Table:
    settings = Settings()
    (kind,) = (kind for kind in SANDBOXES if kind.name.replace("-", "_") == name)
    service = kind(settings, Vault(settings), Traits(kind.name, Habits([]), settings.clock))
    table = frozenset(
        (route.method, without_names(route.template))
        for route in service.routes
        if not route.template.startswith(kind.beside_api)
    )
    cases = {(one.method, without_names(one.template)): one for one in contract(name).operations}
    return frozenset((row[0], without_names(cases[row].general)) if row in cases else row for row in table)


def differences(here: str, table: Table, there: str, other: Table) -> str:
    """What one of two tables lacks, by name; empty where they are equal."""
    return "\n".join(
        f"{method} {template} is in the {one} and not in the {another}"
        for one, rows, another, others in ((here, table, there, other), (there, other, here, table))
        for method, template in sorted(rows - others, key=lambda row: row[1])
    )


@every_service
def test_client_and_contract_list_the_same(name: str) -> None:
    found = differences("client", client_table(name), "contract", contract_table(name))
    assert not found, "\n" + found


@every_service
def test_sandbox_and_contract_list_the_same(name: str) -> None:
    found = differences("sandbox", sandbox_table(name), "contract", contract_table(name))
    assert not found, "\n" + found


@every_service
def test_client_and_sandbox_list_the_same(name: str) -> None:
    found = differences("client", client_table(name), "sandbox", sandbox_table(name))
    assert not found, "\n" + found


@every_service
def test_a_contract_is_valid_and_describes_each_operation(name: str) -> None:
    written = contract(name)
    validate(written.document)
    assert [one.template for one in written.operations if not is_described(one)] == []
    listed = {(one.method, one.template): one for one in written.operations}
    for one in written.operations:
        general = listed[one.method, one.general]
        assert general is one or general.match(one.template) is not None, one.template


def test_each_service_has_a_contract() -> None:
    assert (
        {path.stem for path in FOLDER.glob("*.yaml")}
        == set(TABLES)
        == {kind.name.replace("-", "_") for kind in SANDBOXES}
    )


def test_the_addresses_in_the_client_are_the_contracts() -> None:
    token_server, _, path = liveramp.TOKEN_URL.partition("/authn")
    assert servers("liveramp") == {liveramp.BASE_URL, token_server}
    assert contract("liveramp").find("POST", f"/authn{path}") is not None
    assert servers("dataddo") == {dataddo.BASE_URL}
