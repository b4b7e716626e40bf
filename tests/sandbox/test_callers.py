"""Who may use the sandbox: its own names, and its own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest
from sandbox_liveramp import attempt, start_attempt
from sandbox_testing import PLAIN, acoustic_client

from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.sandbox.core.callers import Callers

RULE = {"what": "status", "path": "/never"}
CHANGES = (
    ("POST", "/sandbox/reset"),
    ("POST", "/sandbox/misbehaviours"),
    ("POST", "/sandbox/habits"),
    ("DELETE", "/sandbox/misbehaviours"),
    ("DELETE", "/sandbox/habits/1"),
    ("PUT", "/sandbox/habits"),
)


class TestHosts:
    @pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
    def test_own_names(self, sandbox: Sandbox, name: str) -> None:
        host = f"{name}:{urlsplit(sandbox.url).port}"
        assert PLAIN.get(f"{sandbox.url}/sandbox/state", headers={"Host": host}).status_code == 200

    @pytest.mark.parametrize(
        "host",
        ["rebound.example:{}", "127.0.0.1", "localhost:1", "127.0.0.1.example:{}", "192.0.2.7:{}", "a b", ""],
    )
    @pytest.mark.parametrize(
        "path", ["/", "/sandbox/state", "/liveramp/v2/segments", "/acoustic-exchange/v1/endpoint"]
    )
    def test_others(self, sandbox: Sandbox, account: httpx.Client, host: str, path: str) -> None:
        headers = {**account.headers, "Host": host.format(urlsplit(sandbox.url).port)}
        assert PLAIN.get(f"{sandbox.url}{path}", headers=headers).status_code == 421
        assert sandbox.requests == []

    @pytest.mark.parametrize(
        ("listening", "host", "own"),
        [
            ("sandbox.internal", "sandbox.internal:8765", True),
            ("sandbox.internal", "other.internal:8765", False),
            ("sandbox.internal", "127.0.0.1:8765", True),
            ("192.0.2.7", "192.0.2.7:8765", True),
            ("192.0.2.7", "192.0.2.8:8765", False),
            ("0.0.0.0", "192.0.2.8:8765", True),
            ("0.0.0.0", "rebound.example:8765", False),
            ("::", "[2001:db8::1]:8765", True),
            ("2001:db8::1", "[2001:db8::1]:8765", True),
        ],
    )
    def test_the_host_it_listens_on(self, listening: str, host: str, own: bool) -> None:
        refusal = Callers(listening, "http://127.0.0.1:8765").refuse("GET", {"host": host})
        assert (refusal is None) is own


class TestOrigins:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://elsewhere.example"},
            {"Origin": "http://localhost:1"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ],
    )
    @pytest.mark.parametrize(("method", "path"), CHANGES)
    def test_foreign_pages_change_nothing(
        self, sandbox: Sandbox, web: httpx.Client, headers: dict[str, str], method: str, path: str
    ) -> None:
        sandbox.misbehave("status", path="/kept", times=None)
        assert web.request(method, path, json=RULE, headers=headers).status_code == 403
        assert [rule["path"] for rule in web.get("/sandbox/misbehaviours").json()] == ["/kept"]

    @pytest.mark.parametrize("site", ["same-origin", "none"])
    def test_own_pages_and_clients_do(self, sandbox: Sandbox, web: httpx.Client, site: str) -> None:
        headers = {"Origin": sandbox.url, "Sec-Fetch-Site": site}
        assert web.post("/sandbox/misbehaviours", json=RULE, headers=headers).status_code == 201
        assert web.post("/sandbox/misbehaviours", json=RULE).status_code == 201

    def test_a_foreign_page_may_link_here(self, web: httpx.Client) -> None:
        assert web.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200

    def test_the_consent_page(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        attempt_id = start_attempt(liveramp)
        address = attempt(liveramp, attempt_id)["authorizationUrl"]
        ticket = address.rpartition("=")[2]
        form = {"ticket": ticket, "decision": "authorize"}
        for origin, status, then in (("https://x.example", 403, "PENDING"), (sandbox.url, 200, "PROCESSING")):
            answer = PLAIN.post(address, data=form, headers={"Origin": origin})
            assert (answer.status_code, attempt(liveramp, attempt_id)["status"]) == (status, then)

    def test_the_services_too(self, sandbox: Sandbox) -> None:
        with acoustic_client(sandbox, "endpoint") as endpoint:
            foreign = {"Origin": "https://elsewhere.example"}
            assert endpoint.put("/endpoint", json={}, headers=foreign).status_code == 403
