"""Habits of the sandbox's services that show in their responses: ids, pages, alien rows, quoted keys."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sandbox_habits import (
    ACTIVITY,
    AUDIENCE,
    CLIENT,
    CONFIG,
    CONNECTION,
    FLOW,
    JOB,
    MANAGER,
    RESOURCES,
    SERVICE,
    SOURCE,
    Holder,
    Resource,
)
from sandbox_liveramp import connection_body
from sandbox_testing import SECRETS, liveramp_token

from airflow_provider_activation.sandbox import Sandbox

every_resource = pytest.mark.parametrize("resource", RESOURCES, ids=str)


class TestIds:
    @pytest.mark.parametrize("resource", [CONNECTION, MANAGER, CONFIG], ids=str)
    def test_numbers(self, sandbox: Sandbox, ready: Holder, resource: Resource) -> None:
        sandbox.habit("ids", service=resource.service, form="number")
        made = ready.create(resource).json()
        number = int(ready.newest(resource))
        assert (made[0] if isinstance(made, list) else made)["id"] == number
        assert ready.read(resource).json()["id"] == number
        assert [row["id"] for row in ready.rows(resource)] == [number]

    def test_numbers_in_arrays(self, sandbox: Sandbox, holder: Holder) -> None:
        assert holder.create(CONNECTION).is_success
        sandbox.habit("ids", service="liveramp", form="number")
        shown = holder.read(CONNECTION).json()
        assert shown["integrationID"] == [1002, 2002]
        assert shown["properties"] == connection_body()["properties"]

    def test_text(self, sandbox: Sandbox, holder: Holder) -> None:
        holder.prepare(JOB)
        sandbox.habit("ids", form="text")
        assert holder.create(JOB).json() == holder.newest(JOB)
        shown = holder.read(JOB).json()
        assert (shown["jobId"], shown["producerEndpointID"]) == (holder.newest(JOB), "10001")
        assert holder.create(SERVICE).json() == {"id": holder.newest(SERVICE)}
        assert [row["id"] for row in holder.rows(SERVICE)] == [holder.newest(SERVICE)]

    @pytest.mark.parametrize("resource", [ACTIVITY, SOURCE], ids=str)
    def test_other_ids_are_no_numbers(self, sandbox: Sandbox, ready: Holder, resource: Resource) -> None:
        sandbox.habit("ids", form="number")
        assert ready.create(resource).is_success
        assert ready.read(resource).json()["id"] == ready.newest(resource)


class TestShift:
    def pages(self, liveramp: httpx.Client, path: str, limit: int = 2) -> list[list[str]]:
        """The ids on each page of a list."""
        seen, after = [], None
        while True:
            query: dict[str, str | int] = {"limit": limit, **({"after": after} if after else {})}
            answer = liveramp.get(path, params=query).json()
            after = answer.pop("_pagination")["after"]
            seen.append([row["id"] for rows in answer.values() for row in rows])
            if after is None:
                return seen

    @pytest.fixture
    def ids(self, liveramp: httpx.Client) -> list[str]:
        """Five integration connections."""
        return [
            str(liveramp.post("/integration-connections", json=connection_body()).json()["id"])
            for _ in range(5)
        ]

    def test_who_pages_once_misses_a_row(
        self, sandbox: Sandbox, liveramp: httpx.Client, ids: list[str]
    ) -> None:
        sandbox.habit("shift", service="liveramp")
        a, b, c, d, e = ids
        assert self.pages(liveramp, "/integration-connections") == [[a, b], [c, d]]
        assert self.pages(liveramp, "/integration-connections") == [[e, a], [b, c], [d]]
        # With one row on a page, the first page has the moved one only.
        assert self.pages(liveramp, "/integration-connections", 1) == [[e], [a], [b], [c], [d]]
        sandbox.forget_habits()
        assert self.pages(liveramp, "/integration-connections") == [[a, b], [c, d], [e]]

    def test_always(self, sandbox: Sandbox, liveramp: httpx.Client, ids: list[str]) -> None:
        sandbox.habit("shift", service="liveramp", times=None)
        for _ in range(4):
            seen = {one for page in self.pages(liveramp, "/integration-connections") for one in page}
            assert len(set(ids) - seen) == 1

    @pytest.mark.parametrize("path", ["/segments", "/distribution-managers"])
    def test_each_list(self, sandbox: Sandbox, liveramp: httpx.Client, ids: list[str], path: str) -> None:
        whole = self.pages(liveramp, path, 100)[0]
        sandbox.habit("shift", service="liveramp")
        seen = [one for page in self.pages(liveramp, path) for one in page]
        assert seen == whole[:-1]

    def test_the_segments_of_an_account(self, sandbox: Sandbox, holder: Holder) -> None:
        def page(first: int) -> list[str]:
            path = f"/endpoint?segment=true&loadSegments=true&pageSize=2&startRecord={first}"
            found = holder.services["acoustic-exchange"].get(path).json()
            return [row["name"] for endpoint in found for row in endpoint["segments"]]

        holder.prepare(AUDIENCE)
        assert holder.create(AUDIENCE).is_success
        whole = [*page(1), *page(3)]
        assert len(whole) == 4
        sandbox.habit("shift", service="acoustic-exchange")
        assert [*page(1), *page(3)] == [whole[0], whole[1], whole[1], whole[2]]
        assert {*page(1), *page(3)} == {*whole}


class TestAliens:
    @every_resource
    def test_rows_that_are_not_as_documented(
        self, sandbox: Sandbox, ready: Holder, resource: Resource
    ) -> None:
        assert ready.create(resource).is_success
        # A list of endpoints has no row of each segment.
        before = ready.rows(resource)
        sandbox.habit("aliens", service=resource.service)
        rows = ready.rows(resource)
        if resource is AUDIENCE:
            answer = ready.services["acoustic-exchange"].get("/endpoint").json()
            nameless, without_id, wrong = answer[:3]
            assert without_id["endpointId"] is None
        else:
            nameless, without_id, wrong, *others = rows
            assert others == before
            assert without_id[resource.id] is None
        assert not {"name", "label"} & nameless.keys()
        assert all(isinstance(value, list) for value in wrong.values())

    def test_in_an_empty_list(self, sandbox: Sandbox, delta: httpx.Client, holder: Holder) -> None:
        sandbox.habit("aliens", service="delta-projects")
        assert len(holder.rows(ACTIVITY)) == 3
        assert holder.rows(FLOW) == []


class TestQuotes:
    def keys(self, holder: Holder, resource: Resource) -> str:
        """What a request for a resource carries."""
        if resource.service == "delta-projects":
            return SECRETS["delta_api_key"]
        client = holder.services[resource.service]
        return client.headers["Authorization"].removeprefix("Bearer ")

    @pytest.mark.parametrize("resource", [CONNECTION, MANAGER, JOB, ACTIVITY, CLIENT, SOURCE, FLOW], ids=str)
    def test_in_links_and_errors(self, sandbox: Sandbox, ready: Holder, resource: Resource) -> None:
        assert ready.create(resource).is_success
        key = self.keys(ready, resource)
        assert key not in ready.read(resource).text
        sandbox.habit("quotes", service=resource.service)
        path = resource.place(ready)
        assert key in ready.read(resource).json()["self"]
        assert all(key in row["self"] for row in ready.rows(resource))
        refused = ready.services[resource.service].get(f"{path}/1", params={"colour": "red"})
        assert refused.status_code >= 400
        assert key in refused.text
        assert key not in str(sandbox.state())

    def test_in_descriptions(self, sandbox: Sandbox, holder: Holder) -> None:
        for resource, field in ((JOB, "errorDetails"), (SOURCE, "description")):
            sandbox.forget_habits()
            holder.prepare(resource)
            sandbox.habit("quotes")
            assert holder.create(resource).is_success
            assert self.keys(holder, resource) in holder.read(resource).json()[field]

    def test_credentials_in_a_body(self, sandbox: Sandbox, dataddo: httpx.Client, holder: Holder) -> None:
        sandbox.habit("quotes", service="dataddo")
        body: dict[str, Any] = {"service": "snapchat_static", "data": {"staticKey": "wrong-static-key"}}
        assert "wrong-static-key" in dataddo.post("/services", json=body).json()["message"]
        answer = dataddo.post("/auth", json={"email": "x@y.example", "password": "wrong-password"})
        assert (answer.status_code, "wrong-password" in answer.json()["message"]) == (401, True)

    def test_in_a_refusal(self, sandbox: Sandbox, delta: httpx.Client, holder: Holder) -> None:
        sandbox.habit("quotes", path="*/activity")
        sandbox.misbehave("refuse", times=2)
        assert SECRETS["delta_api_key"] in delta.get(ACTIVITY.place(holder)).text
        assert SECRETS["delta_api_key"] not in delta.get("/activity_templates").text

    def test_another_service_quotes_nothing(self, sandbox: Sandbox, holder: Holder) -> None:
        sandbox.habit("quotes", service="dataddo")
        token = liveramp_token(sandbox)
        answer = httpx.get(
            f"{sandbox.url}/liveramp/v2/none", headers={"Authorization": f"Bearer {token}"}, verify=False
        )
        assert token not in answer.text
