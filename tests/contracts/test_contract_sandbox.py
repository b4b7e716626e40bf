"""The sandbox answers within the vendors' contracts, to requests that are in them and to such that are not.

The contracts (the YAML files here) and the sandbox were written from the same documents by different people, so
where they differ one of them has misread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import requests
import schemathesis
from contract_holdings import HOLDINGS
from contract_testing import Contract, Holdings
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

CONTRACTS = {service: Contract(service) for service in HOLDINGS}


def _config() -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "generation": {
                "max-examples": 10,
                "deterministic": True,
                "no-shrink": True,
                # they are sent with every request, see below
                "with-security-parameters": False,
            },
            # methods and media types that no contract speaks of are the sandbox's own tests' business
            "phases": {"coverage": {"unexpected-methods": []}},
        }
    )


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(port=0, step_seconds=STEP, secrets=SECRETS) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


class Prepared:
    """One service of the sandbox, holding the same before each request."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._holdings: Holdings | None = None
        self.statuses: Counter[int] = Counter()

    def holdings(self, service: str, operation: str) -> Holdings:
        """What is there now; made anew after something has changed."""
        if self._holdings is None:
            self._sandbox.reset()
            self._holdings = HOLDINGS[service](self._sandbox, operation)
        return self._holdings

    def note(self, case: Case, response: schemathesis.Response) -> None:
        """Count an answer. What has succeeded may have changed what is held; a GET at most adds to it."""
        self.statuses[response.status_code] += 1
        if case.method != "GET" and self._succeeded(response.status_code):
            self._holdings = None

    @staticmethod
    def _succeeded(status: int) -> bool:
        return status < 300 or status == 304

    def successes(self) -> int:
        """How many answers were successes."""
        return sum(count for status, count in self.statuses.items() if self._succeeded(status))


@pytest.fixture
def prepared(running: Sandbox, request: pytest.FixtureRequest) -> Iterator[Prepared]:
    """A sandbox for one operation, which must have succeeded at least once in the end."""
    prepared = Prepared(running)
    yield prepared
    checked = (request.node.name, prepared.successes(), dict(sorted(prepared.statuses.items())))
    request.node.user_properties.append(("answers", checked))
    assert prepared.successes(), f"{request.node.name} never succeeded: {dict(prepared.statuses)}"


@schemathesis.pytest.parametrize(
    **{
        service: schemathesis.openapi.from_path(contract.path, config=_config())
        for service, contract in CONTRACTS.items()
    }
)
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_answers_are_within_the_contract(
    case: Case, running: Sandbox, session: requests.Session, prepared: Prepared
) -> None:
    service, contract = next(
        (s, c) for s, c in CONTRACTS.items() if c.title == case.operation.schema.raw_schema["info"]["title"]
    )
    holdings = prepared.holdings(service, contract.operation_id(case))
    headers, params = contract.credentials(case, holdings)
    # Now and then as generated: about things that are not there.
    contract.fit(case, holdings)
    response = case.call(
        base_url=f"{running.url}/{service.replace('_', '-')}",
        session=session,
        headers=headers,
        params=params,
        allow_redirects=False,
    )
    prepared.note(case, response)
    case.validate_response(response, checks=CHECKS)
