"""LiveRamp: segments in and out of distribution, their deliveries and statuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sandbox_liveramp import add, config, configs_path, is_error, make_manager, outcomes, remove
from sandbox_testing import STEP, course

from airflow_provider_activation.sandbox import Sandbox


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
    def test_one_array_spelling_is_read(
        self, sandbox: Sandbox, liveramp: httpx.Client, spelling: str
    ) -> None:
        if spelling != "segmentIDs":
            sandbox.habit("segment_ids", reads=spelling)
        manager = make_manager(liveramp)
        items = [config(manager, str(5000000000 + number)) for number in (1, 2, 3)]
        liveramp.post(f"/distribution-managers/{manager}/segment-configs", json=items)
        params = {spelling: ["5000000001", "5000000003"]}
        found = liveramp.get("/deliveries", params=params).json()["v2/Deliveries"]
        assert [item["segmentID"] for item in found] == ["5000000001", "5000000003"]
        statuses = liveramp.get("/segment-statuses", params=params).json()["v2/SegmentStatuses"]
        assert len(statuses) == 2
        (other,) = {"segmentIDs", "segmentIDs[]"} - {spelling}
        for wrong in ({other: "5000000001"}, {**params, other: "5000000001"}):
            assert is_error(liveramp.get("/deliveries", params=wrong), 422)
            assert is_error(liveramp.get("/segment-statuses", params=wrong), 422)
        sandbox.forget_habits()
        sandbox.habit("segment_ids", reads=spelling, other="ignored")
        assert liveramp.get("/deliveries", params={other: "1"}).json()["_pagination"]["total"] == 3
        assert liveramp.get("/deliveries", params={**params, other: "1"}).json()["_pagination"]["total"] == 2


class TestRemoval:
    def test_delivery(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        gone, stays = add(liveramp, manager, 1, 2)
        sandbox.advance(2 * STEP + 1)
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


def taxonomies(liveramp: httpx.Client, *numbers: int) -> list[dict[str, Any]]:
    params = {"segmentIDs": [str(5000000000 + number) for number in numbers]}
    answer = liveramp.get("/segment-statuses", params=params).json()
    return [dict(item["taxonomy"]) for item in answer["v2/SegmentStatuses"]]


class TestSegmentStatuses:
    def test_course(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        add(liveramp, manager, 1)
        assert course(sandbox, lambda: taxonomies(liveramp, 1), steps=4) == [
            [{"taxonomySyncStatus": "NEVER_SYNCED"}],
            [{"taxonomySyncStatus": "OUT_OF_SYNC"}],
            [{"taxonomySyncStatus": "SYNCED", "destinationSegmentID": "dest-5000000001"}],
            [{"taxonomySyncStatus": "SYNCED", "destinationSegmentID": "dest-5000000001"}],
        ]

    def test_a_segment_out_of_distribution_never_moves(
        self, sandbox: Sandbox, liveramp: httpx.Client
    ) -> None:
        seen = course(sandbox, lambda: taxonomies(liveramp, 2))
        assert seen == [[{"taxonomySyncStatus": "NOT_CONFIGURED_TO_SYNC"}]] * 3

    def test_a_name_given_at_the_destination_is_kept(self, sandbox: Sandbox, liveramp: httpx.Client) -> None:
        manager = make_manager(liveramp)
        liveramp.post(configs_path(manager), json=[config(manager, destinationSegmentID="there")])
        sandbox.advance(2 * STEP)
        assert taxonomies(liveramp, 1) == [{"taxonomySyncStatus": "SYNCED", "destinationSegmentID": "there"}]

    def test_filters(self, liveramp: httpx.Client) -> None:
        def total(**params: Any) -> int:
            return int(liveramp.get("/segment-statuses", params=params).json()["_pagination"]["total"])

        assert total() == 17
        assert total(segmentType="DATA_MARKETPLACE") == 2
        assert total(segmentType="DATA_MARKETPLACE", segmentIDs="5000000001") == 0
        assert is_error(liveramp.get("/segment-statuses", params={"segmentType": "OTHER"}), 422)
        assert is_error(liveramp.get("/segment-statuses", params={"segmentIDs": ""}), 422)
