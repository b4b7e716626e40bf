"""The sandbox answers within the vendors' contracts, to requests that keep to them and to those that do not.

The contracts (the YAML files here) and the sandbox were written from the same documents by different people:
where they differ, one of them has misread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from contract_holdings import HOLDINGS
from contracts import FOLDER
from generated_requests import GeneratedRequests, Holdings
from hypothesis import HealthCheck, settings
from sandbox_testing import SECRETS, STEP
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

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

REQUESTS = {service: GeneratedRequests(service) for service in HOLDINGS}
SERVICES = {generated.title: service for service, generated in REQUESTS.items()}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(port=0, step_seconds=STEP, secrets=SECRETS) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


class Checked:
    """The requests to one operation, before each of which the sandbox holds the same."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._holdings: Holdings | None = None
        self.statuses: Counter[int] = Counter()

    def holdings(self, service: str, operation_id: str) -> Holdings:
        """What is there now."""
        if self._holdings is None:
            self._sandbox.reset()
            self._holdings = HOLDINGS[service](self._sandbox, operation_id)
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
def checked(running: Sandbox, request: pytest.FixtureRequest) -> Iterator[Checked]:
    """For one operation, which must have succeeded in the end: else only its refusals have been checked."""
    checked = Checked(running)
    yield checked
    operation = request.node.name.partition("[")[2]
    request.node.user_properties.append(("answers", (operation, checked.successes, checked.statuses)))
    assert checked.successes, f"{operation} never succeeded: {dict(checked.statuses)}"


@schemathesis.pytest.parametrize(
    **{
        service: schemathesis.openapi.from_path(FOLDER / f"{service}.yaml", config=CONFIG)
        for service in HOLDINGS
    }
)
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_answers_are_within_the_contract(
    case: Case[Any], running: Sandbox, session: requests.Session, checked: Checked
) -> None:
    service = SERVICES[case.operation.schema.raw_schema["info"]["title"]]
    generated = REQUESTS[service]
    holdings = checked.holdings(service, generated.operation_id(case))
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
