"""Acoustic Exchange: keys, and the audience lists of its endpoints."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from acoustic_testing import BIG, JSON_TYPE, SEGMENT, export, is_error, offer_segment, registration
from sandbox_testing import PLAIN, acoustic_client

from airflow_provider_activation.sandbox import Sandbox


@pytest.fixture
def source(endpoint: httpx.Client) -> httpx.Client:
    """The endpoint's key, its endpoint registered as a push source that offers one segment."""
    return offer_segment(endpoint)


class TestKeys:
    def test_no_key_is_not_authorized(self, sandbox: Sandbox) -> None:
        url = f"{sandbox.url}/acoustic-exchange/v1/endpoint"
        assert is_error(PLAIN.get(url), 403)
        assert is_error(PLAIN.get(url, headers={"Authorization": "Bearer unknown"}), 403)

    def test_levels(self, account: httpx.Client, endpoint: httpx.Client) -> None:
        assert is_error(account.put("/endpoint", json=registration()), 403)
        assert is_error(endpoint.put("/endpoint/10001", json=registration()), 403)
        assert is_error(endpoint.post("/jobs/segmentExport", json=export()), 403)
        assert is_error(account.post("/endpoint/10001/segments", json=[SEGMENT]), 403)
        assert is_error(endpoint.post("/endpoint/20002/segments", json=[SEGMENT]), 403)
        assert is_error(endpoint.get("/endpoint/20002/segments/1"), 403)
        assert is_error(endpoint.get("/jobs/SEGMENT_EXPORT"), 403)
        assert is_error(endpoint.get("/jobs/SEGMENT_EXPORT?endpointId=20002"), 403)
        assert endpoint.get("/jobs/SEGMENT_EXPORT?endpointId=10001").json() == []


class TestSegments:
    def test_one_segment(self, source: httpx.Client, account: httpx.Client) -> None:
        shown = account.get(f"/endpoint/10001/segments/{BIG}").json()
        assert shown == {
            "segment_attributes": [{"name": "email", "type": "string"}],
            "id": BIG,
            "idString": None,
            "name": "Win back",
            "description": "Bought long ago",
        }
        assert is_error(source.get(f"/endpoint/10001/segments/{BIG - 1}"), 404)

    def test_string_ids(self, source: httpx.Client) -> None:
        odd = {"id_string": "a/b c", "name": "Odd"}
        assert source.post("/endpoint/10001/segments", json=[odd]).json() is True
        path = "/endpoint/10001/segments/a%2Fb%20c"
        assert source.get(f"{path}?includeSegmentIDString=true").json()["id_string"] == "a/b c"
        assert source.get(path).json()["id"] is None

    def test_append_refuses_what_is_listed(self, source: httpx.Client) -> None:
        answer = source.post("/endpoint/10001/segments", json=[{"id": 7, "name": "New"}, SEGMENT])
        assert (answer.status_code, answer.json()) == (200, False)
        assert is_error(source.get("/endpoint/10001/segments/7"), 404)

    def test_replace(self, source: httpx.Client) -> None:
        assert source.put("/endpoint/10001/segments", json=[{"id": 7, "name": "New"}]).json() is True
        assert is_error(source.get(f"/endpoint/10001/segments/{BIG}"), 404)

    def test_listing_with_pages(self, source: httpx.Client) -> None:
        source.put("/endpoint/10001/segments", json=[{"id": n, "name": f"Segment {n}"} for n in range(1, 8)])
        query = "segment=true&loadSegments=true"
        pages = [
            [
                item["id"]
                for item in source.get(f"/endpoint?{query}&pageSize=3&startRecord={at}").json()[0]["segments"]
            ]
            for at in (1, 4, 7, 10)
        ]
        assert pages == [[1, 2, 3], [4, 5, 6], [7], []]
        found = source.get(f"/endpoint?{query}&searchByName=segment%205").json()[0]["segments"]
        assert [item["id"] for item in found] == [5]

    @pytest.mark.parametrize(
        "segments",
        [
            [],
            {"id": 1, "name": "x"},
            [{"name": "x"}],
            [{"id": 1, "id_string": "1", "name": "x"}],
            [{"id": "1", "name": "x"}],
            [{"id": True, "name": "x"}],
            [{"id": 2**63, "name": "x"}],
            [{"id_string": 1, "name": "x"}],
            [{"id": 1}],
            [{"id": 1, "name": "x", "type": "contact lists"}],
            [{"id": 1, "name": "x", "segment_attributes": [{"name": "a"}]}],
            [{"id": 1, "name": "x", "size": 3}],
        ],
    )
    def test_refusals(self, source: httpx.Client, segments: Any) -> None:
        assert is_error(source.post("/endpoint/10001/segments", json=segments), 400)

    @pytest.mark.parametrize("kind", [None, "pull"])
    def test_only_a_push_producer_may(self, endpoint: httpx.Client, kind: str | None) -> None:
        if kind:
            endpoint.put("/endpoint", json=registration(kind))
        assert is_error(endpoint.put("/endpoint/10001/segments", json=[SEGMENT]), 400)

    def test_a_page_runs_over_all_endpoints(self, source: httpx.Client, account: httpx.Client) -> None:
        query = "segment=true&source=true&loadSegments=true&pageSize=2"

        def listed(start: int) -> dict[int, list[int]]:
            found = account.get(f"/endpoint?{query}&startRecord={start}").json()
            return {item["endpointId"]: [segment["id"] for segment in item["segments"]] for item in found}

        assert listed(1) == {10001: [BIG], 20004: [800001], 20005: []}
        assert listed(3) == {10001: [], 20004: [], 20005: [800002]}

    def test_search_and_string_ids(self, source: httpx.Client, account: httpx.Client) -> None:
        source.post(
            "/endpoint/10001/segments", json=[{"id_string": "a b", "name": "Odd", "description": "Opted-In"}]
        )

        def found(query: str) -> list[dict[str, Any]]:
            url = f"/endpoint?endpointId=10001&segment=true&loadSegments=true&{query}"
            segments: list[dict[str, Any]] = account.get(url).json()[0]["segments"]
            return segments

        assert [item["name"] for item in found("searchByDescription=opted-in")] == ["Odd"]
        assert [item["name"] for item in found("searchByName=win")] == ["Win back"]
        assert found("searchByName=odd&searchByDescription=bought") == []
        assert [item.get("segmentIDString") for item in found("includeSegmentIDString=true")] == [None, "a b"]
        assert [item["id"] for item in found("")] == [BIG, None]
        assert not any("segmentIDString" in item for item in found(""))

    def test_clear(self, sandbox: Sandbox, source: httpx.Client) -> None:
        for cleared in (True, False):
            answer = source.delete("/endpoint/10001/segments", headers=JSON_TYPE)
            assert (answer.status_code, answer.json()) == (200, cleared)
        assert is_error(source.get(f"/endpoint/10001/segments/{BIG}"), 404)

    def test_take_one_off(self, source: httpx.Client) -> None:
        odd = {"id_string": "a/b c", "name": "Odd"}
        source.post("/endpoint/10001/segments", json=[odd])
        for removed in (True, False):
            answer = source.delete("/endpoint/10001/segments/a%2Fb%20c", headers=JSON_TYPE)
            assert (answer.status_code, answer.json()) == (200, removed)
        assert source.get(f"/endpoint/10001/segments/{BIG}").status_code == 200
        assert source.delete(f"/endpoint/10001/segments/{BIG}", headers=JSON_TYPE).json() is True

    @pytest.mark.parametrize("path", ["/endpoint/10001/segments", f"/endpoint/10001/segments/{BIG}"])
    def test_deletion_refusals(self, source: httpx.Client, account: httpx.Client, path: str) -> None:
        assert is_error(account.delete(path, headers=JSON_TYPE), 403)
        assert is_error(source.delete(path.replace("10001", "20004"), headers=JSON_TYPE), 403)
        assert is_error(source.delete(path.replace("10001", "4"), headers=JSON_TYPE), 404)
        assert is_error(source.delete(f"{path}?all=true", headers=JSON_TYPE), 400)
        assert is_error(source.request("DELETE", path, json=[]), 400)
        source.put("/endpoint", json=registration("pull"))
        assert is_error(source.delete(path, headers=JSON_TYPE), 400)
        source.put("/endpoint", json=registration())
        assert source.get(f"/endpoint/10001/segments/{BIG}").status_code == 200

    def test_a_source_that_only_replaces(self, sandbox: Sandbox) -> None:
        with acoustic_client(sandbox, "replacing_source") as source:
            for answer in (
                source.post("/endpoint/20004/segments", json=[SEGMENT]),
                source.delete("/endpoint/20004/segments/800001", headers=JSON_TYPE),
            ):
                assert (answer.status_code, answer.json()) == (308, {"shareAction": "REPLACE"})
                assert "Location" not in answer.headers
            assert source.get("/endpoint/20004/segments/800001").status_code == 200
            assert source.put("/endpoint/20004/segments", json=[SEGMENT]).json() is True
            assert source.delete("/endpoint/20004/segments", headers=JSON_TYPE).json() is True

    def test_a_source_without_single_changes(self, sandbox: Sandbox) -> None:
        with acoustic_client(sandbox, "fixed_source") as source:
            assert is_error(source.post("/endpoint/20005/segments", json=[SEGMENT]), 501)
            assert is_error(source.delete("/endpoint/20005/segments/800002", headers=JSON_TYPE), 501)
            assert is_error(source.post("/endpoint/20005/segments", json=[{"id": 1}]), 400)
            assert source.put("/endpoint/20005/segments", json=[SEGMENT]).json() is True
