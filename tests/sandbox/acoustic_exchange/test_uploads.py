"""Acoustic Exchange refuses files that are not what the endpoint registered, or that are badly packed."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from typing import Any

import httpx
import pytest
from acoustic_testing import CSV_TYPE, export, is_error, offer_segment, registration

from airflow_provider_activation.sandbox import Sandbox

DIGEST = hashlib.sha256(b"bo@example.com").hexdigest()
DATABASES = {
    "marketingDatabases": [
        {
            "name": "Customers",
            "identifiers": [
                {"name": "email", "type": "email", "hashMode": "HASHED", "hashAlgorithm": "SHA256"},
                {"name": "email_md5", "type": "email", "hashMode": "REQUIRED", "hashAlgorithm": "MD5"},
                {"name": "plain", "type": "email", "hashMode": "NONE"},
            ],
            "attributes": [{"name": "city", "type": "String", "isRequired": False}],
        }
    ]
}
GZIP = {**CSV_TYPE, "Content-Encoding": "gzip"}
FILE = f"email,city\n{DIGEST},Ulm\n".encode()


@pytest.fixture
def job(endpoint: httpx.Client, account: httpx.Client) -> int:
    offer_segment(endpoint)
    described = registration() | {"marketingDatabasesDefinition": DATABASES}
    assert account.put("/endpoint/10001", json=described).status_code == 200
    return int(account.post("/jobs/segmentExport", json=export()).text)


def upload(account: httpx.Client, job: int, content: bytes, headers: Any = CSV_TYPE) -> httpx.Response:
    return account.post(f"/jobs/{job}/data", content=content, headers=headers)


def upload_of(sandbox: Sandbox) -> Any:
    return sandbox.state()["acoustic-exchange"]["jobs"][0].get("upload")


@pytest.mark.parametrize(
    "content", [FILE, FILE.replace(DIGEST.encode(), DIGEST.upper().encode()), b'email\n""\n']
)
def test_digests_are_taken(account: httpx.Client, job: int, sandbox: Sandbox, content: bytes) -> None:
    answer = upload(account, job, content)
    assert (answer.status_code, answer.text) == (200, "true")
    assert upload_of(sandbox)["sha256"] == hashlib.sha256(content).hexdigest()


REFUSED = {
    "an address": b"email,city\nbo@example.com,Ulm\n",
    "the second is plain": FILE + b"bo@example.com,Ulm\n",
    "no hex": b"email\n" + b"g" * 64 + b"\n",
    "a digit less": f"email\n{DIGEST[:-1]}\n".encode(),
    "another algorithm": b"email\n" + hashlib.sha1(b"bo@example.com").hexdigest().encode() + b"\n",
    "spaces": f"email\n {DIGEST}\n".encode(),
    "of another column": f"email,email_md5\n{DIGEST},{DIGEST}\n".encode(),
    "a column that is not registered": f"email,name\n{DIGEST},Bo\n".encode(),
    "capitals": f"Email\n{DIGEST}\n".encode(),
    "no header": b"Bo,Ulm\n",
    "tabs for commas": FILE.replace(b",", b"\t"),
    "gzip that nobody told of": gzip.compress(FILE),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_other_files_are_refused(account: httpx.Client, job: int, sandbox: Sandbox, content: bytes) -> None:
    answer = upload(account, job, content)
    assert is_error(answer, 400)
    assert "bo@example.com" not in answer.text
    assert DIGEST not in answer.text
    assert account.get(f"/jobs/SEGMENT_EXPORT/{job}").json()["status"] == "WAITING_TO_RECIEVE_DATA"
    assert upload(account, job, FILE).status_code == 200


def test_gzip_is_taken(account: httpx.Client, job: int, sandbox: Sandbox) -> None:
    assert upload(account, job, gzip.compress(FILE), GZIP).text == "true"
    assert upload_of(sandbox)["sha256"] == hashlib.sha256(FILE).hexdigest()


PACKED = gzip.compress(FILE)
BAD_GZIP = {
    "plain": FILE,
    "cut": PACKED[:-12],
    "without its sum": PACKED[:-8],
    "another sum": PACKED[:-8] + bytes(4) + PACKED[-4:],
    "surplus": PACKED + b"surplus",
    "zlib": zlib.compress(FILE),
    "nothing": b"",
}


@pytest.mark.parametrize("content", BAD_GZIP.values(), ids=BAD_GZIP)
def test_bad_gzip_is_refused(account: httpx.Client, job: int, content: bytes) -> None:
    assert is_error(upload(account, job, content, GZIP), 400)
    assert account.get(f"/jobs/SEGMENT_EXPORT/{job}").json()["status"] == "WAITING_TO_RECIEVE_DATA"


def test_other_encodings_are_refused(account: httpx.Client, job: int) -> None:
    answer = upload(account, job, FILE, {**CSV_TYPE, "Content-Encoding": "br"})
    assert is_error(answer, 415)


def test_a_bomb_is_refused_early(account: httpx.Client, job: int) -> None:
    """One record of 200 MB in 200 kB: it is given up on before it is unpacked whole."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(b"email\n") + b"".join(packer.compress(b"0" * (1 << 20)) for _ in range(200))
    assert is_error(upload(account, job, bomb + packer.flush(), GZIP), 400)
