"""LiveRamp: tokens, the catalogue, consent, connections and distribution."""

from __future__ import annotations

import re
import time
from typing import Any

import httpx
import pytest
from sandbox_testing import PLAIN, STEP, course, liveramp_token

from airflow_provider_activation.sandbox import Sandbox


def is_error(answer: httpx.Response, status: int) -> bool:
    body = answer.json()
    assert set(body) == {"httpStatus", "errorCode", "message"}, body
    return answer.status_code == int(body["httpStatus"]) == status


def start_attempt(liveramp: httpx.Client, **more: str) -> str:
    answer = liveramp.post("/oauth-connection-attempts", json={"oAuthEndpointID": "3001", **more})
    assert answer.status_code == 201
    assert set(answer.json()) == {"id"}
    return str(answer.json()["id"])


def attempt(liveramp: httpx.Client, attempt_id: str) -> dict[str, Any]:
    return dict(liveramp.get(f"/oauth-connection-attempts/{attempt_id}").json())


def decide(address: str, decision: str) -> httpx.Response:
    page = PLAIN.get(address)
    assert page.status_code == 200
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert ticket
    return PLAIN.post(address, data={"ticket": ticket[1], "decision": decision})


def authorise(sandbox: Sandbox, liveramp: httpx.Client, **more: str) -> str:
    attempt_id = start_attempt(liveramp, **more)
    decide(attempt(liveramp, attempt_id)["authorizationUrl"], "authorize")
    sandbox.advance(STEP)
    return str(attempt(liveramp, attempt_id)["oAuthConnectionID"])


def connection_body(**changed: Any) -> dict[str, Any]:
    body = {
        "integrationID": ["1002", "2002"],
        "properties": [
            {"propertyKey": "bucket", "propertyValue": "b"},
            {"propertyKey": "folder", "propertyValue": "f"},
        ],
        "deviceTypes": ["PII"],
        "distributionManagerName": "my manager",
        **changed,
    }
    return {name: value for name, value in body.items() if value is not ...}


def make_manager(liveramp: httpx.Client) -> str:
    assert liveramp.post("/integration-connections", json=connection_body()).status_code == 201
    return str(liveramp.get("/distribution-managers").json()["v2/DistributionManagers"][-1]["id"])


def config(manager: str, segment: str = "5000000001", **changed: Any) -> dict[str, Any]:
    return {"segmentID": segment, "segmentType": "ONBOARDING", "distributionManagerID": manager, **changed}


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
        with Sandbox(port=0, token_seconds=1) as short:
            headers = {"Authorization": f"Bearer {liveramp_token(short)}", "LR-Org-ID": "demo-org"}
            url = f"{short.url}/liveramp/v2/segments"
            assert PLAIN.get(url, headers=headers).status_code == 200
            time.sleep(1.05)
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


class TestIntegrationConnections:
    def test_create_with_distribution_manager(self, liveramp: httpx.Client) -> None:
        answer = liveramp.post("/integration-connections", json=connection_body())
        assert answer.status_code == 201
        assert set(answer.json()) == {"id"}
        connection_id = answer.json()["id"]
        listed = liveramp.get("/integration-connections").json()["v2/IntegrationConnections"]
        assert [item["id"] for item in listed] == [connection_id]
        assert liveramp.get(f"/integration-connections/{connection_id}").json() == listed[0]
        assert "oAuthConnectionID" not in listed[0]
        params = {"integrationConnectionID": connection_id}
        managers = liveramp.get("/distribution-managers", params=params).json()["v2/DistributionManagers"]
        assert managers[0]["name"] == "my manager"
        assert managers[0]["expireAt"] is None
        assert liveramp.get(f"/distribution-managers/{managers[0]['id']}").json() == managers[0]

    def test_create_with_oauth(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        body = connection_body(
            integrationID=["1001", "2001"],
            properties=[{"propertyKey": "accountId", "propertyValue": "A-1"}],
            deviceTypes=["WEB", "IOS"],
        )
        assert is_error(liveramp.post("/integration-connections", json=body), 422)
        assert is_error(
            liveramp.post("/integration-connections", json={**body, "oAuthConnectionID": "9"}), 422
        )
        # What the seed page says; the API description knows no such field.
        assert is_error(
            liveramp.post("/integration-connections", json={**body, "oAuthEndpointID": "3001"}), 422
        )
        body["oAuthConnectionID"] = authorise(sandbox, liveramp)
        assert liveramp.post("/integration-connections", json=body).status_code == 201

    @pytest.mark.parametrize(
        "changed",
        [
            {"integrationID": ["1002"]},
            {"integrationID": ["1001", "2002"]},
            {"integrationID": [1002, 2002]},
            {"integrationID": ["1002", "2003"], "properties": [], "deviceTypes": ["WEB"]},
            {"properties": {"bucket": "b", "folder": "f"}},
            {"properties": [{"propertyKey": "bucket", "propertyValue": "b"}]},
            {"properties": ...},
            {"deviceTypes": ["WEB"]},
            {"deviceTypes": []},
            {"deviceTypes": "PII"},
            {"oAuthConnectionID": "4000001"},
            {"distributionManagerName": "x" * 51},
            {"name": "x"},
        ],
    )
    def test_refusals(self, liveramp: httpx.Client, changed: dict[str, Any]) -> None:
        assert is_error(liveramp.post("/integration-connections", json=connection_body(**changed)), 422)
        assert liveramp.get("/integration-connections").json()["_pagination"]["total"] == 0

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\xff"])
    def test_malformed_bodies(self, liveramp: httpx.Client, body: bytes) -> None:
        headers = {"Content-Type": "application/json"}
        assert is_error(liveramp.post("/integration-connections", content=body, headers=headers), 422)


class TestDistribution:
    def test_delivery(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        answer = liveramp.post(f"/distribution-managers/{manager}/segment-configs", json=[config(manager)])
        assert answer.status_code == 207
        assert answer.json()[0]["status"]["httpStatus"] == 201
        config_id = answer.json()[0]["id"]

        def delivery() -> dict[str, Any]:
            return dict(
                liveramp.get("/deliveries", params={"segmentIDs": "5000000001"}).json()["v2/Deliveries"][0]
            )

        seen = course(sandbox, lambda: delivery()["status"])
        assert seen == ["PENDING", "IN_PROGRESS", "DELIVERED"]
        assert delivery()["recordCount"] == 4210
        listed = liveramp.get(f"/distribution-managers/{manager}/segment-configs").json()["segmentConfigs"]
        assert [item["id"] for item in listed] == [config_id]
        one = liveramp.get(f"/distribution-managers/{manager}/segment-configs/{config_id}").json()
        assert one == {**config(manager), "id": config_id}
        statuses = liveramp.get(
            "/segment-statuses", params={"segmentType": "ONBOARDING", "segmentIDs": "5000000001"}
        ).json()["v2/SegmentStatuses"]
        assert statuses[0]["taxonomy"]["taxonomySyncStatus"] == "SYNCED"

    def test_a_failing_delivery(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        sandbox.misbehave("fail", service="liveramp", path="*/segment-configs")
        liveramp.post(f"/distribution-managers/{manager}/segment-configs", json=[config(manager)])
        sandbox.advance(2 * STEP)
        assert liveramp.get("/deliveries").json()["v2/Deliveries"][0]["status"] == "FAILED"

    def test_each_item_has_its_outcome(self, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        items = [
            config(manager),
            config(manager, "1"),
            config(manager),
            config(manager, "5000000002", segmentType="DATA_MARKETPLACE"),
            config("1", "5000000003"),
            config(manager, destinationSegmentID="there"),
        ]
        answer = liveramp.post(f"/distribution-managers/{manager}/segment-configs", json=items)
        assert answer.status_code == 207
        assert [item["status"]["httpStatus"] for item in answer.json()] == [201, 404, 409, 422, 422, 201]
        again = liveramp.post(f"/distribution-managers/{manager}/segment-configs", json=[config(manager)])
        assert again.json()[0]["status"]["httpStatus"] == 409
        assert liveramp.get("/deliveries").json()["_pagination"]["total"] == 2

    def test_refused_whole(self, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        path = f"/distribution-managers/{manager}/segment-configs"
        assert is_error(liveramp.post(path, json=[config(manager)] * 501), 422)
        assert is_error(liveramp.post(path, json=config(manager)), 422)
        assert is_error(liveramp.post(path, json=[]), 422)
        assert is_error(liveramp.post(path, json=[config(manager), {**config(manager), "x": 1}]), 422)
        assert is_error(liveramp.post("/distribution-managers/9/segment-configs", json=[]), 404)
        assert liveramp.get("/deliveries").json()["_pagination"]["total"] == 0

    @pytest.mark.parametrize("spelling", ["segmentIDs", "segmentIDs[]"])
    def test_both_array_spellings(self, liveramp: httpx.Client, spelling: str) -> None:
        manager = make_manager(liveramp)
        items = [config(manager, str(5000000000 + number)) for number in (1, 2, 3)]
        liveramp.post(f"/distribution-managers/{manager}/segment-configs", json=items)
        params = {spelling: ["5000000001", "5000000003"]}
        found = liveramp.get("/deliveries", params=params).json()["v2/Deliveries"]
        assert [item["segmentID"] for item in found] == ["5000000001", "5000000003"]
        statuses = liveramp.get("/segment-statuses", params=params).json()["v2/SegmentStatuses"]
        assert len(statuses) == 2
        both = {"segmentIDs": "1", "segmentIDs[]": "2"}
        assert is_error(liveramp.get("/deliveries", params=both), 422)


def configs_path(manager: str) -> str:
    return f"/distribution-managers/{manager}/segment-configs"


def add(liveramp: httpx.Client, manager: str, *numbers: int) -> list[str]:
    """Put seeded segments into distribution, by their last digits; the ids of their configs."""
    items = [config(manager, str(5000000000 + number)) for number in numbers]
    outcomes = liveramp.post(configs_path(manager), json=items).json()
    assert [item["status"]["httpStatus"] for item in outcomes] == [201] * len(items)
    return [str(item["id"]) for item in outcomes]


def remove(liveramp: httpx.Client, manager: str, body: Any) -> httpx.Response:
    return liveramp.request("DELETE", configs_path(manager), json=body)


def outcomes(answer: httpx.Response) -> list[tuple[str, int]]:
    assert answer.status_code == 207, answer.text
    assert all(set(item) == {"id", "status"} for item in answer.json())
    return [(item["id"], item["status"]["httpStatus"]) for item in answer.json()]


class TestRemoval:
    def test_delivery(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        gone, stays = add(liveramp, manager, 1, 2)
        sandbox.advance(2 * STEP)
        assert outcomes(remove(liveramp, manager, [{"id": gone}])) == [(gone, 200)]
        listed = liveramp.get(configs_path(manager)).json()
        assert [item["id"] for item in listed["segmentConfigs"]] == [stays]
        assert listed["_pagination"]["total"] == 1
        assert is_error(liveramp.get(f"{configs_path(manager)}/{gone}"), 404)

        def deliveries() -> list[dict[str, Any]]:
            params = {"segmentIDs": "5000000001"}
            return list(liveramp.get("/deliveries", params=params).json()["v2/Deliveries"])

        added, removed = deliveries()
        assert (added["operationType"], added["status"]) == ("ADD", "DELIVERED")
        assert removed["operationType"] == "DELETE"
        assert removed["id"] != added["id"]
        assert removed["integrationConnectionID"] == added["integrationConnectionID"]
        assert removed["updatedAt"] > added["updatedAt"]
        assert course(sandbox, lambda: deliveries()[1]["status"]) == ["PENDING", "IN_PROGRESS", "DELIVERED"]
        assert deliveries()[0] == added
        assert liveramp.get("/deliveries").json()["_pagination"]["total"] == 3
        assert sandbox.state()["liveramp"]["deliveries"][-1]["operationType"] == "DELETE"

    def test_segment_statuses(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        (gone,) = add(liveramp, manager, 1)
        sandbox.advance(2 * STEP)
        remove(liveramp, manager, [{"id": gone}])
        statuses = liveramp.get("/segment-statuses", params={"segmentIDs": "5000000001"}).json()
        assert [item["taxonomy"] for item in statuses["v2/SegmentStatuses"]] == [
            {"taxonomySyncStatus": "NOT_CONFIGURED_TO_SYNC"}
        ]

    def test_a_failing_delivery(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        (gone,) = add(liveramp, manager, 1)
        sandbox.misbehave("fail", service="liveramp", method="DELETE", path="*/segment-configs")
        remove(liveramp, manager, [{"id": gone}])
        sandbox.advance(2 * STEP)
        states = [item["status"] for item in liveramp.get("/deliveries").json()["v2/Deliveries"]]
        assert states == ["DELIVERED", "FAILED"]

    def test_each_item_has_its_outcome(self, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        other = make_manager(liveramp)
        (first, second), (foreign,) = add(liveramp, manager, 1, 2), add(liveramp, other, 3)
        ids = [first, "1", foreign, first, second]
        answer = remove(liveramp, manager, [{"id": given} for given in ids])
        assert outcomes(answer) == list(zip(ids, [200, 404, 404, 404, 200], strict=True))
        assert {item["status"]["errorCode"] for item in answer.json()} == {"OK", "NOT_FOUND"}
        # The same again: all gone already, and nothing more is delivered.
        assert {status for _, status in outcomes(remove(liveramp, manager, [{"id": first}]))} == {404}
        assert liveramp.get("/deliveries").json()["_pagination"]["total"] == 5
        assert liveramp.get(configs_path(other)).json()["_pagination"]["total"] == 1

    def test_added_again(self, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        (gone,) = add(liveramp, manager, 1)
        remove(liveramp, manager, [{"id": gone}])
        (back,) = add(liveramp, manager, 1)
        assert back != gone
        listed = liveramp.get("/deliveries").json()["v2/Deliveries"]
        assert [item["operationType"] for item in listed] == ["ADD", "DELETE", "ADD"]

    def test_refused_whole(self, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        (stays,) = add(liveramp, manager, 1)
        wrong: list[Any] = [
            [{"id": stays}] * 501,
            [],
            {"id": stays},
            [stays],
            [{"id": int(stays)}],
            [{"id": ""}],
            [{"segmentID": "5000000001"}],
            [{"id": stays}, {"id": stays, "segmentID": "5000000001"}],
        ]
        for body in wrong:
            assert is_error(remove(liveramp, manager, body), 422), body
        assert is_error(liveramp.delete(configs_path(manager)), 422)
        assert is_error(remove(liveramp, "9", [{"id": stays}]), 404)
        assert liveramp.get(f"{configs_path(manager)}/{stays}").status_code == 200
        assert liveramp.get("/deliveries").json()["_pagination"]["total"] == 1
        assert len(outcomes(remove(liveramp, manager, [{"id": stays}] * 500))) == 500

    @pytest.mark.parametrize(
        ("path", "key"),
        [("configs", "segmentConfigs"), ("/segment-statuses", "v2/SegmentStatuses")],
    )
    def test_a_removal_between_two_pages_hides_nothing(
        self, liveramp: httpx.Client, path: str, key: str
    ) -> None:
        manager = make_manager(liveramp)
        path = configs_path(manager) if path == "configs" else path
        ids = add(liveramp, manager, 1, 2, 3, 4)
        first = liveramp.get(path, params={"limit": 2}).json()
        # The last one shown, by which the cursor goes, and one before it.
        remove(liveramp, manager, [{"id": ids[0]}, {"id": ids[1]}])
        params = {"limit": 2, "after": first["_pagination"]["after"]}
        second = liveramp.get(path, params=params).json()
        assert [item["segmentID"] for item in second[key]] == ["5000000003", "5000000004"]
