"""Dataddo's operators that make one thing, against the sandbox: once, again, refused, and cut short."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dataddo_tasks import create_flow, create_service, create_source, held
from example_tasks import SOURCE_PARAMETERS
from task_running import Task

from airflow_provider_activation.api import dataddo as api
from airflow_provider_activation.errors import (
    Conflict,
    InvalidConnection,
    InvalidRequest,
    NotFound,
    UncertainOutcome,
)
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.operators.dataddo import DataddoCreateSourceOperator
from airflow_provider_activation.operators.dataddo.flows import STATIC_CREDENTIALS
from airflow_provider_activation.sandbox import Sandbox

with_or_without_store = pytest.mark.parametrize("store", [True, False], ids=["store", "no store"])


class TestCreateService:
    def test_makes_one_and_names_it(self, connections: Sandbox) -> None:
        task = Task(create_service)
        assert task.run() == {"id": "1000"}
        assert task.ti is not None
        assert task.ti.xcoms["id"] == "1000"
        (made,) = held(connections, "services")
        assert (made["id"], made["service"]) == (1000, "snapchat_static")

    def test_credentials_come_from_where_they_are_said_to_be(
        self, connections: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secrets = connections.secrets
        connection = {
            "conn_type": "generic",
            "password": secrets["snapchat_refresh_token"],
            "extra": {"id": secrets["snapchat_client_id"], "secret": secrets["snapchat_client_secret"]},
        }
        monkeypatch.setenv("AIRFLOW_CONN_ELSEWHERE", json.dumps(connection))
        places = {"staticKey": "password", "clientId": "extra.id", "clientSecret": "extra.secret"}
        task = Task(lambda: create_service(credentials_conn_id="elsewhere", credentials=places))
        assert task.run() == {"id": "1000"}

    def test_one_of_that_name_is_taken(self, connections: Sandbox, snapchat_service: str) -> None:
        assert Task(create_service).run() == {"id": snapchat_service}
        assert len(held(connections, "services")) == 1

    def test_another_is_made_if_told_so(self, connections: Sandbox, snapchat_service: str) -> None:
        assert Task(lambda: create_service(if_exists="create")).run() == {"id": "1001"}
        assert len(held(connections, "services")) == 2

    def test_one_of_that_name_can_be_refused(self, connections: Sandbox, snapchat_service: str) -> None:
        task = Task(lambda: create_service(if_exists="fail"))
        with pytest.raises(Conflict, match="exists already: service 1000"):
            task.run()
        assert len(held(connections, "services")) == 1
        assert task.store == {}

    def test_a_service_of_the_same_name_is_not_taken(self, connections: Sandbox) -> None:
        """It may hold another customer's credentials: what is in it cannot be read back."""
        hook = DataddoHook()
        theirs = hook.create_service(
            "snapchat_static", hook.secrets_of("snapchat_app", STATIC_CREDENTIALS)
        ).id
        ours = Task(create_service).run()["id"]
        assert ours != theirs
        assert Task(create_service).run()["id"] == ours, "its label has the key of these credentials"

    def test_a_service_that_the_user_names_is_taken(
        self, connections: Sandbox, snapchat_service: str
    ) -> None:
        named = {"credentials_conn_id": None, "service_id": int(snapchat_service)}
        assert Task(lambda: create_service(**named)).run() == {"id": snapchat_service}
        assert len(held(connections, "services")) == 1
        with pytest.raises(NotFound):
            Task(lambda: create_service(**{**named, "service_id": "4711"})).run()
        with pytest.raises(ValueError, match="credentials_conn_id, or the service_id"):
            create_service(service_id="4711")

    def test_of_two_with_the_same_credentials_all_take_the_same(
        self, connections: Sandbox, snapchat_service: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        hook = DataddoHook()
        (made,) = held(connections, "services")
        secrets = hook.secrets_of("snapchat_app", STATIC_CREDENTIALS)
        hook.create_service("snapchat_static", {**secrets, "label": made["label"]})
        with caplog.at_level("WARNING"):
            assert Task(create_service).run() == {"id": snapchat_service}
        assert "Delete the others, if nothing uses them: service 1001" in caplog.text

    @with_or_without_store
    @pytest.mark.parametrize("what", ["drop_after", "half_body", "empty", "html"])
    @pytest.mark.parametrize("if_exists", ["reuse", "create"])
    def test_a_lost_answer_makes_no_second(
        self, connections: Sandbox, one_look: None, if_exists: str, what: str, store: bool
    ) -> None:
        connections.misbehave(
            what, service="dataddo", method="POST", path="/services", after_acting=what == "html"
        )
        task = Task(lambda: create_service(if_exists=if_exists), store=store)
        assert task.run() == {"id": "1000"}
        assert len(held(connections, "services")) == 1

    @pytest.mark.parametrize(
        ("if_exists", "store"), [("reuse", True), ("reuse", False), ("create", True), ("create", False)]
    )
    def test_the_next_try_looks_before_it_sends(
        self, connections: Sandbox, one_look: None, if_exists: str, store: bool
    ) -> None:
        task = Task(lambda: create_service(if_exists=if_exists), store=store)
        # signed in, so that each call is one request
        DataddoHook().list_services()
        connections.misbehave("drop_after", service="dataddo", method="POST", path="/services")
        # the first try cannot even look for it afterwards, only before
        for _ in range(1 if if_exists == "create" else 3):
            connections.misbehave("delay", service="dataddo", method="GET", path="/services", seconds=0.001)
        connections.misbehave("refuse", service="dataddo", method="GET", path="/services", status=400)
        with pytest.raises(UncertainOutcome, match=r"Looking for it failed too: .*answered 400"):
            task.run()
        assert task.run() == {"id": "1000"}
        assert len(held(connections, "services")) == 1

    def test_clearing_makes_another_only_where_one_may_be_made(self, connections: Sandbox) -> None:
        for if_exists, after in (("reuse", "1000"), ("create", "1002")):
            task = Task(lambda if_exists=if_exists: create_service(if_exists=if_exists))
            task.run()
            task.clear()
            assert task.run() == {"id": after}

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({"if_exists": "maybe"}, "if_exists"),
            ({"credentials": {"clientId": "host"}}, r"credentials\['clientId'\]"),
            ({"on_uncertain": "hope"}, "on_uncertain"),
        ],
    )
    def test_refused_when_the_dag_is_parsed(self, arguments: dict[str, Any], named: str) -> None:
        with pytest.raises(ValueError, match=named):
            create_service(**arguments)

    def test_missing_credentials_are_found_out_before_any_call(
        self, connections: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_SNAPCHAT_APP", json.dumps({"conn_type": "generic", "login": "x"}))
        with pytest.raises(InvalidConnection, match=r"'snapchat_app' lacks extra\.refresh_token, password"):
            Task(create_service).run()
        assert connections.requests == []

    def test_credentials_the_third_party_refuses(
        self, connections: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        wrong = {"login": "CANARY-1", "password": "CANARY-2", "extra": {"refresh_token": "CANARY-3"}}
        monkeypatch.setenv("AIRFLOW_CONN_SNAPCHAT_APP", json.dumps({"conn_type": "generic", **wrong}))
        task = Task(create_service)
        with pytest.raises(InvalidRequest, match="did not accept these credentials") as caught:
            task.run()
        assert "CANARY" not in f"{caught.value} {caught.value!r} {caplog.text}"
        assert task.store == {}

    def test_a_kind_of_service_there_is_not(self, connections: Sandbox) -> None:
        with pytest.raises(InvalidRequest, match="must be one of snapchat_static"):
            Task(lambda: create_service(service="myspace_static")).run()


class TestCreateSource:
    def test_makes_one_of_these_parameters(self, connections: Sandbox, snapchat_service: str) -> None:
        parameters = {**SOURCE_PARAMETERS, "search": "", "request": None, "dateRangePreview": "7d1"}
        task = Task(lambda: create_source(parameters=parameters))
        made = task.run()
        (kept,) = held(connections, "sources")
        assert (made, kept["label"]) == ({"id": kept["id"]}, "Snapchat Insights")
        assert task.ti is not None
        assert task.ti.xcoms["id"] == kept["id"]
        assert kept["parameters"] == {
            **parameters,
            "connectorId": "snapchat",
            "label": "Snapchat Insights",
            "oAuthId": "1000",
            "storageStrategy": "incremental",
            "dateRange": "{{30d1}}",
            "dateRangePreview": "{{7d1}}",
        }

    def test_a_schedule_comes_along(self, connections: Sandbox, snapchat_service: str) -> None:
        schedule = api.Schedule(
            sync_frequency="month", day_of_month=1, day_of_week=2, hour=3, minute=25, timezone="UTC"
        )
        made = Task(lambda: create_source(parameters={**SOURCE_PARAMETERS, **schedule.parameters()})).run()
        read = DataddoHook().get_extraction_schedule(made["id"])
        assert read.schedule().parameters() == schedule.parameters()
        (kept,) = held(connections, "sources")
        assert kept["schedule"] == {**schedule.parameters(), "month": None}

    def test_fields_are_rendered(self, connections: Sandbox, snapchat_service: str) -> None:
        def templated() -> DataddoCreateSourceOperator:
            operator = create_source(
                source_label="Insights {{ ds }}",
                service_id="{{ service }}",
                parameters={**SOURCE_PARAMETERS, "accountId": "{{ account }}"},
            )
            context: Any = {"ds": "2026-01-01", "service": snapchat_service, "account": "acc-1"}
            operator.render_template_fields(context)
            return operator

        Task(templated).run()
        (kept,) = held(connections, "sources")
        assert (kept["label"], kept["parameters"]["accountId"]) == ("Insights 2026-01-01", "acc-1")
        assert kept["parameters"]["dateRange"] == "{{30d1}}"

    def test_one_of_that_label_is_taken(self, connections: Sandbox, snapchat_source: str) -> None:
        assert Task(create_source).run() == {"id": snapchat_source}
        assert len(held(connections, "sources")) == 1

    def test_another_is_made_if_told_so(self, connections: Sandbox, snapchat_source: str) -> None:
        task = Task(lambda: create_source(if_exists="create"))
        second = task.run()["id"]
        task.clear()
        third = task.run()["id"]
        labels = {one["id"]: one["label"] for one in held(connections, "sources")}
        assert labels[snapchat_source] == "Snapchat Insights"
        assert labels[second].startswith("Snapchat Insights [af:")
        assert len({snapchat_source, second, third, labels[second], labels[third]}) == 5

    def test_one_of_that_label_can_be_refused(self, connections: Sandbox, snapchat_source: str) -> None:
        with pytest.raises(Conflict, match=f"exists already: source {snapchat_source}"):
            Task(lambda: create_source(if_exists="fail")).run()

    @with_or_without_store
    @pytest.mark.parametrize("what", ["drop_after", "half_body", "empty"])
    @pytest.mark.parametrize("if_exists", ["reuse", "create", "fail"])
    def test_a_lost_answer_makes_no_second(
        self,
        connections: Sandbox,
        one_look: None,
        snapchat_service: str,
        if_exists: str,
        what: str,
        store: bool,
    ) -> None:
        connections.misbehave(what, service="dataddo", method="POST", path="*/create-source")
        # of what must not be there yet, nothing shows whose it is
        adopt = {"on_uncertain": "adopt"} if if_exists == "fail" else {}
        made = Task(lambda: create_source(if_exists=if_exists, **adopt), store=store).run()
        assert [one["id"] for one in held(connections, "sources")] == [made["id"]]

    @with_or_without_store
    @pytest.mark.parametrize("if_exists", ["reuse", "create", "fail"])
    def test_the_next_try_sends_what_did_not_arrive(
        self, connections: Sandbox, one_look: None, snapchat_service: str, if_exists: str, store: bool
    ) -> None:
        connections.misbehave("drop_before", service="dataddo", method="POST", path="*/create-source")
        task = Task(lambda: create_source(if_exists=if_exists), store=store)
        with pytest.raises(UncertainOutcome):
            task.run()
        # a list of all sources proves that it is not there
        made = task.run()
        assert [one["id"] for one in held(connections, "sources")] == [made["id"]]

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({"parameters": {**SOURCE_PARAMETERS, "label": "x"}}, "parameters: label"),
            ({"parameters": {**SOURCE_PARAMETERS, "dateRange": "yesterday"}}, "dateRange"),
            ({"parameters": {**SOURCE_PARAMETERS, "dateRange": "1d30"}}, "dateRange must start before"),
            ({"parameters": {**SOURCE_PARAMETERS, "hour": {1, 2}}}, r"\['hour'\] must be plain JSON"),
            ({"connector_id": "../snapchat"}, "connector_id"),
        ],
    )
    def test_refused_before_any_call(
        self, connections: Sandbox, arguments: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=named):
            Task(lambda: create_source(**arguments)).run()
        assert connections.requests == []

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [({"if_exists": "maybe"}, "if_exists"), ({"connector_id": ""}, "connector_id")],
    )
    def test_refused_when_the_dag_is_parsed(self, arguments: dict[str, Any], named: str) -> None:
        with pytest.raises(ValueError, match=named):
            create_source(**arguments)

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({"parameters": {**SOURCE_PARAMETERS, "organizationId": "org-2"}}, "organizationId"),
            ({"parameters": {**SOURCE_PARAMETERS, "metrics": ["Spend"]}}, "metrics"),
            ({"service_id": "9"}, "oAuthId names no service"),
        ],
    )
    def test_what_the_service_refuses_leaves_nothing_behind(
        self, connections: Sandbox, snapchat_service: str, arguments: dict[str, Any], named: str
    ) -> None:
        task = Task(lambda: create_source(**arguments))
        for _ in range(2):
            with pytest.raises(InvalidRequest, match=named):
                task.run()
        assert task.store == {}
        assert held(connections, "sources") == []


class TestCreateFlow:
    def test_makes_one_of_these_sources(self, connections: Sandbox, snapchat_source: str) -> None:
        task = Task(lambda: create_flow(source_ids=[snapchat_source]))
        made = task.run()
        (kept,) = held(connections, "flows")
        assert made == {"id": kept["id"]}
        assert task.ti is not None
        assert task.ti.xcoms["id"] == kept["id"]
        assert (kept["source"], kept["api"]["app"]) == (
            [{"source_id": snapchat_source}],
            "google_data_studio",
        )

    def test_an_equal_one_is_taken_and_no_other(
        self, connections: Sandbox, snapchat_source: str, snapchat_flow: str
    ) -> None:
        second = Task(lambda: create_source(source_label="Second")).run()["id"]
        others: list[dict[str, Any]] = [
            {"source_ids": [second]},
            {"source_ids": [snapchat_source, second]},
            {"source_ids": [snapchat_source], "flow_label": "Another"},
        ]
        ids = [Task(lambda given=given: create_flow(**given)).run()["id"] for given in others]
        assert len({snapchat_flow, *ids}) == 4
        assert Task(lambda: create_flow(source_ids=[snapchat_source])).run() == {"id": snapchat_flow}
        # of several sources the order says nothing
        assert Task(lambda: create_flow(source_ids=[second, snapchat_source])).run() == {"id": ids[1]}
        assert len(held(connections, "flows")) == 4

    def test_another_is_made_if_told_so(
        self, connections: Sandbox, snapchat_source: str, snapchat_flow: str
    ) -> None:
        second = Task(lambda: create_flow(source_ids=[snapchat_source], if_exists="create")).run()["id"]
        labels = {one["id"]: one["label"] for one in held(connections, "flows")}
        assert labels[snapchat_flow] == "GDS Flow"
        assert labels[second].startswith("GDS Flow [af:")

    def test_an_equal_one_can_be_refused(
        self, connections: Sandbox, snapchat_source: str, snapchat_flow: str
    ) -> None:
        with pytest.raises(Conflict, match=f"exists already: flow {snapchat_flow}"):
            Task(lambda: create_flow(source_ids=[snapchat_source], if_exists="fail")).run()

    @with_or_without_store
    @pytest.mark.parametrize("what", ["drop_after", "half_body", "empty"])
    @pytest.mark.parametrize("if_exists", ["reuse", "create", "fail"])
    def test_a_lost_answer_makes_no_second(
        self,
        connections: Sandbox,
        one_look: None,
        snapchat_source: str,
        if_exists: str,
        what: str,
        store: bool,
    ) -> None:
        connections.misbehave(what, service="dataddo", method="POST", path="/flows")
        # of what must not be there yet, nothing shows whose it is
        adopt = {"on_uncertain": "adopt"} if if_exists == "fail" else {}
        made = Task(
            lambda: create_flow(source_ids=[snapchat_source], if_exists=if_exists, **adopt), store=store
        ).run()
        assert [one["id"] for one in held(connections, "flows")] == [made["id"]]

    @with_or_without_store
    @pytest.mark.parametrize("if_exists", ["reuse", "create", "fail"])
    def test_the_next_try_sends_what_did_not_arrive(
        self, connections: Sandbox, one_look: None, snapchat_source: str, if_exists: str, store: bool
    ) -> None:
        connections.misbehave("drop_before", service="dataddo", method="POST", path="/flows")
        task = Task(lambda: create_flow(source_ids=[snapchat_source], if_exists=if_exists), store=store)
        with pytest.raises(UncertainOutcome):
            task.run()
        made = task.run()
        assert [one["id"] for one in held(connections, "flows")] == [made["id"]]

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({"source_ids": "a" * 24}, "source_ids"),
            ({"source_ids": []}, "source_ids"),
            ({"source_ids": [".."]}, "source_id"),
            ({"source_ids": ["a"], "flow_label": ""}, "label"),
        ],
    )
    def test_refused_before_any_call(
        self, connections: Sandbox, arguments: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=named):
            Task(lambda: create_flow(**arguments)).run()
        assert connections.requests == []

    @pytest.mark.parametrize(
        ("arguments", "named"), [({"if_exists": "maybe"}, "if_exists"), ({"app": ""}, "app")]
    )
    def test_refused_when_the_dag_is_parsed(self, arguments: dict[str, Any], named: str) -> None:
        with pytest.raises(ValueError, match=named):
            create_flow(source_ids=["a"], **arguments)

    def test_a_source_there_is_not(self, connections: Sandbox, snapchat_source: str) -> None:
        with pytest.raises(NotFound, match="no source"):
            Task(lambda: create_flow(source_ids=["a" * 24])).run()
        with pytest.raises(InvalidRequest, match="names no source"):
            Task(lambda: create_flow(source_ids=[snapchat_source, "a" * 24])).run()
        assert held(connections, "flows") == []
