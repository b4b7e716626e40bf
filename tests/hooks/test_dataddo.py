"""What Dataddo's hook brings about at the service, and that it reads it back as it wrote it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dataddo_tasks import asked, create_service, create_source, held
from task_running import Task

from airflow_provider_activation.api import dataddo as api
from airflow_provider_activation.errors import Conflict, InvalidRequest, NotFound, UncertainOutcome
from airflow_provider_activation.hooks import base
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.sandbox import Sandbox


@pytest.fixture
def hook(connections: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataddoHook]:
    monkeypatch.setattr(base, "_transports", {})
    yield DataddoHook()
    for transport in base._transports.values():
        transport.close()


@pytest.fixture
def service(hook: DataddoHook) -> str:
    return str(Task(create_service).run()["id"])


@pytest.fixture
def source(service: str) -> str:
    return str(Task(create_source).run()["id"])


@pytest.fixture
def flow(hook: DataddoHook, source: str) -> str:
    return hook.create_flow(flow_of(source)).id


def flow_of(source: str) -> api.FlowInput:
    return api.FlowInput(sources=(source,), app="google_data_studio", label="Spend")


def static(sandbox: Sandbox, **more: str) -> dict[str, str]:
    parts = {
        "staticKey": "snapchat_refresh_token",
        "clientId": "snapchat_client_id",
        "clientSecret": "snapchat_client_secret",
    }
    return {**{part: sandbox.secrets[name] for part, name in parts.items()}, **more}


class TestServices:
    def test_three_ways_to_make_one(self, connections: Sandbox, hook: DataddoHook) -> None:
        data = static(connections, label="Mine")
        made = [
            hook.create_service("snapchat_static", data),
            hook.create_service("snapchat_static", data, deprecated_names=False),
            hook.create_typed_service("snapchat_static", data),
        ]
        assert [one.id for one in made] == ["1000", "1001", "1002"]
        assert [(one.id, one.label) for one in hook.list_services()] == [(one.id, "Mine") for one in made]

    def test_a_change(self, connections: Sandbox, hook: DataddoHook, service: str) -> None:
        assert hook.update_service(service, {"label": "Mine"})["label"] == "Mine"
        hook.update_service(service, {"data": static(connections)})
        assert hook.get_service(service).label == "Mine"

    def test_one_in_use_stays(
        self, connections: Sandbox, hook: DataddoHook, service: str, source: str
    ) -> None:
        with pytest.raises(Conflict, match="is being used"):
            hook.delete_service(service)
        hook.delete_source(source)
        hook.delete_service(service)
        assert held(connections, "services") == []
        with pytest.raises(NotFound):
            hook.get_service(service)


class TestConnectors:
    @pytest.mark.parametrize(
        ("action", "inputs", "value"),
        [
            ("breakdown", None, "campaign"),
            ("metric", None, "impressions"),
            ("labels", None, "stats_id"),
            ("dateRange", None, "{{30d1}}"),
            ("organization", {}, "org-1"),
            ("account", {"organizationId": "org-1"}, "acc-1"),
            ("campaign", {"accountId": "acc-1"}, "campaign-1"),
        ],
    )
    def test_what_can_be_chosen(
        self, hook: DataddoHook, service: str, action: str, inputs: dict[str, str] | None, value: str
    ) -> None:
        if inputs is None:
            found = hook.run_connector_action("snapchat", action)
        else:
            found = hook.run_connector_action("snapchat", action, "POST", {"oAuthId": service, **inputs})
        assert value in [one.value for one in found]
        assert all(one.label for one in found)

    def test_a_date_range_that_was_chosen_can_be_given(self, hook: DataddoHook, service: str) -> None:
        for option in hook.run_connector_action("snapchat", "dateRange"):
            assert api.source_payload("snapchat", "x", service, {"dateRange": option.value})["dateRange"] == (
                option.value
            )

    def test_a_look_at_the_data_makes_nothing(
        self, connections: Sandbox, hook: DataddoHook, source: str
    ) -> None:
        payload = hook.get_source_metadata(source)
        preview = hook.preview_connector("snapchat", payload)
        assert (preview.status, preview.row_count, len(preview.data)) == ("success", 10, 10)
        assert len(held(connections, "sources")) == 1

    def test_templates(self, hook: DataddoHook) -> None:
        (listed,) = hook.list_connector_templates("snapchat")["templates"]
        assert hook.get_connector_template("snapchat", listed["templateId"])["method"] == "GET"


class TestSources:
    def test_a_change(self, connections: Sandbox, hook: DataddoHook, source: str) -> None:
        read = hook.get_source(source)
        assert hook.update_source(source, {"label": "Cost", "description": "Daily"}).label == "Cost"
        (kept,) = held(connections, "sources")
        assert (kept["label"], kept["description"], kept["id"]) == ("Cost", "Daily", read.id)

    def test_a_request(self, connections: Sandbox, hook: DataddoHook, source: str) -> None:
        before = hook.get_source_request(source)
        after = hook.update_source_request(source, {**before, "method": "POST", "body": {"a": None}})
        assert after == hook.get_source_request(source) == held(connections, "sources")[0]["request"]
        assert after == {**before, "method": "POST", "body": {"a": None}}

    def test_detected_columns(self, hook: DataddoHook, source: str) -> None:
        assert [column["name"] for column in hook.detect_source(source)] == ["stats_id", "spend"]

    def test_what_is_not_documented_of_an_extraction(
        self, connections: Sandbox, hook: DataddoHook, source: str
    ) -> None:
        hook.enqueue_extraction(source, url="https://example.com/a.csv", limit="10")
        asked_for = {"url": "https://example.com/a.csv", "limit": "10"}
        assert held(connections, "sources")[0]["lastRunAsked"] == asked_for

    def test_an_extraction_off_and_on(self, connections: Sandbox, hook: DataddoHook, source: str) -> None:
        before = hook.get_extraction(source)
        assert hook.deactivate_extraction(source, before).status == "inactive"
        assert hook.get_source_status(source).state == "inactive"
        # also with nothing but an empty object
        assert hook.deactivate_extraction(source).status == "inactive"
        assert hook.update_extraction(source, {"status": "live"}) == before
        assert [entry["message"] for entry in hook.get_source_log(source)] == [
            "The action was started again.",
            "The action was deactivated.",
        ]

    def test_an_extraction_as_it_was_read(self, hook: DataddoHook, source: str) -> None:
        before = hook.get_extraction(source)
        assert hook.update_extraction(source, before.plain()) == before
        changed = hook.update_extraction(source, {"storage_strategy": "clean"})
        assert changed.plain() == {**before.plain(), "storage_strategy": "clean"}


class TestSchedules:
    @pytest.fixture(params=["extraction", "write"])
    def both(
        self, request: pytest.FixtureRequest, hook: DataddoHook, source: str, flow: str
    ) -> tuple[Callable[[], api.CurrentSchedule], Callable[[api.Schedule], api.CurrentSchedule]]:
        """How a schedule is read and how it is written."""
        if request.param == "extraction":
            return (
                lambda: hook.get_extraction_schedule(source),
                lambda schedule: hook.update_extraction_schedule(source, schedule),
            )
        return (
            lambda: hook.get_write_schedule(flow),
            lambda schedule: hook.update_write_schedule(flow, schedule),
        )

    def test_are_read_back_as_they_were_written(self, both: Any) -> None:
        read, write = both
        for schedule in (
            api.Schedule(sync_frequency="day", timezone="UTC", hour=3, minute=25),
            api.Schedule(sync_frequency="week", timezone="Europe/Prague", hour=3, minute=0, day_of_week=1),
            api.Schedule(sync_frequency="month", timezone="UTC", hour="23", minute="59", day_of_month="31"),
            api.Schedule(sync_frequency="custom", minute="*/15", hour="6-20", day_of_week="1,3", month="1"),
        ):
            assert write(schedule) == read()
            given = schedule.parameters()
            assert {name: value for name, value in read().plain().items() if value is not None} == given

    def test_one_part_is_changed_and_the_others_stay(self, both: Any) -> None:
        read, write = both
        write(
            api.Schedule(
                sync_frequency="week", timezone="UTC", hour=3, minute=25, day_of_month=1, day_of_week=2
            )
        )
        before = read()
        assert write(before.schedule()) == before
        write(before.schedule().model_copy(update={"hour": "5", "day_of_month": None}))
        assert read().plain() == {**before.plain(), "hour": "5", "day_of_month": None}

    def test_what_the_service_refuses_changes_nothing(self, both: Any) -> None:
        read, write = both
        before = read()
        with pytest.raises(InvalidRequest, match="timezone"):
            write(api.Schedule(sync_frequency="day", timezone="Mars"))
        assert read() == before

    def test_a_write_s_is_deleted(self, hook: DataddoHook, flow: str) -> None:
        never = hook.get_write_schedule(flow)
        hook.update_write_schedule(flow, api.Schedule(sync_frequency="day", hour=3))
        hook.delete_write_schedule(flow)
        assert hook.get_write_schedule(flow) == never
        # none can be sent back like any other
        assert hook.update_write_schedule(flow, never.schedule()) == never


class TestFlows:
    def test_a_change(self, connections: Sandbox, hook: DataddoHook, source: str, flow: str) -> None:
        assert hook.update_flow(flow, {"label": "Cost"}).label == "Cost"
        assert [one.label for one in hook.list_flows_by_source(source)] == ["Cost"]
        assert held(connections, "flows")[0]["label"] == "Cost"

    def test_a_clone(self, connections: Sandbox, hook: DataddoHook, flow: str) -> None:
        clone = hook.clone_flow(flow)
        assert clone is not None
        assert [one.id for one in hook.list_flows()] == [flow, clone.id]
        assert clone.source == hook.get_flow(flow).source

    def test_a_clone_the_answer_does_not_name(
        self, connections: Sandbox, hook: DataddoHook, flow: str
    ) -> None:
        # the status the documents give it
        connections.misbehave("status", service="dataddo", path="*/clone", status=204, after_acting=True)
        assert hook.clone_flow(flow) is None
        assert len(hook.list_flows()) == 2

    @pytest.mark.parametrize("rule", [{"what": "drop_after"}, {"what": "status", "after_acting": True}])
    def test_a_clone_is_made_once_though_it_is_a_get(
        self, connections: Sandbox, hook: DataddoHook, flow: str, rule: dict[str, Any]
    ) -> None:
        connections.misbehave(service="dataddo", path="*/clone", **rule)
        with pytest.raises(UncertainOutcome):
            hook.clone_flow(flow)
        assert len(asked(connections, "GET", f"/flows/{flow}/clone")) == 1
        assert len(hook.list_flows()) == 2

    def test_a_look_at_the_data_makes_nothing(
        self, connections: Sandbox, hook: DataddoHook, source: str
    ) -> None:
        assert hook.preview_flow(flow_of(source)) == []
        assert hook.preview_flow({"sources": [source]}, 5) == []
        assert held(connections, "flows") == []

    def test_how_a_flow_writes(self, connections: Sandbox, hook: DataddoHook, flow: str) -> None:
        settings = api.WriteSettings(write_mode="upsert", unique_columns=("stats_id",))
        assert hook.update_write_settings(flow, settings) == settings.body()
        write = hook.get_write(flow)
        assert {name: write[name] for name in settings.body()} == settings.body()
        assert held(connections, "flows")[0]["write_mode"] == "upsert"

    def test_writes_off_and_on(self, hook: DataddoHook, flow: str) -> None:
        assert hook.update_write_status(flow, {"status": "inactive"})["status"] == "inactive"
        assert hook.get_write_status(flow) == hook.get_flow_status(flow)
        with pytest.raises(Conflict):
            hook.enqueue_write(flow)
        hook.update_write_status(flow, {})
        assert hook.enqueue_write(flow, skip_rules_validation=True).execution_id
        assert [entry["level"] for entry in hook.get_write_log(flow)][-2:] == ["info", "info"]

    def test_its_address(self, hook: DataddoHook, flow: str) -> None:
        found = hook.get_flow(flow).api
        assert found is not None
        assert hook.get_flow_api(flow) == {"app": "google_data_studio", "id": found.id}
        assert hook.get_flow_api_log(flow) == []


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_tried_out_says_whether_it_works(
    connections: Sandbox, hook: DataddoHook, service: str, source: str, flow: str, fails: bool
) -> None:
    if fails:
        connections.misbehave("fail", service="dataddo", path="*/debug", times=4)
    found = [
        hook.debug_service(service),
        hook.debug_extraction(source),
        hook.debug_write(flow),
        hook.debug_flow_api(flow),
    ]
    assert {one.status for one in found} == {"error" if fails else "success"}
    assert all(one.message for one in found)
    assert (held(connections, "sources")[0]["runs"], held(connections, "flows")[0]["runs"]) == (0, 0)


def test_destinations(connections: Sandbox, hook: DataddoHook, service: str) -> None:
    given = {"label": "Warehouse", "o_auth_id": int(service), "projectId": "p", "datasetId": "d"}
    made = hook.create_destination("google_big_query", given)
    changed = hook.update_destination(made.id, {"datasetId": "other"})
    assert (changed.id, changed.plain()["dataset_id"]) == (made.id, "other")
    clone = hook.clone_destination(made.id)
    assert clone is not None
    assert [one.id for one in hook.list_destinations()] == [made.id, clone.id]
    hook.delete_destination(made.id)
    assert [one["id"] for one in held(connections, "destinations")] == [clone.id]
    with pytest.raises(NotFound):
        hook.get_destination(made.id)


def test_a_clone_of_a_destination_is_made_once(connections: Sandbox, hook: DataddoHook, service: str) -> None:
    given = {"label": "Warehouse", "o_auth_id": int(service), "projectId": "p", "datasetId": "d"}
    made = hook.create_destination("google_big_query", given)
    connections.misbehave("drop_after", service="dataddo", path="*/clone")
    with pytest.raises(UncertainOutcome):
        hook.clone_destination(made.id)
    assert len(hook.list_destinations()) == 2
