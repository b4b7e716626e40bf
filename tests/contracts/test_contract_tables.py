"""Client, sandbox and contract list the same operations of each service."""

from __future__ import annotations

import pytest
from contracts import FOLDER, Table, contract, without_names
from endpoints import TABLES
from openapi_spec_validator import validate

from airflow_provider_activation.api import dataddo, liveramp
from airflow_provider_activation.sandbox.app import SERVICES as SANDBOXES
from airflow_provider_activation.sandbox.settings import Settings, Vault

every_service = pytest.mark.parametrize("name", TABLES)


def client_table(name: str) -> Table:
    return frozenset((call.method, without_names(call.template)) for _, _, call in TABLES[name].calls())


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
        == set(TABLES)
        == {kind.name.replace("-", "_") for kind in SANDBOXES}
    )


def test_the_addresses_in_the_client_are_the_contracts() -> None:
    token_server, _, path = liveramp.TOKEN_URL.partition("/authn")
    assert contract("liveramp").servers == {liveramp.BASE_URL, token_server}
    assert contract("liveramp").find("POST", f"/authn{path}") is not None
    assert contract("dataddo").servers == {dataddo.BASE_URL}
