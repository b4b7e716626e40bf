"""LiveRamp: tokens, the catalogue, lists and consent."""

from __future__ import annotations

import math
import time

import httpx
import pytest
from sandbox_liveramp import attempt, authorise, decide, is_error, start_attempt
from sandbox_testing import PLAIN, STEP, course, liveramp_token

from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled


class TestTokens:
    def test_grant(self, sandbox: Sandbox) -> None:
        form = {
            "grant_type": "password",
            "username": sandbox.secrets["liveramp_service_account"],
            "password": sandbox.secrets["liveramp_secret_key"],
            "client_id": "liveramp-api",
            "scope": "openid",
            "response_type": "token",
        }
        url = f"{sandbox.url}/liveramp/authn/v1/oauth2/token"
        granted = PLAIN.post(url, data=form).json()
        assert granted["token_type"] == "Bearer"
        assert granted["expires_in"] == 600
        assert granted["access_token"].startswith("test-token-")
        assert PLAIN.post(url, data={**form, "password": "x"}).json()["error"] == "invalid_grant"
        assert PLAIN.post(url, data={**form, "grant_type": "client_credentials"}).status_code == 400
        assert PLAIN.post(url, data={**form, "audience": "x"}).status_code == 400
        assert PLAIN.post(url, json=form).status_code == 400

    def test_missing_wrong_and_expired_tokens_differ(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        assert liveramp.get("/segments").status_code == 200
        assert is_error(liveramp.get("/segments", headers={"Authorization": "Basic x"}), 401)
        assert is_error(liveramp.get("/segments", headers={"Authorization": "Bearer nonsense"}), 401)
        sandbox.expire_tokens()
        assert is_error(liveramp.get("/segments"), 403)
        fresh = {"Authorization": f"Bearer {liveramp_token(sandbox)}"}
        assert liveramp.get("/segments", headers=fresh).status_code == 200

    def test_tokens_end_by_themselves(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        sandbox.advance(599 - 30)
        assert liveramp.get("/segments").status_code == 200
        sandbox.advance(31)
        assert is_error(liveramp.get("/segments"), 403)

    def test_tokens_end_in_real_time(self) -> None:
        with Sandbox(port=0, token_seconds=math.ceil(scaled(1))) as short:
            headers = {"Authorization": f"Bearer {liveramp_token(short)}", "LR-Org-ID": "demo-org"}
            url = f"{short.url}/liveramp/v2/segments"
            assert PLAIN.get(url, headers=headers).status_code == 200
            deadline = time.monotonic() + scaled(5)
            while PLAIN.get(url, headers=headers).status_code == 200:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert PLAIN.get(url, headers=headers).status_code == 403

    def test_organisation(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        assert is_error(liveramp.get("/segments", headers={"LR-Org-ID": "another"}), 403)
        del liveramp.headers["LR-Org-ID"]
        assert is_error(liveramp.get("/segments"), 422)


class TestLists:
    def test_pages(self, liveramp: httpx.Client) -> None:
        first = liveramp.get("/segments").json()
        assert len(first["v2/Segments"]) == 10
        assert first["_pagination"]["total"] >= 15
        second = liveramp.get("/segments", params={"after": first["_pagination"]["after"]}).json()
        assert second["_pagination"]["after"] is None
        ids = [item["id"] for item in first["v2/Segments"] + second["v2/Segments"]]
        assert len(set(ids)) == len(ids) == first["_pagination"]["total"]
        assert ids[0] == "5000000001"

    @pytest.mark.parametrize(
        "query", ["limit=0", "limit=101", "limit=x", "after=x", "colour=red", "limit=1&limit=2"]
    )
    def test_wrong_queries(self, liveramp: httpx.Client, query: str) -> None:
        assert is_error(liveramp.get(f"/segments?{query}"), 422)

    def test_segments_by_field(self, liveramp: httpx.Client) -> None:
        found = liveramp.get("/segments", params={"fieldName": "win_back", "valueName": "1"}).json()
        assert [item["id"] for item in found["v2/Segments"]] == ["5000000001"]
        assert liveramp.get("/segments", params={"valueName": "2"}).json()["v2/Segments"] == []
        assert liveramp.get("/segments/5000000001").json()["field"]["name"] == "win_back"
        assert is_error(liveramp.get("/segments/1"), 404)

    def test_catalogue(self, liveramp: httpx.Client) -> None:
        names = [item["name"] for item in liveramp.get("/destinations").json()["v2/Destinations"]]
        assert names[0] == "Example Ads"
        assert liveramp.get("/destinations/1001").json()["id"] == "1001"
        integration = liveramp.get("/destinations/1001/integrations").json()["integrations"][0]
        assert integration["oAuthEndpointID"] == "3001"
        assert "oAuthEndpointID" not in liveramp.get("/destinations/1002/integrations/2002").json()
        assert len(liveramp.get("/destinations/1002/integrations").json()["integrations"]) == 1
        wide = {"view": "STANDARD_WITH_UNAVAILABLE"}
        assert len(liveramp.get("/destinations/1002/integrations", params=wide).json()["integrations"]) == 2
        assert is_error(liveramp.get("/destinations/9/integrations"), 404)
        assert is_error(liveramp.get("/destinations/1001/integrations/2002"), 404)

    def test_unknown_operations(self, liveramp: httpx.Client) -> None:
        assert is_error(liveramp.get("/nothing"), 404)
        assert is_error(liveramp.put("/segments"), 405)


class TestConsent:
    def test_authorise(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        attempt_id = start_attempt(liveramp, state="s")
        shown = attempt(liveramp, attempt_id)
        assert shown["status"] == "PENDING"
        assert "oAuthConnectionID" not in shown
        page = PLAIN.get(shown["authorizationUrl"]).text
        assert "Example Ads" in page
        assert "Demo organisation" in page
        assert decide(shown["authorizationUrl"], "authorize").status_code == 200
        seen = course(sandbox, lambda: attempt(liveramp, attempt_id)["status"], steps=2)
        assert seen == ["PROCESSING", "AUTHORIZED"]
        connection_id = attempt(liveramp, attempt_id)["oAuthConnectionID"]
        listed = liveramp.get("/oauth-connections", params={"oAuthEndpointID": "3001"}).json()
        assert [item["id"] for item in listed["v2/OauthConnections"]] == [connection_id]
        assert liveramp.get(f"/oauth-connections/{connection_id}").json()["oAuthEndpointID"] == "3001"

    def test_deny(self, liveramp: httpx.Client) -> None:
        attempt_id = start_attempt(liveramp)
        address = attempt(liveramp, attempt_id)["authorizationUrl"]
        decide(address, "deny")
        shown = attempt(liveramp, attempt_id)
        assert shown["status"] == "FAILED"
        assert "denied" in shown["statusDetail"]
        assert liveramp.get("/oauth-connections").json()["v2/OauthConnections"] == []

    def test_a_decision_is_taken_once(self, liveramp: httpx.Client) -> None:
        address = attempt(liveramp, start_attempt(liveramp))["authorizationUrl"]
        ticket = address.partition("ticket=")[2]
        assert PLAIN.post(address, data={"ticket": ticket, "decision": "deny"}).status_code == 200
        assert PLAIN.post(address, data={"ticket": ticket, "decision": "authorize"}).status_code == 409

    def test_the_id_alone_does_not_consent(self, liveramp: httpx.Client) -> None:
        attempt_id = start_attempt(liveramp)
        address = attempt(liveramp, attempt_id)["authorizationUrl"].partition("?")[0]
        assert PLAIN.get(address).status_code == 404
        assert PLAIN.post(address, data={"ticket": "x", "decision": "authorize"}).status_code == 404
        assert attempt(liveramp, attempt_id)["status"] == "PENDING"

    def test_redirect_back(self, liveramp: httpx.Client) -> None:
        attempt_id = start_attempt(liveramp, redirectUrl="https://example.com/back?a=1", state="x y")
        answer = decide(attempt(liveramp, attempt_id)["authorizationUrl"], "authorize")
        assert answer.status_code == 303
        assert answer.headers["Location"] == "https://example.com/back?a=1&state=x+y"

    def test_authorise_again(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        connection_id = authorise(sandbox, liveramp)
        before = liveramp.get(f"/oauth-connections/{connection_id}").json()
        assert authorise(sandbox, liveramp, oAuthConnectionID=connection_id) == connection_id
        after = liveramp.get(f"/oauth-connections/{connection_id}").json()
        assert after["createdAt"] == before["createdAt"]
        assert after["updatedAt"] > before["updatedAt"]

    def test_refusals(self, liveramp: httpx.Client) -> None:
        path = "/oauth-connection-attempts"
        assert is_error(liveramp.post(path, json={"oAuthEndpointID": "1"}), 422)
        assert is_error(liveramp.post(path, json={"oAuthEndpointID": 3001}), 422)
        assert is_error(liveramp.post(path, json={"oAuthEndpointId": "3001"}), 422)
        unknown = {"oAuthEndpointID": "3001", "oAuthConnectionID": "9"}
        assert is_error(liveramp.post(path, json=unknown), 422)
        assert is_error(liveramp.get(f"{path}/9"), 404)

    def test_consent_auto(self) -> None:
        with Sandbox(port=0, consent="auto", step_seconds=STEP) as auto:
            headers = {"Authorization": f"Bearer {liveramp_token(auto)}", "LR-Org-ID": "demo-org"}
            with httpx.Client(base_url=f"{auto.url}/liveramp/v2", headers=headers, verify=False) as client:
                attempt_id = start_attempt(client)
                seen = course(auto, lambda: attempt(client, attempt_id)["status"])
        assert seen == ["PENDING", "PROCESSING", "AUTHORIZED"]
