"""Acoustic Exchange's jobs: exports, identity imports, refreshes, and the files that go in and out."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from acoustic_testing import BIG, CSV_TYPE, export, is_error, offer_segment, registration
from sandbox_testing import ANSWERED, STEP, acoustic_client, course

from airflow_provider_activation.sandbox import Sandbox


def refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert len(set(names)) == len(names), f"repeated: {names}"
    return dict(pairs)


@pytest.fixture
def source(endpoint: httpx.Client) -> httpx.Client:
    """The endpoint's key, its endpoint registered as a push source that offers one segment."""
    return offer_segment(endpoint)


class TestExports:
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
        with socket.create_connection((place.hostname, place.port), timeout=ANSWERED) as connection:
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

    @pytest.mark.parametrize("header", ["mail,name", "email"])
    def test_people_in_a_refused_upload_are_noted(
        self, sandbox: Sandbox, source: httpx.Client, account: httpx.Client, header: str
    ) -> None:
        """They have been sent, whatever became of the file."""
        job = self.start(account)
        content = f"{header}\na@example.com,b\nc@example.com,d\n".encode()
        assert is_error(source.post(f"/jobs/{job}/data", content=content, headers=CSV_TYPE), 400)
        (noted,) = [one for one in sandbox.state()["acoustic-exchange"]["jobs"] if one["jobId"] == job]
        assert noted["upload"] is None
        assert noted["refusedUpload"]["plainValues"] == {header.partition(",")[0]: 2}

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

    def test_download(self, sandbox: Sandbox, source: httpx.Client, account: httpx.Client) -> None:
        mappings = {"city": "town", "age": "years"}
        order = {"destinationEndpointID": 20003, "attributeMappings": mappings}
        job = self.start(account, sourceIdentifiers=["email", "phone"], **order)
        path = f"/jobs/{job}/segmentDataFiles/segment_{job}.csv"
        assert is_error(account.get(path), 404)
        file = b'phone,city,email\r\n1,"Ulm, Donau",h1\r\n2,,\r\n'
        source.post(f"/jobs/{job}/data", content=file, headers=CSV_TYPE)
        assert is_error(account.get(path), 404)
        sandbox.advance(2 * STEP)
        for _ in range(2):
            answer = account.get(path)
            assert answer.headers["Content-Type"].startswith("text/csv")
            assert answer.content == b'email_hash,town,years\r\nh1,"Ulm, Donau",\r\n2,,\r\n'
            assert self.status(account, job) == "READY_FOR_DOWNLOAD"
        sandbox.advance(STEP)
        assert self.status(account, job) == "COMPLETE"
        assert account.get(path).status_code == 200

    def test_download_from_a_source_that_is_pulled(self, sandbox: Sandbox, account: httpx.Client) -> None:
        account.put("/endpoint/10001", json=registration("pull"))
        job = self.start(account, destinationEndpointID=20003, attributeMappings={"city": "town"})
        sandbox.advance(2 * STEP)
        rows = account.get(f"/jobs/{job}/segmentDataFiles/segment_{job}.csv").text.splitlines()
        assert (rows[0], rows[1], len(rows)) == ("email_hash,town", "email-1,city-1", 1001)

    def test_download_refusals(self, sandbox: Sandbox, source: httpx.Client, account: httpx.Client) -> None:
        pushed, pulled = self.start(account), self.start(account, destinationEndpointID=20003)
        for job in (pushed, pulled):
            source.post(f"/jobs/{job}/data", content=b"email\nh1\n", headers=CSV_TYPE)
        sandbox.advance(2 * STEP)
        assert is_error(account.get(f"/jobs/{pushed}/segmentDataFiles/segment_{pushed}.csv"), 404)
        assert is_error(account.get(f"/jobs/{pulled}/segmentDataFiles/segment_{pushed}.csv"), 404)
        assert is_error(account.get(f"/jobs/{pulled + 9}/segmentDataFiles/x.csv"), 404)
        path = f"/jobs/{pulled}/segmentDataFiles/segment_{pulled}.csv"
        # The source's key is not the destination's.
        assert is_error(source.get(path), 403)
        assert is_error(account.get(f"{path}?part=1"), 400)
        assert account.get(path).status_code == 200

    def test_a_destination_downloads_with_its_own_key(
        self, sandbox: Sandbox, account: httpx.Client, endpoint: httpx.Client
    ) -> None:
        pulls = {"segment": {"destination": {"enabled": True, "destinationType": "pull"}}}
        endpoint.put("/endpoint", json=registration(endpointTypes=pulls))
        job = self.start(account, endpointID=20004, segmentID=800001, destinationEndpointID=10001)
        with acoustic_client(sandbox, "replacing_source") as source:
            assert is_error(endpoint.post(f"/jobs/{job}/data", content=b"email\nh1\n", headers=CSV_TYPE), 403)
            source.post(f"/jobs/{job}/data", content=b"email\nh1\n", headers=CSV_TYPE)
        sandbox.advance(2 * STEP)
        answer = endpoint.get(f"/jobs/{job}/segmentDataFiles/segment_{job}.csv")
        assert answer.content == b"email_hash\r\nh1\r\n"


def order(**changed: Any) -> dict[str, Any]:
    given = {"endpointID": 10001, "segmentID": BIG, "scheduleDetails": {"runNow": True}, **changed}
    return {name: value for name, value in given.items() if value is not ...}


class TestIdentityImports:
    def start(self, account: httpx.Client, **changed: Any) -> int:
        answer = account.post("/jobs/identityImport", json=order(**changed))
        assert answer.status_code == 200, answer.text
        assert answer.text.isdecimal()
        return int(answer.text)

    def look(self, client: httpx.Client, job: int) -> dict[str, Any]:
        shown: dict[str, Any] = client.get(f"/jobs/IDENTITY_IMPORT/{job}").json()
        return shown

    def test_push_source(self, sandbox: Sandbox, source: httpx.Client, account: httpx.Client) -> None:
        job = self.start(account, sourceIdentifiers=["email", "phone"])
        shown = self.look(account, job)
        assert (shown["jobCategory"], shown["producerEndpointID"], shown["producerSegmentID"]) == (
            "IDENTITY_IMPORT",
            10001,
            BIG,
        )
        assert (shown["status"], shown["sourceIdentifiers"]) == (
            "WAITING_TO_RECIEVE_DATA",
            ["email", "phone"],
        )
        assert (shown["destinationEndpointID"], shown["scheduledJobId"]) == (None, None)
        assert is_error(source.post(f"/jobs/{job}/data", content=b"email\nh1\n", headers=CSV_TYPE), 400)
        file = b"email,phone\nh1,1\n"
        assert source.post(f"/jobs/{job}/data", content=file, headers=CSV_TYPE).json() is True
        assert course(sandbox, lambda: self.look(source, job)["status"]) == ["PENDING", "RUNNING", "COMPLETE"]
        assert is_error(account.get(f"/jobs/{job}/segmentDataFiles/segment_{job}.csv"), 404)
        held = sandbox.state()["acoustic-exchange"]["jobs"]
        assert [(item["jobCategory"], item["records"]) for item in held] == [("IDENTITY_IMPORT", 1)]

    def test_pull_source(self, sandbox: Sandbox, account: httpx.Client) -> None:
        account.put("/endpoint/10001", json=registration("pull"))
        job = self.start(account, segmentID=..., segmentIDString="any")
        # Another job looks whether the source has exported.
        assert self.look(account, job)["scheduledJobId"] == job + 1
        assert course(sandbox, lambda: self.look(account, job)["status"]) == [
            "PENDING",
            "RUNNING",
            "COMPLETE",
        ]

    def test_fails(self, sandbox: Sandbox, account: httpx.Client) -> None:
        account.put("/endpoint/10001", json=registration("pull"))
        sandbox.misbehave("fail", path="/v1/jobs/identityImport")
        job = self.start(account)
        sandbox.advance(2 * STEP)
        assert self.look(account, job)["status"] == "FAILED"

    def test_lists(self, source: httpx.Client, account: httpx.Client) -> None:
        job = self.start(account)
        exported = int(account.post("/jobs/segmentExport", json=export()).text)
        assert [item["jobId"] for item in account.get("/jobs/IDENTITY_IMPORT").json()] == [job]
        assert [item["jobId"] for item in source.get("/jobs/IDENTITY_IMPORT?endpointId=10001").json()] == [
            job
        ]
        assert account.get("/jobs/IDENTITY_IMPORT?endpointId=20002").json() == []
        assert [item["jobId"] for item in account.get("/jobs/SEGMENT_EXPORT").json()] == [exported]
        assert is_error(account.get(f"/jobs/IDENTITY_IMPORT/{exported}"), 404)

    def test_database(self, account: httpx.Client) -> None:
        # 20004 was registered with the database db1.
        seeded = {"endpointID": 20004, "segmentID": 800001}
        assert is_error(account.post("/jobs/identityImport", json=order(**seeded, databaseID="db2")), 400)
        assert self.start(account, **seeded, databaseID="db1") > 0

    @pytest.mark.parametrize(
        "changed",
        [
            {"endpointID": ...},
            {"endpointID": "10001"},
            {"endpointID": 20002},
            {"segmentID": ...},
            {"segmentID": BIG - 1},
            {"segmentIDString": "x"},
            {"databaseID": 1},
            {"sourceIdentifiers": "email"},
            {"scheduleDetails": ...},
            {"scheduleDetails": {"runNow": False}},
            {"action": "add"},
            {"minCount": 1},
            {"updateIdentities": True},
            {"destinationEndpointID": 20002},
        ],
    )
    def test_refusals(self, source: httpx.Client, account: httpx.Client, changed: dict[str, Any]) -> None:
        assert is_error(account.post("/jobs/identityImport", json=order(**changed)), 400)
        assert account.get("/jobs/IDENTITY_IMPORT").json() == []

    def test_key_and_method(self, source: httpx.Client, account: httpx.Client) -> None:
        assert is_error(source.post("/jobs/identityImport", json=order()), 403)
        assert is_error(account.put("/jobs/identityImport", json=order()), 405)


class TestRefresh:
    def test_every_call_starts_a_job(self, sandbox: Sandbox, account: httpx.Client) -> None:
        first, second = (account.get("/endpoint/refreshSegments").json()["jobId"] for _ in range(2))
        assert first != second
        listed = account.get("/jobs/SEGMENT_POPULATE_DB").json()
        assert [item["jobId"] for item in listed] == [first, second]
        assert (listed[0]["jobCategory"], listed[0]["producerEndpointID"]) == ("SEGMENT_POPULATE_DB", None)

        def status() -> Any:
            return account.get(f"/jobs/SEGMENT_POPULATE_DB/{first}").json()["status"]

        assert course(sandbox, status) == ["PENDING", "RUNNING", "COMPLETE"]

    def test_refusals(self, endpoint: httpx.Client, account: httpx.Client) -> None:
        assert is_error(endpoint.get("/endpoint/refreshSegments"), 403)
        assert is_error(account.get("/endpoint/refreshSegments?endpointId=10001"), 400)
        assert account.get("/jobs/SEGMENT_POPULATE_DB").json() == []
        job = account.get("/endpoint/refreshSegments").json()["jobId"]
        assert is_error(endpoint.get(f"/jobs/SEGMENT_POPULATE_DB/{job}"), 403)
        assert is_error(account.post(f"/jobs/{job}/data", content=b"email\nh1\n", headers=CSV_TYPE), 400)
