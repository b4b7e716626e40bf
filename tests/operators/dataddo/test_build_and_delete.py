"""Dataddo's three steps in one, resumed wherever they were cut short, and the deleting of what they made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dataddo_tasks import asked, held
from example_tasks import SOURCE_PARAMETERS, build_flow
from task_running import Task

from airflow_provider_activation.errors import (
    ActivationError,
    Conflict,
    InvalidRequest,
    NotFound,
    UncertainOutcome,
)
from airflow_provider_activation.hooks.dataddo import DataddoHook
from airflow_provider_activation.operators.dataddo import (
    DataddoDeleteFlowOperator,
    DataddoDeleteServiceOperator,
    DataddoDeleteSourceOperator,
)
from airflow_provider_activation.sandbox import Sandbox

with_or_without_store = pytest.mark.parametrize("store", [True, False], ids=["store", "no store"])


STEPS = ["/services", "/connectors/snapchat/create-source", "/flows"]

# What happens at a step, and whether the service acts on it.
FAILURES: dict[str, tuple[dict[str, Any], bool]] = {
    "refused": ({"what": "refuse", "status": 400}, False),
    "unavailable": ({"what": "status", "status": 503}, False),
    "unavailable after acting": ({"what": "status", "status": 503, "after_acting": True}, True),
    "dropped before": ({"what": "drop_before"}, False),
    "dropped after": ({"what": "drop_after"}, True),
    "a proxy's page": ({"what": "html"}, False),
    "half an answer": ({"what": "half_body"}, True),
}


class TestBuildFlow:
    def test_three_steps_and_two_ids(self, connections: Sandbox) -> None:
        task = Task(build_flow)
        built = task.run()
        (source,), (flow,) = held(connections, "sources"), held(connections, "flows")
        assert built == {"source_id": source["id"], "flow_id": flow["id"]}
        assert task.ti is not None
        assert {name: task.ti.xcoms[name] for name in built} == built
        assert flow["source"] == [{"source_id": source["id"]}]
        assert source["parameters"]["oAuthId"] == str(held(connections, "services")[0]["id"])

    @pytest.mark.parametrize("step", STEPS)
    @pytest.mark.parametrize("failure", FAILURES)
    def test_the_next_try_goes_on_at_the_step_that_failed(
        self, connections: Sandbox, one_look: None, step: str, failure: str
    ) -> None:
        rule, acts = FAILURES[failure]
        connections.misbehave(service="dataddo", method="POST", path=step, **rule)
        task = Task(build_flow)
        try:
            task.run()
        except ActivationError:
            assert not acts, "what was made was not found"
            done = STEPS[: STEPS.index(step)]
            assert [bool(asked(connections, "POST", path)) for path in STEPS] == [
                path in (*done, step) for path in STEPS
            ], "it went past the step that failed"
            task.run()
        else:
            assert acts, "it did not fail"
        times = {path: len(asked(connections, "POST", path)) for path in STEPS}
        assert times == {path: 2 if path == step and not acts else 1 for path in STEPS}
        assert [len(held(connections, part)) for part in ("services", "sources", "flows")] == [1, 1, 1]

    @pytest.mark.parametrize("step", STEPS)
    def test_also_where_new_ones_are_made(self, connections: Sandbox, one_look: None, step: str) -> None:
        Task(build_flow).run()
        connections.misbehave("drop_before", service="dataddo", method="POST", path=step)
        task = Task(lambda: build_flow(if_exists="create"))
        with pytest.raises(UncertainOutcome):
            task.run()
        built = task.run()
        assert [len(held(connections, part)) for part in ("services", "sources", "flows")] == [2, 2, 2]
        assert held(connections, "sources")[1]["label"].startswith("Snapchat Insights [af:")
        assert held(connections, "flows")[1]["label"].startswith("GDS Flow [af:")
        assert built["flow_id"] == held(connections, "flows")[1]["id"]

    @pytest.mark.parametrize("step", STEPS)
    def test_without_a_store_a_service_is_known_by_the_key_of_its_credentials(
        self, connections: Sandbox, one_look: None, step: str
    ) -> None:
        connections.misbehave("drop_before", service="dataddo", method="POST", path=step)
        task = Task(build_flow, store=False)
        with pytest.raises(UncertainOutcome):
            task.run()
        task.run()
        assert [len(held(connections, part)) for part in ("services", "sources", "flows")] == [1, 1, 1]

    @with_or_without_store
    def test_a_try_of_its_own_is_not_refused(self, connections: Sandbox, one_look: None, store: bool) -> None:
        connections.misbehave("drop_before", service="dataddo", method="POST", path="/flows")
        task = Task(lambda: build_flow(if_exists="fail"), store=store)
        with pytest.raises(UncertainOutcome):
            task.run()
        if store:
            task.run()
            assert [len(held(connections, part)) for part in ("services", "sources", "flows")] == [1, 1, 1]
        else:
            # that it was not there at the first try is not known any more
            with pytest.raises(UncertainOutcome, match="source"):
                task.run()

    def test_the_next_try_knows_its_source_from_one_of_the_same_label(
        self, connections: Sandbox, one_look: None
    ) -> None:
        connections.misbehave("drop_before", service="dataddo", method="POST", path="/flows")
        task = Task(build_flow)
        with pytest.raises(UncertainOutcome):
            task.run()
        (own,) = held(connections, "sources")
        hook = DataddoHook()
        hook.create_source("snapchat", hook.get_source_metadata(own["id"]))
        assert task.run()["source_id"] == own["id"]

    def test_of_two_equal_sources_all_take_the_same(
        self, connections: Sandbox, snapchat_source: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        hook = DataddoHook()
        second = hook.create_source("snapchat", hook.get_source_metadata(snapchat_source)).id
        with caplog.at_level("WARNING"):
            built = Task(build_flow).run()
        # two tasks made one each: both take the same, and say which to delete
        assert built["source_id"] == min(snapchat_source, second)
        assert (
            f"Delete the others, if nothing uses them: source {max(snapchat_source, second)}" in caplog.text
        )

    def test_what_is_to_be_made_shows_no_secret(self, connections: Sandbox) -> None:
        shown = repr(build_flow().submission("a-key"))
        assert "Snapchat Insights" in shown
        assert not [secret for secret in connections.secrets.values() if secret in shown]

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({"source_parameters": {"dateRange": "yesterday"}}, "dateRange"),
            ({"source_parameters": {"oAuthId": 1}}, "oAuthId"),
            ({"connector_id": ".."}, "connector_id"),
            ({"flow_label": ""}, "label"),
        ],
    )
    def test_refused_before_any_call(
        self, connections: Sandbox, arguments: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=named):
            Task(lambda: build_flow(**arguments)).run()
        assert connections.requests == []

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({"if_exists": "maybe"}, "if_exists"),
            ({"credentials": {"staticKey": "schema"}}, "credentials"),
            ({"service": ""}, "service"),
            ({"connector_id": " "}, "connector_id"),
            ({"app": ""}, "app"),
        ],
    )
    def test_refused_when_the_dag_is_parsed(self, arguments: dict[str, Any], named: str) -> None:
        with pytest.raises(ValueError, match=named):
            build_flow(**arguments)

    def test_a_source_the_service_refuses_authorises_one_service(self, connections: Sandbox) -> None:
        refused = {**SOURCE_PARAMETERS, "accountId": "acc-2"}
        task = Task(lambda: build_flow(source_parameters=refused))
        for _ in range(3):
            with pytest.raises(InvalidRequest, match="accountId"):
                task.run()
        assert [len(held(connections, part)) for part in ("services", "sources", "flows")] == [1, 0, 0]


Delete = DataddoDeleteServiceOperator | DataddoDeleteSourceOperator | DataddoDeleteFlowOperator


def delete_service(**arguments: Any) -> Delete:
    return DataddoDeleteServiceOperator(task_id="delete", **arguments)


def delete_source(**arguments: Any) -> Delete:
    return DataddoDeleteSourceOperator(task_id="delete", **arguments)


def delete_flow(**arguments: Any) -> Delete:
    return DataddoDeleteFlowOperator(task_id="delete", **arguments)


each_delete = pytest.mark.parametrize(
    ("delete", "part", "argument"),
    [
        (delete_service, "services", "service_id"),
        (delete_source, "sources", "source_id"),
        (delete_flow, "flows", "flow_id"),
    ],
    ids=["service", "source", "flow"],
)


class TestDelete:
    @pytest.fixture
    def thing(self, request: pytest.FixtureRequest, connections: Sandbox, part: str) -> str:
        """What is to be deleted, with nothing that needs it."""
        return str(request.getfixturevalue(f"snapchat_{part.removesuffix('s')}"))

    @each_delete
    def test_deletes_it(
        self, connections: Sandbox, delete: Callable[..., Delete], part: str, argument: str, thing: str
    ) -> None:
        assert Task(lambda: delete(**{argument: thing})).run() == {"id": thing}
        assert held(connections, part) == []

    @each_delete
    def test_what_is_not_there(
        self, connections: Sandbox, delete: Callable[..., Delete], part: str, argument: str, thing: str
    ) -> None:
        Task(lambda: delete(**{argument: thing})).run()
        with pytest.raises(NotFound, match=f"no {part.removesuffix('s')} {thing}"):
            Task(lambda: delete(**{argument: thing})).run()
        ignoring = Task(lambda: delete(**{argument: thing}, if_missing="ignore"))
        assert ignoring.run() == {"id": thing}

    @each_delete
    @pytest.mark.parametrize("what", ["drop_after", "empty"])
    def test_a_lost_answer_is_no_failure(
        self,
        connections: Sandbox,
        delete: Callable[..., Delete],
        part: str,
        argument: str,
        thing: str,
        what: str,
    ) -> None:
        connections.misbehave(what, service="dataddo", method="DELETE")
        assert Task(lambda: delete(**{argument: thing})).run() == {"id": thing}
        assert held(connections, part) == []

    @each_delete
    def test_the_next_try_is_content_with_what_the_first_did(
        self, connections: Sandbox, delete: Callable[..., Delete], part: str, argument: str, thing: str
    ) -> None:
        task = Task(lambda: delete(**{argument: thing}))
        connections.misbehave("status", service="dataddo", method="DELETE", status=400, after_acting=True)
        with pytest.raises(InvalidRequest):
            task.run()
        assert task.run() == {"id": thing}
        task.clear()
        with pytest.raises(NotFound):
            task.run()

    @each_delete
    @pytest.mark.parametrize("given", ["..", "", "a/../b"])
    def test_what_is_no_id_deletes_nothing(
        self,
        connections: Sandbox,
        delete: Callable[..., Delete],
        part: str,
        argument: str,
        given: str,
        thing: str,
    ) -> None:
        with pytest.raises((InvalidRequest, NotFound)):
            Task(lambda: delete(**{argument: given})).run()
        assert len(held(connections, part)) == 1

    @each_delete
    def test_refused_when_the_dag_is_parsed(
        self, delete: Callable[..., Delete], part: str, argument: str
    ) -> None:
        with pytest.raises(ValueError, match="if_missing"):
            delete(**{argument: "1"}, if_missing="perhaps")

    def test_a_service_in_use_stays(
        self, connections: Sandbox, snapchat_service: str, snapchat_source: str
    ) -> None:
        with pytest.raises(Conflict, match="is being used"):
            Task(lambda: delete_service(service_id=snapchat_service)).run()
        assert len(held(connections, "services")) == 1

    def test_all_that_was_built_in_the_other_order(self, connections: Sandbox) -> None:
        built = Task(build_flow).run()
        Task(lambda: delete_flow(flow_id=built["flow_id"])).run()
        Task(lambda: delete_source(source_id=built["source_id"])).run()
        # an id may have been rendered to a number
        assert Task(lambda: delete_service(service_id=1000)).run() == {"id": "1000"}
        assert [held(connections, part) for part in ("services", "sources", "flows")] == [[], [], []]

    def test_a_service_that_is_down(self, connections: Sandbox, snapchat_flow: str) -> None:
        connections.misbehave("status", service="dataddo", path="/flows/*", status=501)
        with pytest.raises(ActivationError):
            Task(lambda: delete_flow(flow_id=snapchat_flow)).run()
        assert len(held(connections, "flows")) == 1
