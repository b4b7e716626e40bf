"""LiveRamp: integration connections and their distribution managers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sandbox_liveramp import (
    add,
    authorise,
    config,
    configs_path,
    connection_body,
    is_error,
    make_manager,
    outcomes,
    remove,
)
from sandbox_testing import STEP, course

from airflow_provider_activation.sandbox import Sandbox


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
        # What "Configure Distributions" says; the API description knows no such field.
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

    def test_two_of_a_kind(self, liveramp: httpx.Client) -> None:
        """Nothing in the documents keeps anybody from making the same connection twice."""
        made = [liveramp.post("/integration-connections", json=connection_body()).json() for _ in range(2)]
        assert made[0] != made[1]
        managers = liveramp.get("/distribution-managers").json()["v2/DistributionManagers"]
        assert [item["name"] for item in managers] == ["my manager", "my manager"]


def make_connection(liveramp: httpx.Client, **changed: Any) -> str:
    body = connection_body(distributionManagerName=..., **changed)
    answer = liveramp.post("/integration-connections", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def changeable(bucket: str = "other", **changed: Any) -> dict[str, Any]:
    properties = [
        {"propertyKey": "folder", "propertyValue": "f"},
        {"propertyKey": "bucket", "propertyValue": bucket},
    ]
    body = {"properties": properties, "deviceTypes": ["RAMP_ID"], **changed}
    return {name: value for name, value in body.items() if value is not ...}


class TestUpdateOfIntegrationConnections:
    def test_update(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        path = f"/integration-connections/{make_connection(liveramp)}"
        before = liveramp.get(path).json()
        sandbox.advance(1)
        answer = liveramp.put(path, json=changeable())
        assert (answer.status_code, answer.content) == (200, b"")
        after = liveramp.get(path).json()
        assert after == {**before, **changeable(), "updatedAt": after["updatedAt"]}
        assert after["updatedAt"] > before["updatedAt"]
        assert sandbox.state()["liveramp"]["integrationConnections"] == [after]

    def test_an_authorisation_left_out_is_not_kept(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        needed = {
            "properties": [{"propertyKey": "accountId", "propertyValue": "A-1"}],
            "deviceTypes": ["WEB"],
            "oAuthConnectionID": authorise(sandbox, liveramp),
        }
        path = (
            f"/integration-connections/{make_connection(liveramp, integrationID=['1001', '2001'], **needed)}"
        )
        without = {name: value for name, value in needed.items() if name != "oAuthConnectionID"}
        assert is_error(liveramp.put(path, json=without), 422)
        renewed = authorise(sandbox, liveramp)
        changed = {**needed, "deviceTypes": ["IOS", "WEB"], "oAuthConnectionID": renewed}
        assert liveramp.put(path, json=changed).status_code == 200
        after = liveramp.get(path).json()
        assert (after["oAuthConnectionID"], after["deviceTypes"]) == (renewed, ["IOS", "WEB"])

    @pytest.mark.parametrize(
        "changed",
        [
            {"properties": ...},
            {"properties": []},
            {"properties": [{"propertyKey": "bucket", "propertyValue": 5}]},
            {"deviceTypes": ...},
            {"deviceTypes": ["WEB"]},
            {"deviceTypes": ["PII", "PII"]},
            {"oAuthConnectionID": "4000001"},
            {"oAuthConnectionID": None},
            {"integrationID": ["1002", "2002"]},
            {"distributionManagerName": "x"},
        ],
    )
    def test_refusals(self, liveramp: httpx.Client, changed: dict[str, Any]) -> None:
        path = f"/integration-connections/{make_connection(liveramp)}"
        before = liveramp.get(path).json()
        assert is_error(liveramp.put(path, json=changeable(**changed)), 422)
        assert liveramp.get(path).json() == before

    def test_unknown(self, liveramp: httpx.Client) -> None:
        assert is_error(liveramp.put("/integration-connections/1", json=changeable()), 404)
        assert is_error(liveramp.delete("/integration-connections/1"), 404)


class TestDeletionOfIntegrationConnections:
    def test_delete(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        gone, stays = make_connection(liveramp), make_connection(liveramp)
        answer = liveramp.delete(f"/integration-connections/{gone}")
        assert (answer.status_code, answer.content) == (200, b"")
        assert is_error(liveramp.get(f"/integration-connections/{gone}"), 404)
        assert is_error(liveramp.delete(f"/integration-connections/{gone}"), 404)
        assert [item["id"] for item in sandbox.state()["liveramp"]["integrationConnections"]] == [stays]
        assert make_connection(liveramp) not in (gone, stays)

    def test_a_distribution_manager_is_in_the_way(self, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        connection = liveramp.get(f"/distribution-managers/{manager}").json()["integrationConnectionID"]
        assert is_error(liveramp.delete(f"/integration-connections/{connection}"), 422)
        assert liveramp.delete(f"/distribution-managers/{manager}").status_code == 200
        assert liveramp.delete(f"/integration-connections/{connection}").status_code == 200

    def test_a_deletion_between_two_pages_hides_nothing(self, liveramp: httpx.Client) -> None:
        ids = [make_connection(liveramp) for _ in range(4)]
        first = liveramp.get("/integration-connections", params={"limit": 2}).json()
        liveramp.delete(f"/integration-connections/{ids[0]}")
        params = {"limit": 2, "after": first["_pagination"]["after"]}
        second = liveramp.get("/integration-connections", params=params).json()
        assert [item["id"] for item in second["v2/IntegrationConnections"]] == ids[2:]


def manager_body(connection: str, **changed: Any) -> dict[str, Any]:
    body = {"name": "m", "integrationConnectionID": connection, **changed}
    return {name: value for name, value in body.items() if value is not ...}


class TestDistributionManagers:
    def test_create(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        connection = make_connection(liveramp)
        answer = liveramp.post("/distribution-managers", json=manager_body(connection, name="x" * 50))
        assert answer.status_code == 201
        assert set(answer.json()) == {"id"}
        made = liveramp.get(f"/distribution-managers/{answer.json()['id']}").json()
        assert made == {
            "id": answer.json()["id"],
            "name": "x" * 50,
            "integrationConnectionID": connection,
            "status": "ACTIVE",
            "expireAt": None,
            "createdAt": made["createdAt"],
            "updatedAt": made["createdAt"],
        }
        assert sandbox.state()["liveramp"]["distributionManagers"] == [made]

    def test_create_with_all_fields(self, liveramp: httpx.Client) -> None:
        body = manager_body(make_connection(liveramp), status="INACTIVE", expireAt="2999-12-31")
        made = liveramp.post("/distribution-managers", json=body).json()["id"]
        assert body.items() <= liveramp.get(f"/distribution-managers/{made}").json().items()

    @pytest.mark.parametrize(
        "changed",
        [
            {"name": ...},
            {"name": ""},
            {"name": "x" * 51},
            {"name": 5},
            {"integrationConnectionID": ...},
            {"integrationConnectionID": "1"},
            {"integrationConnectionID": 7100001},
            {"status": "active"},
            {"status": None},
            {"expireAt": "2999-12-31T00:00:00Z"},
            {"expireAt": "2999-2-1"},
            {"expireAt": "2999-02-30"},
            {"segments": []},
        ],
    )
    def test_refusals(self, liveramp: httpx.Client, changed: dict[str, Any]) -> None:
        body = manager_body(make_connection(liveramp), **changed)
        assert is_error(liveramp.post("/distribution-managers", json=body), 422)
        assert liveramp.get("/distribution-managers").json()["_pagination"]["total"] == 0

    def test_update(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        path = f"/distribution-managers/{make_manager(liveramp)}"
        before = liveramp.get(path).json()
        sandbox.advance(1)
        change = {"name": "renamed", "status": "INACTIVE", "expireAt": "2999-12-31"}
        answer = liveramp.put(path, json=change)
        assert (answer.status_code, answer.content) == (200, b"")
        after = liveramp.get(path).json()
        assert after == {**before, **change, "updatedAt": after["updatedAt"]}
        assert after["updatedAt"] > before["updatedAt"]
        assert liveramp.put(path, json={**change, "expireAt": None}).status_code == 200
        assert liveramp.get(path).json()["expireAt"] is None

    @pytest.mark.parametrize(
        "changed",
        [
            {"name": ...},
            {"name": "x" * 51},
            {"status": ...},
            {"status": "EXPIRED"},
            # Required even when there is none: then as null.
            {"expireAt": ...},
            {"expireAt": "tomorrow"},
            {"integrationConnectionID": "7100001"},
        ],
    )
    def test_update_refusals(self, liveramp: httpx.Client, changed: dict[str, Any]) -> None:
        path = f"/distribution-managers/{make_manager(liveramp)}"
        before = liveramp.get(path).json()
        body = {"name": "renamed", "status": "INACTIVE", "expireAt": None, **changed}
        given = {name: value for name, value in body.items() if value is not ...}
        assert is_error(liveramp.put(path, json=given), 422)
        assert liveramp.get(path).json() == before

    def test_delete(self, liveramp: httpx.Client) -> None:
        gone, stays = make_manager(liveramp), make_manager(liveramp)
        answer = liveramp.delete(f"/distribution-managers/{gone}")
        assert (answer.status_code, answer.content) == (200, b"")
        assert is_error(liveramp.get(f"/distribution-managers/{gone}"), 404)
        assert is_error(liveramp.delete(f"/distribution-managers/{gone}"), 404)
        assert is_error(liveramp.put(f"/distribution-managers/{gone}", json={}), 404)
        assert is_error(liveramp.get(configs_path(gone)), 404)
        listed = liveramp.get("/distribution-managers").json()["v2/DistributionManagers"]
        assert [item["id"] for item in listed] == [stays]

    def test_segments_are_in_the_way_of_a_deletion(self, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        (held,) = add(liveramp, manager, 1)
        assert is_error(liveramp.delete(f"/distribution-managers/{manager}"), 422)
        remove(liveramp, manager, [{"id": held}])
        assert liveramp.delete(f"/distribution-managers/{manager}").status_code == 200

    def test_a_deletion_between_two_pages_hides_nothing(self, liveramp: httpx.Client) -> None:
        ids = [make_manager(liveramp) for _ in range(4)]
        first = liveramp.get("/distribution-managers", params={"limit": 2}).json()
        liveramp.delete(f"/distribution-managers/{ids[0]}")
        params = {"limit": 2, "after": first["_pagination"]["after"]}
        second = liveramp.get("/distribution-managers", params=params).json()
        assert [item["id"] for item in second["v2/DistributionManagers"]] == ids[2:]


class TestActivity:
    """Whether a distribution manager is active, and what it then does."""

    def put(self, liveramp: httpx.Client, manager: str, status: str, expire_at: str | None = None) -> None:
        body = {"name": "m", "status": status, "expireAt": expire_at}
        assert liveramp.put(f"/distribution-managers/{manager}", json=body).status_code == 200

    def deliveries(self, liveramp: httpx.Client) -> list[tuple[str, str]]:
        listed = liveramp.get("/deliveries").json()["v2/Deliveries"]
        return [(item["operationType"], item["status"]) for item in listed]

    def test_inactive_it_delivers_nothing(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        self.put(liveramp, manager, "INACTIVE")
        first, second = add(liveramp, manager, 1, 2)
        assert outcomes(remove(liveramp, manager, [{"id": second}])) == [(second, 200)]
        sandbox.advance(5 * STEP)
        assert self.deliveries(liveramp) == []
        listed = liveramp.get(configs_path(manager)).json()["segmentConfigs"]
        assert listed == [{**config(manager), "id": first}]
        statuses = liveramp.get("/segment-statuses", params={"segmentIDs": "5000000001"}).json()
        assert statuses["v2/SegmentStatuses"][0]["taxonomy"] == {"taxonomySyncStatus": "NEVER_SYNCED"}

    def test_active_again_it_goes_on(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        add(liveramp, manager, 1)
        sandbox.advance(2 * STEP)
        add(liveramp, manager, 2)
        self.put(liveramp, manager, "INACTIVE")
        assert self.deliveries(liveramp) == [("ADD", "DELIVERED"), ("ADD", "CANCELLED")]
        cancelled = liveramp.get("/deliveries").json()["v2/Deliveries"][1]
        assert "recordCount" not in cancelled
        sandbox.advance(STEP)
        self.put(liveramp, manager, "ACTIVE")
        seen = course(sandbox, lambda: self.deliveries(liveramp)[2:])
        assert seen == [[("ADD", "PENDING")], [("ADD", "IN_PROGRESS")], [("ADD", "DELIVERED")]]
        self.put(liveramp, manager, "ACTIVE")
        assert len(self.deliveries(liveramp)) == 3

    def test_it_ends_at_its_date(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        manager, other = make_manager(liveramp), make_manager(liveramp)
        self.put(liveramp, manager, "ACTIVE", expire_at="2999-12-31")
        self.put(liveramp, other, "ACTIVE")
        assert liveramp.get(f"/distribution-managers/{manager}").json()["status"] == "ACTIVE"
        today = liveramp.get(f"/distribution-managers/{manager}").json()["updatedAt"][:10]
        self.put(liveramp, manager, "ACTIVE", expire_at=today)
        shown = liveramp.get(f"/distribution-managers/{manager}").json()
        assert (shown["status"], shown["expireAt"]) == ("INACTIVE", today)
        assert liveramp.get(f"/distribution-managers/{other}").json()["status"] == "ACTIVE"
        states = [item["status"] for item in sandbox.state()["liveramp"]["distributionManagers"]]
        assert states == ["INACTIVE", "ACTIVE"]
