"""Acoustic Exchange: keys, endpoints, audience lists and export jobs."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sandbox_testing import PLAIN, STEP, course

from airflow_provider_activation.sandbox import Sandbox

BIG = 8000000000000001153
CSV_TYPE = {"Content-Type": "text/csv; charset=utf-8"}
SEGMENT = {
    "id": BIG,
    "name": "Win back",
    "description": "Bought long ago",
    "type": "Contact Lists",
    "segment_attributes": [{"name": "email", "type": "string"}],
}


def registration(kind: str = "push", **changed: Any) -> dict[str, Any]:
    given = {
        "name": "Shop",
        "providerName": "Example",
        "endpointTypes": {"segment": {"source": {"enabled": True, "producerType": kind}}},
        **changed,
    }
    return {name: value for name, value in given.items() if value is not ...}


def export(**changed: Any) -> dict[str, Any]:
    given = {
        "endpointID": 10001,
        "segmentID": BIG,
        "destinationEndpointID": 20002,
        "sourceIdentifiers": ["email"],
        "destinationIdentifier": "email_hash",
        "updateIdentities": False,
        "scheduleDetails": {"runNow": True},
        **changed,
    }
    return {name: value for name, value in given.items() if value is not ...}


def is_error(answer: httpx.Response, status: int) -> bool:
    assert set(answer.json()) == {"message"}
    return answer.status_code == status


def refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"repeated: {names}"
    return dict(pairs)


@pytest.fixture
def source(endpoint: httpx.Client) -> httpx.Client:
    """The endpoint's key, its endpoint registered as a push source that offers one segment."""
    assert endpoint.put("/endpoint", json=registration()).json() == {"endpointId": 10001}
    assert endpoint.post("/endpoint/10001/segments", json=[SEGMENT]).json() is True
    return endpoint


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


class TestEndpoints:
    def test_register_and_list(self, sandbox: Sandbox, account: httpx.Client, endpoint: httpx.Client) -> None:
        assert [item["endpointId"] for item in account.get("/endpoint").json()] == [20002, 20003]
        assert endpoint.get("/endpoint").json() == []
        assert sandbox.state()["acoustic-exchange"]["endpoints"][0]["status"] == "PENDING"
        assert endpoint.put("/endpoint", json=registration()).json() == {"endpointId": 10001}
        assert sandbox.state()["acoustic-exchange"]["endpoints"][0]["status"] == "ACTIVE"
        assert endpoint.get("/endpoint").json() == [{"endpointId": 10001, **registration()}]
        assert [item["endpointId"] for item in account.get("/endpoint").json()] == [10001, 20002, 20003]
        own = account.get("/endpoint?segment=true&source=true").json()
        assert [item["endpointId"] for item in own] == [10001]
        assert account.get("/endpoint?event=true").json() == []
        assert len(account.get("/endpoint?endpointId=20003&includeBilling=true").json()) == 1

    def test_account_registers_any(self, account: httpx.Client) -> None:
        assert account.put("/endpoint/10001", json=registration()).json() == {"endpointId": 10001}
        assert is_error(account.put("/endpoint/4", json=registration()), 404)
        assert is_error(account.put("/endpoint/enable", json=registration()), 404)

    @pytest.mark.parametrize(
        "query",
        [
            "loadSegments=true",
            "loadEvents=true",
            "pageSize=5",
            "segment=true&startRecord=1",
            "segment=true&pageSize=0",
            "segment=yes",
            "includeSegmentIDString=true",
            "colour=red",
        ],
    )
    def test_wrong_queries(self, account: httpx.Client, query: str) -> None:
        assert is_error(account.get(f"/endpoint?{query}"), 400)

    @pytest.mark.parametrize(
        "name", ["endpointId=10001", "includeBilling=true", "includeSegmentIDString=true"]
    )
    def test_queries_of_the_account_only(self, endpoint: httpx.Client, name: str) -> None:
        assert is_error(endpoint.get(f"/endpoint?{name}"), 400)

    def test_everything_that_may_be_registered(self, endpoint: httpx.Client) -> None:
        full = registration(
            description="d",
            url="https://example.com",
            hashAlgorithm="SHA256",
            endpointTypes={
                "event": {
                    "source": {"enabled": True},
                    "destination": {"enabled": True, "url": None, "destinationType": "push"},
                },
                "segment": {
                    "source": {"enabled": True, "producerType": "push", "url": None, "dataWindow": 30},
                    "destination": {"enabled": False, "destinationType": "pull"},
                },
            },
            marketingDatabasesDefinition={
                "marketingDatabases": [
                    {
                        "name": "db",
                        "id": "1",
                        "identifiers": [
                            {
                                "name": "email",
                                "type": "email",
                                "hashMode": None,
                                "isRequired": True,
                                "isEventOnly": None,
                            }
                        ],
                        "attributes": [
                            {
                                "name": "age",
                                "type": "Number",
                                "isRequired": False,
                                "hashMode": "REQUIRED",
                                "hashAlgorithm": "MD5",
                            }
                        ],
                    }
                ]
            },
            notificationKey=5,
        )
        assert endpoint.put("/endpoint", json=full).status_code == 200
        assert endpoint.get("/endpoint").json() == [{"endpointId": 10001, **full}]

    @pytest.mark.parametrize(
        "changed",
        [
            {"name": ...},
            {"providerName": ...},
            {"name": 5},
            {"hashAlgorithm": "sha256"},
            {"url": "not a url"},
            {"endpointTypes": {"segment": {"source": {"enabled": True}}}},
            {"endpointTypes": {"segment": {"source": {"enabled": "true", "producerType": "push"}}}},
            {"endpointTypes": {"segment": {"source": {"enabled": True, "producerType": "PUSH"}}}},
            {"endpointTypes": {"segment": {"destination": {"enabled": True}}}},
            {"endpointTypes": {"audience": {}}},
            {
                "endpointTypes": {
                    "segment": {
                        "source": {"enabled": True, "producerType": "push"},
                        "destination": {"enabled": True, "destinationType": "push"},
                    }
                }
            },
            {"marketingDatabasesDefinition": {"marketingDatabases": [{"name": "db", "id": 1}]}},
            {"marketingDatabasesDefinition": {"marketingDatabases": [{"id": "1"}]}},
            {"unknown": 1},
        ],
    )
    def test_registration_refusals(self, endpoint: httpx.Client, changed: dict[str, Any]) -> None:
        assert is_error(endpoint.put("/endpoint", json=registration(**changed)), 400)
        assert endpoint.get("/endpoint").json() == []


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


class TestJobs:
    def start(self, account: httpx.Client, **changed: Any) -> int:
        answer = account.post("/jobs/segmentExport", json=export(**changed))
        assert answer.status_code == 200, answer.text
        assert answer.text.isdecimal()
        assert int(answer.text) > 2**53
        return int(answer.text)

    def status(self, account: httpx.Client, job: int) -> str:
        return str(account.get(f"/jobs/SEGMENT_EXPORT/{job}").json()["status"])

    def test_push_to_push(self, sandbox: Sandbox, source: httpx.Client, account: httpx.Client) -> None:
        job = self.start(account, destinationSegmentDescription="key 1")
        assert self.status(account, job) == "WAITING_TO_RECIEVE_DATA"
        file = b'name,email\r\n"a,\r\nb",h1\r\nc,h2\r\n'
        answer = account.post(f"/jobs/{job}/data", content=file, headers=CSV_TYPE)
        assert (answer.status_code, answer.json()) == (200, True)
        seen = course(sandbox, lambda: self.status(account, job))
        assert seen == ["PENDING", "RUNNING", "COMPLETE"]
        held = sandbox.state()["acoustic-exchange"]["jobs"][0]
        assert held["records"] == 2
        assert held["upload"]["sha256"] == hashlib.sha256(file).hexdigest()
        assert held["upload"]["firstRecord"] == ["a,\r\nb", "h1"]

    def test_the_job_object(self, source: httpx.Client, account: httpx.Client) -> None:
        job = self.start(account, attributeMappings={"a": "b"}, exportCategory="")
        answer = account.get("/jobs/SEGMENT_EXPORT", params={"endpointId": 10001, "extraFields": "true"})
        assert answer.text.count('"jobCategory"') == 2
        with pytest.raises(AssertionError, match="repeated"):
            json.loads(answer.text, object_pairs_hook=refuse_repeats)
        assert answer.json() == [
            {
                "jobCategory": "SEGMENT_EXPORT",
                "jobId": job,
                "scheduledJobId": None,
                "status": "WAITING_TO_RECIEVE_DATA",
                "subStatus": None,
                "jobName": "EXPORT_SEGMENT",
                "accountId": 5001,
                "errorDetails": None,
                "segmentDataFiles": None,
                "segmentDataFormat": None,
                "destinationSegmentID": "700100",
                "destinationSegmentName": f"Segment {BIG}",
                "destinationSegmentDescription": None,
                "destinationEndpointID": 20002,
                "exportCategory": "",
                "producerEndpointID": 10001,
                "producerSegmentID": BIG,
                "attributeMappings": {"a": "b"},
                "identityMappings": None,
                "shareAction": "ADD",
                "sourceIdentifiers": ["email"],
                "destinationIdentifier": "email_hash",
            }
        ]
        assert account.get(f"/jobs/SEGMENT_EXPORT/{job}").json()["updateIdentities"] is False

    def test_lists(self, source: httpx.Client, account: httpx.Client) -> None:
        first, second = self.start(account), self.start(account, destinationEndpointID=20003)
        source.post(f"/jobs/{first}/data", content=b"email\nh1\n", headers=CSV_TYPE)

        def ids(query: str, client: httpx.Client = account) -> list[int]:
            return [item["jobId"] for item in client.get(f"/jobs/SEGMENT_EXPORT{query}").json()]

        assert ids("") == [first, second]
        assert ids("?status=WAITING_TO_RECIEVE_DATA") == [second]
        assert ids("?endpointId=20003") == [second]
        assert ids("?endpointId=10001", source) == [first, second]
        assert account.get("/jobs/IDENTITY_IMPORT").json() == []
        assert is_error(account.get("/jobs/segment_export"), 404)
        assert is_error(account.get("/jobs/SEGMENT_EXPORT?status=WAITING_TO_RECEIVE_DATA"), 400)
        assert is_error(account.get("/jobs/SEGMENT_EXPORT?page=1"), 400)
        assert is_error(account.get(f"/jobs/SEGMENT_EXPORT/{first + 100}"), 404)
        assert is_error(account.get(f"/jobs/IDENTITY_IMPORT/{first}"), 404)

    def test_pull_destination(self, sandbox: Sandbox, source: httpx.Client, account: httpx.Client) -> None:
        job = self.start(account, destinationEndpointID=20003)
        source.post(f"/jobs/{job}/data", content=b"email\nh1\n", headers=CSV_TYPE)
        sandbox.advance(2 * STEP)
        assert self.status(account, job) == "READY_FOR_DOWNLOAD"
        assert account.get(f"/jobs/SEGMENT_EXPORT/{job}").json()["segmentDataFiles"] == [f"segment_{job}.csv"]

    def test_pull_source_needs_no_upload(self, sandbox: Sandbox, account: httpx.Client) -> None:
        account.put("/endpoint/10001", json=registration("pull"))
        job = self.start(account, segmentID=..., segmentIDString="any")
        assert is_error(account.post(f"/jobs/{job}/data", content=b"email\nx\n", headers=CSV_TYPE), 400)
        sandbox.advance(2 * STEP)
        assert self.status(account, job) == "COMPLETE"

    def test_too_few_records(self, sandbox: Sandbox, source: httpx.Client, account: httpx.Client) -> None:
        job = self.start(account, minCount=3)
        source.post(f"/jobs/{job}/data", content=b"email\nh1\nh2", headers=CSV_TYPE)
        sandbox.advance(2 * STEP)
        assert self.status(account, job) == "CANCELED"
        assert "fewer" in account.get(f"/jobs/SEGMENT_EXPORT/{job}").json()["errorDetails"]

    def test_a_failing_job(self, sandbox: Sandbox, source: httpx.Client, account: httpx.Client) -> None:
        sandbox.misbehave("fail", path="/v1/jobs/segmentExport")
        job = self.start(account)
        source.post(f"/jobs/{job}/data", content=b"email\nh1\n", headers=CSV_TYPE)
        sandbox.advance(2 * STEP)
        assert self.status(account, job) == "FAILED"

    def test_scheduled_for_later(self, sandbox: Sandbox, source: httpx.Client, account: httpx.Client) -> None:
        later = {"runNow": False, "startDate": "12/31/2099", "startHour": "3", "startMinute": "00"}
        job = self.start(account, scheduleDetails=later)
        source.post(f"/jobs/{job}/data", content=b"email\nh1\n", headers=CSV_TYPE)
        sandbox.advance(10 * STEP)
        assert self.status(account, job) == "PENDING"

    def test_existing_destination_segment(self, source: httpx.Client, account: httpx.Client) -> None:
        answer = account.post("/jobs/segmentExport", json=export(destinationSegmentID="700001"))
        assert is_error(answer, 400)
        job = self.start(account, destinationSegmentID="700001", action="replace")
        assert account.get(f"/jobs/SEGMENT_EXPORT/{job}").json()["shareAction"] == "REPLACE"
        unknown = export(destinationSegmentID="1", action="add")
        assert is_error(account.post("/jobs/segmentExport", json=unknown), 400)

    @pytest.mark.parametrize(
        "changed",
        [
            {"endpointID": ...},
            {"endpointID": "10001"},
            {"endpointID": 20002},
            {"segmentID": ...},
            {"segmentID": str(BIG)},
            {"segmentID": BIG - 1},
            {"segmentIDString": "x"},
            {"destinationEndpointID": 10001},
            {"destinationEndpointID": 5},
            {"sourceIdentifiers": "email"},
            {"sourceIdentifiers": []},
            {"destinationIdentifier": ["email"]},
            {"destinationIdentifier": ...},
            {"updateIdentities": ...},
            {"updateIdentities": "true"},
            {"action": "ADD"},
            {"minCount": "1"},
            {"attributeMappings": {"a": 1}},
            {"scheduleDetails": ...},
            {"scheduleDetails": {}},
            {"scheduleDetails": {"runNow": "true"}},
            {"scheduleDetails": {"runNow": False, "startDate": "2099-12-31"}},
            {"scheduleDetails": {"runNow": True, "startHour": "25"}},
            {"scheduleDetails": {"runNow": True, "daysOfWeek": "8"}},
            {"scheduleDetails": {"runNow": True, "startTime": "10"}},
            {"submissionKey": "x"},
        ],
    )
    def test_export_refusals(
        self, source: httpx.Client, account: httpx.Client, changed: dict[str, Any]
    ) -> None:
        assert is_error(account.post("/jobs/segmentExport", json=export(**changed)), 400)
        assert account.get("/jobs/SEGMENT_EXPORT").json() == []

    @pytest.mark.parametrize(
        ("file", "headers"),
        [
            (b"", CSV_TYPE),
            (b"name\nx\n", CSV_TYPE),
            (b"email,name\nh1\n", CSV_TYPE),
            (b'email\n"never closed\n', CSV_TYPE),
            (b"email\n\xff\n", CSV_TYPE),
            (b"\xef\xbb\xbfemail\nh1\n", CSV_TYPE),
            (b"email\nh1\n", {"Content-Type": "application/json"}),
            (b"email\nh1\n", {}),
        ],
    )
    def test_data_refusals(
        self, source: httpx.Client, account: httpx.Client, file: bytes, headers: dict[str, str]
    ) -> None:
        job = self.start(account)
        assert is_error(source.post(f"/jobs/{job}/data", content=file, headers=headers), 400)
        assert self.status(account, job) == "WAITING_TO_RECIEVE_DATA"

    def test_data_comes_once(self, source: httpx.Client, account: httpx.Client) -> None:
        job = self.start(account)
        for status in (200, 400):
            answer = source.post(f"/jobs/{job}/data", content=b"email\nh1\n", headers=CSV_TYPE)
            assert answer.status_code == status
        assert is_error(source.post(f"/jobs/{job + 1}/data", content=b"email\nh1\n", headers=CSV_TYPE), 404)

    def test_a_file_that_breaks_off_is_not_taken(
        self, sandbox: Sandbox, source: httpx.Client, account: httpx.Client
    ) -> None:
        job = self.start(account)
        place = urlsplit(sandbox.url)
        with socket.create_connection((place.hostname, place.port), timeout=5) as connection:
            head = (
                f"POST /acoustic-exchange/v1/jobs/{job}/data HTTP/1.1\r\nHost: x\r\n"
                "Content-Type: text/csv\r\n"
                f"Authorization: {account.headers['Authorization']}\r\nContent-Length: 1000\r\n\r\n"
            )
            connection.sendall(f"{head}email\nh1\nh2\n".encode())
        assert self.status(account, job) == "WAITING_TO_RECIEVE_DATA"
        answer = source.post(f"/jobs/{job}/data", content=b"email\nh1\n", headers=CSV_TYPE)
        assert answer.json() is True

    def test_a_refused_upload_can_be_sent_again(
        self, sandbox: Sandbox, source: httpx.Client, account: httpx.Client
    ) -> None:
        job = self.start(account)
        sandbox.misbehave("status", path="/v1/jobs/*/data")
        for status in (503, 200):
            answer = source.post(f"/jobs/{job}/data", content=b"email\nh1\n", headers=CSV_TYPE)
            assert answer.status_code == status

    def test_a_large_file_in_odd_pieces(
        self, sandbox: Sandbox, source: httpx.Client, account: httpx.Client
    ) -> None:
        job = self.start(account)
        rows = ['email,"na\nme"\r\n', *(f'"käse{n}@x","a ""quoted""\r\nname"\r\n' for n in range(30_000))]
        file = "".join(rows).encode()

        def pieces() -> Iterator[bytes]:
            for at in range(0, len(file), 7919):
                yield file[at : at + 7919]

        answer = source.post(f"/jobs/{job}/data", content=pieces(), headers=CSV_TYPE)
        assert answer.json() is True
        upload = sandbox.state()["acoustic-exchange"]["jobs"][0]["upload"]
        assert (upload["records"], upload["bytes"]) == (30_000, len(file))
        assert upload["sha256"] == hashlib.sha256(file).hexdigest()
