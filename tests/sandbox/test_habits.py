"""Habits of the sandbox's services: what is made appears late, changed, or not at all."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sandbox_habits import (
    ACTIVITY,
    CONFIG,
    CONNECTION,
    FLOW,
    JOB,
    MANAGER,
    NAMED,
    RESOURCES,
    SERVICE,
    SOURCE,
    Holder,
    Resource,
)
from sandbox_liveramp import attempt, decide
from sandbox_testing import STEP

from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.sandbox.core.habits import KINDS
from airflow_provider_activation.sandbox.core.misbehaviour import SAYS

every_resource = pytest.mark.parametrize("resource", RESOURCES, ids=str)
every_name = pytest.mark.parametrize("resource", NAMED, ids=str)


class TestLags:
    @every_resource
    def test_read_lag(self, sandbox: Sandbox, ready: Holder, resource: Resource) -> None:
        sandbox.habit("read_lag", service=resource.service, resources=resource.part, seconds=20)
        assert ready.create(resource).is_success
        assert ready.read(resource).status_code == 404
        assert ready.is_listed(resource)
        sandbox.advance(20)
        assert ready.read(resource).status_code == 200

    @every_resource
    def test_list_lag(self, sandbox: Sandbox, ready: Holder, resource: Resource) -> None:
        sandbox.habit("list_lag", service=resource.service, seconds=20)
        assert ready.create(resource).is_success
        assert ready.read(resource).status_code == 200
        assert not ready.is_listed(resource)
        sandbox.advance(20)
        assert ready.is_listed(resource)

    def test_of_what_a_segment_config_starts(self, sandbox: Sandbox, holder: Holder) -> None:
        def statuses() -> set[str]:
            found = holder.services["liveramp"].get("/segment-statuses", params={"limit": 100}).json()
            return {row["taxonomy"]["taxonomySyncStatus"] for row in found["v2/SegmentStatuses"]}

        def deliveries() -> list[Any]:
            return list(holder.services["liveramp"].get("/deliveries").json()["v2/Deliveries"])

        holder.prepare(CONFIG)
        sandbox.habit("list_lag", service="liveramp", seconds=20)
        assert holder.create(CONFIG).is_success
        assert (statuses(), deliveries()) == ({"NOT_CONFIGURED_TO_SYNC"}, [])
        sandbox.advance(20)
        assert (len(statuses()), len(deliveries())) == (2, 1)

    def test_of_an_attempt_and_its_connection(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        sandbox.habit("read_lag", service="liveramp", resources="oAuthConnectionAttempts", seconds=20)
        sandbox.habit("list_lag", service="liveramp", resources="oAuthConnections", seconds=900)
        made = liveramp.post("/oauth-connection-attempts", json={"oAuthEndpointID": "3001"}).json()["id"]
        assert liveramp.get(f"/oauth-connection-attempts/{made}").status_code == 404
        sandbox.advance(20)
        decide(attempt(liveramp, made)["authorizationUrl"], "authorize")
        sandbox.advance(STEP)
        connection = attempt(liveramp, made)["oAuthConnectionID"]
        assert liveramp.get(f"/oauth-connections/{connection}").status_code == 200
        assert liveramp.get("/oauth-connections").json()["v2/OauthConnections"] == []

    @pytest.mark.parametrize("resource", [ACTIVITY], ids=str)
    def test_another_service_or_resource_has_no_lag(
        self, sandbox: Sandbox, ready: Holder, resource: Resource
    ) -> None:
        sandbox.habit("read_lag", service="dataddo", seconds=20)
        sandbox.habit("read_lag", resources="client*", seconds=20)
        assert ready.create(resource).is_success
        assert ready.read(resource).status_code == 200


class TestLate:
    @every_resource
    @pytest.mark.parametrize("body", [None, {"status": "accepted"}])
    def test_it_exists_later(
        self, sandbox: Sandbox, ready: Holder, resource: Resource, body: dict[str, str] | None
    ) -> None:
        sandbox.habit("late", service=resource.service, seconds=20, **({"body": body} if body else {}))
        before = len(ready.books(resource))
        answer = ready.create(resource)
        assert answer.status_code == 202
        assert (answer.json() if answer.content else None) == body
        assert "Location" not in answer.headers
        assert len(ready.books(resource)) == before + 1
        assert (ready.read(resource).status_code, ready.is_listed(resource)) == (404, False)
        sandbox.advance(20)
        assert (ready.read(resource).status_code, ready.is_listed(resource)) == (200, True)

    @pytest.mark.parametrize("resource", [CONNECTION, JOB, ACTIVITY, FLOW], ids=str)
    def test_a_wrong_request_is_refused_at_once(
        self, sandbox: Sandbox, ready: Holder, resource: Resource
    ) -> None:
        sandbox.habit("late", seconds=20)
        assert 400 <= ready.web(resource).post(resource.creation(ready), json={}).status_code < 500


class TestTexts:
    @every_name
    def test_stored_in_another_way(self, sandbox: Sandbox, ready: Holder, resource: Resource) -> None:
        sandbox.habit("texts", service=resource.service, resources=resource.part, change="upper")
        assert ready.create(resource, "Spring [af:0a1b]").is_success
        assert resource.text
        assert ready.books(resource)[-1][resource.text] == "SPRING [AF:0A1B]"
        assert ready.read(resource).json()[resource.text] == "SPRING [AF:0A1B]"

    @pytest.mark.parametrize(
        ("habit", "text", "stored"),
        [
            ({"change": "lower"}, "Spring", "spring"),
            ({"change": "trim"}, " Spring ", "Spring"),
            ({"change": "fold"}, "A  b\tc", "A b c"),
            ({"change": "suffix"}, "Spring", "Spring (1)"),
            ({"change": "suffix", "suffix": "!"}, "Spring", "Spring!"),
            ({"change": "escape"}, "<A & 'b'>", "&lt;A &amp; &#x27;b&#x27;&gt;"),
            ({"change": "cut"}, "x" * 30, "x" * 20),
            ({"change": "cut", "length": 3}, "Spring", "Spr"),
            ({"change": "nfd"}, "\u00e9", "e\u0301"),
            ({"change": "nfkc"}, "\uff21", "A"),
        ],
    )
    @pytest.mark.parametrize("resource", [ACTIVITY], ids=str)
    def test_each_change(
        self, sandbox: Sandbox, ready: Holder, resource: Resource, habit: Any, text: str, stored: str
    ) -> None:
        sandbox.habit("texts", **habit)
        assert ready.create(resource, text).is_success
        assert ready.read(resource).json()["name"] == stored

    @pytest.mark.parametrize(
        ("resource", "method", "body"),
        [
            (MANAGER, "PUT", {"name": "Summer", "status": "ACTIVE", "expireAt": None}),
            (ACTIVITY, "POST", {"activityName": "Summer"}),
            (SERVICE, "PUT", {"label": "Summer"}),
            (SOURCE, "PUT", {"label": "Summer"}),
            (FLOW, "PUT", {"label": "Summer"}),
        ],
        ids=str,
    )
    def test_updates_too(
        self, sandbox: Sandbox, ready: Holder, resource: Resource, method: str, body: Any
    ) -> None:
        assert ready.create(resource).is_success
        sandbox.habit("texts", service=resource.service, change="upper")
        assert update(ready, resource, method, body).is_success
        assert resource.text
        assert ready.read(resource).json()[resource.text] == "SUMMER"


def update(holder: Holder, resource: Resource, method: str, body: Any) -> httpx.Response:
    path = f"{resource.place(holder)}/{holder.newest(resource)}"
    return holder.web(resource).request(method, path, json=body)


class TestIgnores:
    @pytest.mark.parametrize(
        ("resource", "field", "shown", "instead"),
        [
            (CONNECTION, "properties", "properties", []),
            (MANAGER, "name", "name", ""),
            (JOB, "destinationSegmentDescription", "destinationSegmentDescription", ""),
            (JOB, "minCount", "minCount", 0),
            (ACTIVITY, "activityName", "name", ""),
            (ACTIVITY, "enabled", "enabled", False),
            (ACTIVITY, "budget", "budget", 0.0),
            (SOURCE, "label", "label", ""),
            (SOURCE, "storageStrategy", "storageStrategy", None),
            (FLOW, "label", "label", ""),
        ],
        ids=str,
    )
    def test_creation(
        self, sandbox: Sandbox, ready: Holder, resource: Resource, field: str, shown: str, instead: Any
    ) -> None:
        assert ready.create(resource).is_success
        assert ready.books(resource)[-1][shown] != instead
        sandbox.habit("ignores", service=resource.service, fields=[field, "other"])
        assert ready.create(resource).is_success
        assert ready.books(resource)[-1][shown] == instead

    @pytest.mark.parametrize(
        ("resource", "method", "body", "field"),
        [
            (MANAGER, "PUT", {"name": "Spring", "status": "INACTIVE", "expireAt": None}, "status"),
            (MANAGER, "PUT", {"name": "Summer", "status": "ACTIVE", "expireAt": None}, "name"),
            (ACTIVITY, "POST", {"activityName": "Summer"}, "activityName"),
            (ACTIVITY, "POST", {"enabled": False}, "enabled"),
            (ACTIVITY, "POST", {"budget": 1}, "budget"),
            (ACTIVITY, "POST", {"flightStop": "2016-01-01T00:00:00Z"}, "flightStop"),
            (SERVICE, "PUT", {"label": "Summer"}, "label"),
            (SOURCE, "PUT", {"description": "Summer"}, "description"),
            (FLOW, "PUT", {"label": "Summer"}, "label"),
        ],
        ids=str,
    )
    def test_update(
        self, sandbox: Sandbox, ready: Holder, resource: Resource, method: str, body: Any, field: str
    ) -> None:
        assert ready.create(resource).is_success
        before = self._without_times(ready.read(resource).json())
        sandbox.habit("ignores", service=resource.service, fields=[field])
        assert update(ready, resource, method, body).is_success
        after = self._without_times(ready.read(resource).json())
        assert after == before
        sandbox.forget_habits()
        assert update(ready, resource, method, body).is_success
        assert self._without_times(ready.read(resource).json()) != before

    def _without_times(self, shown: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in shown.items() if name not in ("updatedAt", "last_action")}

    def test_the_manager_of_a_connection_is_not_made(self, sandbox: Sandbox, holder: Holder) -> None:
        sandbox.habit("ignores", service="liveramp", fields=["distributionManagerName"])
        assert holder.create(CONNECTION).is_success
        assert sandbox.state()["liveramp"]["distributionManagers"] == []

    def test_deliveries_follow_the_stored_status(self, sandbox: Sandbox, holder: Holder) -> None:
        holder.prepare(CONFIG)
        assert holder.create(CONFIG).is_success
        sandbox.habit("ignores", service="liveramp", fields=["status"])
        body = {"name": "m", "status": "INACTIVE", "expireAt": None}
        assert update(holder, MANAGER, "PUT", body).is_success
        assert [item["status"] for item in sandbox.state()["liveramp"]["deliveries"]] == ["PENDING"]

    def test_a_deactivation_does_not_take(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        def status() -> Any:
            return dataddo.get(f"/sources/{source}/status").json()["status"]

        sandbox.habit("ignores", service="dataddo", fields=["status"])
        assert dataddo.post(f"/sources/{source}/extraction/deactivate", json={}).is_success
        assert status() == "live"
        sandbox.forget_habits()
        assert dataddo.post(f"/sources/{source}/extraction/deactivate", json={}).is_success
        assert status() == "inactive"

    def test_a_schedule_does_not_take(self, sandbox: Sandbox, dataddo: httpx.Client, source: str) -> None:
        path = f"/sources/{source}/extraction/schedule"
        before = dataddo.get(path).json()
        sandbox.habit("ignores", service="dataddo", fields=["schedule"])
        assert dataddo.put(path, json={"hour": "7", "minute": "0", "timezone": "UTC"}).is_success
        assert dataddo.get(path).json() == before

    def test_an_endpoint_is_not_disabled(self, sandbox: Sandbox, endpoint: httpx.Client) -> None:
        assert endpoint.put("/endpoint", json={"name": "Shop", "providerName": "Example"}).is_success
        sandbox.habit("ignores", service="acoustic-exchange", fields=["enabled"])
        assert endpoint.put("/endpoint/disable").text == "True"
        assert sandbox.state()["acoustic-exchange"]["endpoints"][0]["enabled"] is True


class TestControl:
    def test_over_http(self, web: httpx.Client, sandbox: Sandbox, holder: Holder) -> None:
        habit = {"what": "read_lag", "service": "delta-projects", "resources": "activities", "seconds": 20}
        added = web.post("/sandbox/habits", json=habit)
        number = added.json()["id"]
        assert (added.status_code, added.json()) == (201, {"id": number, **habit})
        assert web.get("/sandbox/habits").json() == [added.json()]
        holder.create(ACTIVITY)
        assert holder.read(ACTIVITY).status_code == 404
        assert web.delete(f"/sandbox/habits/{number}").status_code == 204
        assert web.delete(f"/sandbox/habits/{number}").status_code == 404
        assert holder.read(ACTIVITY).status_code == 200
        web.post("/sandbox/habits", json=habit)
        assert web.delete("/sandbox/habits").status_code == 204
        assert web.get("/sandbox/habits").json() == []

    def test_misbehaviours_end_and_habits_stay(self, web: httpx.Client, sandbox: Sandbox) -> None:
        sandbox.habit("aliens")
        sandbox.behave()
        assert [habit["what"] for habit in web.get("/sandbox/habits").json()] == ["aliens"]
        sandbox.reset()
        assert web.get("/sandbox/habits").json() == []

    @pytest.mark.parametrize(
        "habit",
        [
            {},
            {"what": "explode"},
            {"what": "read_lag"},
            {"what": "read_lag", "seconds": -1},
            {"what": "read_lag", "seconds": 1, "service": "facebook"},
            {"what": "aliens", "seconds": 1},
            {"what": "aliens", "resources": "jobs"},
            {"what": "late", "seconds": 1, "path": "*"},
            {"what": "texts", "change": "rot13"},
            {"what": "ids", "form": "roman"},
            {"what": "neighbour"},
            {"what": "neighbour", "when": "after", "times": 0},
            {"what": "ignores", "fields": []},
        ],
    )
    def test_wrong_habits(self, web: httpx.Client, habit: dict[str, Any]) -> None:
        assert web.post("/sandbox/habits", json=habit).status_code == 400
        assert web.get("/sandbox/habits").json() == []

    def test_the_front_page_names_them_all(self, web: httpx.Client) -> None:
        assert web.post("/sandbox/habits", json={"what": "read_lag", "seconds": 77.5}).is_success
        page = web.get("/").text
        for word in (*KINDS, *SAYS, "77.5"):
            assert word in page
