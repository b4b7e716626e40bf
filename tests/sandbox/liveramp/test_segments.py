"""LiveRamp: segments come out of uploaded files, as many as a test needs."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sandbox_liveramp import config, configs_path, is_error, make_manager, outcomes
from sandbox_testing import PLAIN, STEP

from airflow_provider_activation.sandbox import Sandbox

CSV = {"Content-Type": "text/csv"}


def upload(sandbox: Sandbox, file: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return PLAIN.post(f"{sandbox.url}/liveramp/upload", content=file, headers=headers or CSV)


def made(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 201, answer.text
    return list(answer.json()["segments"])


def test_each_value_of_a_column_is_a_segment(sandbox: Sandbox, liveramp: httpx.Client) -> None:
    file = "email,lapsed,tier\na@example.com,1,gold\nb@example.com,1,\nc@example.com,,silver\n"
    segments = made(upload(sandbox, file))
    assert [(item["field"]["name"], item["value"]) for item in segments] == [
        ("lapsed", "1"),
        ("tier", "gold"),
        ("tier", "silver"),
    ]
    lapsed, gold, silver = segments
    assert lapsed["id"] == "5000000018"
    assert gold["field"] == silver["field"] != lapsed["field"]
    assert {item["type"] for item in segments} == {"ONBOARDING"}
    found = liveramp.get("/segments", params={"fieldName": "lapsed", "valueName": "1"}).json()
    assert found["v2/Segments"] == [lapsed]
    assert liveramp.get(f"/segments/{gold['id']}").json() == gold
    assert liveramp.get("/segments").json()["_pagination"]["total"] == 20
    held = sandbox.state()["liveramp"]
    assert [item["recordCount"] for item in held["uploadedSegments"]] == [2, 1, 1]
    assert len(held["segments"]) == 17


def test_a_segment_uploaded_again_stays_the_same(sandbox: Sandbox, liveramp: httpx.Client) -> None:
    first = made(upload(sandbox, "email,lapsed,win_back\na@example.com,1,1\n"))
    again = made(upload(sandbox, "email,lapsed\na@example.com,1\nb@example.com,1\n"))
    assert again == first[:1]
    # The second was there from the start, with the same field and value.
    assert first[1]["id"] == "5000000001"
    assert [item["recordCount"] for item in sandbox.state()["liveramp"]["uploadedSegments"]] == [2]
    sandbox.reset()
    assert sandbox.state()["liveramp"]["uploadedSegments"] == []


def test_many_segments_in_distribution(sandbox: Sandbox, liveramp: httpx.Client) -> None:
    names = [f"segment_{number}" for number in range(501)]
    ids = [
        item["id"]
        for item in made(upload(sandbox, f"email,{','.join(names)}\na@example.com{',1' * len(names)}\n"))
    ]
    assert len(set(ids)) == 501
    manager = make_manager(liveramp)
    items = [config(manager, given) for given in ids]
    assert is_error(liveramp.post(configs_path(manager), json=items), 422)
    taken = outcomes(liveramp.post(configs_path(manager), json=items[:500]))
    assert {status for _, status in taken} == {201}
    sandbox.advance(2 * STEP)
    params = {"segmentIDs": [ids[0], ids[499]]}
    delivered = liveramp.get("/deliveries", params=params).json()["v2/Deliveries"]
    assert [item["recordCount"] for item in delivered] == [1, 1]
    seen, after = [], None
    while True:
        query = {"limit": "100"} if after is None else {"limit": "100", "after": after}
        page = liveramp.get(configs_path(manager), params=query).json()
        seen += [item["segmentID"] for item in page["segmentConfigs"]]
        after = page["_pagination"]["after"]
        if after is None:
            break
    assert seen == ids[:500]


@pytest.mark.parametrize(
    ("file", "headers"),
    [
        ("", CSV),
        ("email\n", CSV),
        ("email,a,a\n", CSV),
        ("email,\n", CSV),
        ("email,a\nx\n", CSV),
        ('email,a\n"x,1\n', CSV),
        ("email,a\nx,1\n", {"Content-Type": "text/plain"}),
    ],
)
def test_refusals(sandbox: Sandbox, file: str, headers: dict[str, str]) -> None:
    assert is_error(upload(sandbox, file, headers), 422)
    assert sandbox.state()["liveramp"]["uploadedSegments"] == []
