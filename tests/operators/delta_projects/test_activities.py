"""Delta Projects' operators, its sensor and what its hook reads, against the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout
from airflow.sdk import BaseOperator
from example_tasks import TEMPLATE, create_activity
from task_running import Task

from airflow_provider_activation.api.delta_projects import StatisticsQuery
from airflow_provider_activation.errors import (
    Conflict,
    InvalidConnection,
    InvalidRequest,
    JobFailed,
    NotFound,
    Refused,
    UncertainOutcome,
)
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.operators.delta_projects import DeltaProjectsUpdateActivityOperator
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.sensors.delta_projects import DeltaProjectsActivitySensor
from scripts.machine_speed import scaled

both_modes = pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])
with_or_without_store = pytest.mark.parametrize("store", [True, False], ids=["store", "no store"])
WITHOUT_GEO_RULE = "16b35328-794c-11e4-8425-daf437376f87"
CIRCLE = {"lat": 59.3, "long": 18, "radius": 5}
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _no_pauses_between_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))


def held(sandbox: Sandbox, part: str = "activities") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sandbox.state()["delta-projects"][part]
    return rows


def sent(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The bodies of all writing requests."""
    return [request["body"] for request in sandbox.requests if request["method"] == "POST"]


def refuse(sandbox: Sandbox, **rule: Any) -> None:
    sandbox.misbehave("refuse", service="delta-projects", **rule)


def update(activity_id: str, **changes: Any) -> BaseOperator:
    return DeltaProjectsUpdateActivityOperator(task_id="update", activity_id=activity_id, **changes)


class TestCreate:
    def test_everything_that_can_be_given(self, connections: Sandbox) -> None:
        task = Task(
            lambda: create_activity(
                budget="1000.5",
                enabled=True,
                target_ecpm=2.4,
                impression_budget=500_000,
                override_variables={"fontsize": 24},
                geo_details=[CIRCLE],
                exclude_geo=True,
            )
        )
        activity = task.run()
        assert (activity["budget"], activity["impressionBudget"]) == (1000.5, 500_000)
        (kept,) = held(connections)
        assert (kept["id"], kept["orderId"], kept["templateId"]) == (activity["id"], "GXK-77123", TEMPLATE)
        assert (kept["targetECPM"], kept["overrideVariables"]) == (2.4, '{"fontsize": 24}')
        assert (kept["geoDetails"], kept["excludeGeo"]) == ([CIRCLE], True)
        # Disabled until there is exactly one, then enabled and nothing else.
        creation, enabling = sent(connections)
        assert creation["enabled"] is False
        assert enabling == {"enabled": True}
        assert (kept["enabled"], activity["enabled"]) == (True, True)

    def test_what_is_left_out_is_left_to_the_template(self, connections: Sandbox) -> None:
        activity = Task(lambda: create_activity(template_id=WITHOUT_GEO_RULE)).run()
        assert activity["impressionBudget"] == 250_000
        assert activity["enabled"] is False
        assert set(sent(connections)[0]) == {
            *("templateId", "activityName", "flightStart", "flightStop", "orderId", "budget", "enabled")
        }

    @with_or_without_store
    def test_a_repeated_try_takes_what_the_first_made(self, connections: Sandbox, store: bool) -> None:
        refuse(connections, method="GET", path="*/activity/*", status=409)
        task = Task(create_activity, store=store)
        with pytest.raises(Conflict):
            task.run()
        activity = task.run()
        assert [activity["id"]] == [row["id"] for row in held(connections)]
        assert task.run() == activity
        assert len(held(connections)) == 1

    @with_or_without_store
    def test_a_try_that_could_not_enable_it_is_completed_by_the_next(
        self, connections: Sandbox, store: bool
    ) -> None:
        refuse(connections, method="POST", path="*/activity/????????-*", status=409)
        task = Task(lambda: create_activity(enabled=True), store=store)
        with pytest.raises(Conflict):
            task.run()
        assert [row["enabled"] for row in held(connections)] == [False]
        assert task.run()["enabled"] is True
        assert [row["enabled"] for row in held(connections)] == [True]

    def test_without_a_mark_an_equal_name_proves_nothing(self, connections: Sandbox) -> None:
        first = Task(lambda: create_activity(mark_submission=False)).run()
        assert first["name"] == "Win-back"
        # What was there before is known, so that the new one of the same name is found, if it is no other's.
        connections.misbehave("drop_after", service="delta-projects", method="POST", path="*template")
        second = Task(lambda: create_activity(mark_submission=False, on_uncertain="adopt")).run()
        assert second["id"] != first["id"]
        assert len(held(connections)) == 2
        # Without a store nothing is known of it, and no second one is made on a guess.
        task = Task(lambda: create_activity(mark_submission=False), store=False)
        connections.misbehave("status", service="delta-projects", method="POST", path="*template", status=202)
        for _ in range(2):
            with pytest.raises(UncertainOutcome):
                task.run()
        assert len(held(connections)) == 2

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"template_id": "unknown"}, "no activity template unknown"),
            (
                {"template_id": WITHOUT_GEO_RULE, "geo_details": [CIRCLE], "exclude_geo": False},
                "there is a geo targeting rule already",
            ),
        ],
    )
    def test_what_the_service_refuses_leaves_nothing(
        self, connections: Sandbox, arguments: dict[str, Any], said: str
    ) -> None:
        task = Task(lambda: create_activity(**arguments))
        for _ in range(2):
            with pytest.raises(InvalidRequest, match=said):
                task.run()
        assert held(connections) == []
        assert task.store == {}

    def test_somewhere_else(self, connections: Sandbox) -> None:
        client_id = DeltaProjectsHook().create_client_from_template({"name": "Another shop"})
        activity = Task(lambda: create_activity(client_id=client_id)).run()
        assert [(row["id"], row["clientId"]) for row in held(connections)] == [(activity["id"], client_id)]
        assert DeltaProjectsHook().list_activities() == []
        with pytest.raises(NotFound, match="no client nobody"):
            Task(lambda: create_activity(client_id="nobody")).run()
        with pytest.raises(NotFound, match="no media agency nobody"):
            Task(lambda: create_activity(media_agency_id="nobody")).run()
        assert len(held(connections)) == 1


class TestFlight:
    def test_one_that_is_over_is_refused_before_any_call(self, connections: Sandbox) -> None:
        for stop, rule in (
            ("2026-11-01T00:00:00Z", "the flight of the activity is over"),
            ("2026-10-01T00:00:00Z", "flight_start must be before flight_stop"),
        ):
            with pytest.raises(InvalidRequest, match=rule):
                Task(lambda: create_activity(flight_start="2026-10-01T00:00:00Z", flight_stop=stop)).run()  # noqa: B023
        assert connections.requests == []


class TestUpdate:
    @pytest.fixture
    def activity_id(self, connections: Sandbox) -> str:
        return str(Task(lambda: create_activity(geo_details=[CIRCLE], exclude_geo=True)).run()["id"])

    def test_keeps_what_is_left_out(self, connections: Sandbox, activity_id: str) -> None:
        before = held(connections)[0]
        changes: list[tuple[dict[str, Any], dict[str, Any]]] = [
            ({"enabled": True}, {"enabled": True}),
            ({"activity_name": "Renamed"}, {"name": "Renamed"}),
            ({"order_id": "GXK-88123"}, {"orderId": "GXK-88123"}),
            ({"budget": "200.5"}, {"budget": 200.5}),
            ({"target_ecpm": 4.2}, {"targetECPM": 4.2}),
            ({"override_variables": '{"a": 1}'}, {"overrideVariables": '{"a": 1}'}),
            (
                {"geo_details": [{**CIRCLE, "radius": 9}], "exclude_geo": False},
                {"geoDetails": [{**CIRCLE, "radius": 9}], "excludeGeo": False},
            ),
            ({"enabled": False}, {"enabled": False}),
        ]
        for given, expected in changes:
            changed = Task(lambda: update(activity_id, **given)).run()  # noqa: B023
            after = held(connections)[0]
            assert without_target(after) == {**without_target(before), **expected}
            assert changed.items() >= {(key, value) for key, value in expected.items() if key in changed}
            before = after
        assert [len(body) for body in sent(connections)[1:]] == [len(given) for given, _ in changes]

    def test_a_longer_flight(self, connections: Sandbox, activity_id: str) -> None:
        changed = Task(lambda: update(activity_id, flight_stop="2036-12-24T18:00:00+01:00")).run()
        assert datetime.fromisoformat(changed["flightStop"]) == datetime(2036, 12, 24, 17, tzinfo=UTC)

    @pytest.mark.parametrize("what", ["drop_after", "half_body", "empty", "status"])
    def test_a_lost_answer_and_a_repeated_try(
        self, connections: Sandbox, activity_id: str, what: str
    ) -> None:
        status = 503 if what == "status" else None
        connections.misbehave(what, service="delta-projects", method="POST", status=status)
        task = Task(lambda: update(activity_id, budget=2000))
        assert task.run()["budget"] == task.run()["budget"] == 2000

    def test_a_change_that_is_accepted_and_not_made_is_not_green(
        self, connections: Sandbox, activity_id: str
    ) -> None:
        connections.misbehave("status", service="delta-projects", method="POST", status=200)
        with pytest.raises(Refused, match="enabled should be True and is False"):
            Task(lambda: update(activity_id, enabled=True)).run()

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"flight_stop": "2026-12-24T18:00:00"}, "flight_stop.*time zone"),
            ({"budget": -1}, "budget"),
            ({"budget": "much"}, "budget"),
            ({"order_id": ""}, "order_id"),
            ({"activity_name": ""}, "activity_name"),
            ({"budget": 1, "media_agency_id": "a/b"}, "media_agency_id"),
            ({}, "at least one field"),
        ],
    )
    def test_bad_input_is_refused_before_anything_is_sent(
        self, connections: Sandbox, changes: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=said):
            Task(lambda: update("an-activity", **changes)).run()
        assert connections.requests == []

    def test_what_the_service_refuses_changes_nothing(self, connections: Sandbox, activity_id: str) -> None:
        before = held(connections)
        with pytest.raises(InvalidRequest, match="flightStop must be later than flightStart"):
            Task(lambda: update(activity_id, flight_stop="2020-01-01T00:00:00Z", budget=5)).run()
        with pytest.raises(NotFound, match="no activity nothing"):
            Task(lambda: update("nothing", budget=5)).run()
        assert held(connections) == before


def without_target(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("currentTarget")}


@pytest.mark.parametrize("make", [create_activity, lambda **given: update("a", **given)])
@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"target_ecpm": -1}, "target_ecpm"),
        ({"impression_budget": 1.5}, "impression_budget"),
        ({"override_variables": 5}, "override_variables"),
        ({"geo_details": [CIRCLE]}, "exclude_geo"),
        ({"exclude_geo": True}, "geo_details"),
        ({"geo_details": [{**CIRCLE, "long": 181}], "exclude_geo": True}, "long"),
        ({"geo_details": [{**CIRCLE, "radius": -1}], "exclude_geo": True}, "radius"),
        ({"geo_details": [{"lat": 1, "lon": 1, "radius": 1}], "exclude_geo": True}, "lon"),
        ({"geo_details": [], "exclude_geo": True}, "geo_details"),
    ],
)
def test_bad_arguments_are_refused_when_the_dag_is_parsed(
    make: Callable[..., BaseOperator], arguments: dict[str, Any], name: str
) -> None:
    with pytest.raises(InvalidRequest, match=name):
        make(**arguments)


def test_the_sensor_s_bad_arguments_are_refused_when_the_dag_is_parsed() -> None:
    for arguments in ({"until": "over"}, {"poll_interval": 0}, {"timeout": 0}):
        with pytest.raises(ValueError, match=next(iter(arguments))):
            DeltaProjectsActivitySensor(task_id="wait", activity_id="a", **arguments)


def test_where_activities_live_must_be_known(connections: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_DELTA_PROJECTS_DEFAULT",
        f'{{"conn_type": "delta_projects", "host": "{connections.url}/delta-projects", "password": "x"}}',
    )
    for operator in (create_activity, lambda: update("a", budget=1), lambda: wait("a")):
        with pytest.raises(InvalidConnection, match="media_agency_id and client_id"):
            Task(operator).run()
    assert connections.requests == []


def wait(activity_id: str, **arguments: Any) -> BaseOperator:
    given = {"activity_id": activity_id, "poll_interval": 0.1, "timeout": scaled(20), **arguments}
    return DeltaProjectsActivitySensor(task_id="wait", **given)


def activity_of(begins: timedelta, ends: timedelta, **arguments: Any) -> str:
    """An activity whose flight begins and ends so long after now."""
    now = datetime.now(UTC)
    times = {"flight_start": (now + begins).isoformat(), "flight_stop": (now + ends).isoformat()}
    return str(Task(lambda: create_activity(**times, **arguments)).run()["id"])


class TestSensor:
    @both_modes
    def test_until_it_is_enabled(self, connections: Sandbox, deferrable: bool) -> None:
        activity_id = activity_of(60 * SECOND, 120 * SECOND)
        with pytest.raises(AirflowSensorTimeout):
            Task(lambda: wait(activity_id, deferrable=deferrable, timeout=0.3)).run()
        Task(lambda: update(activity_id, enabled=True)).run()
        activity = Task(lambda: wait(activity_id, deferrable=deferrable)).run()
        assert activity == Task(lambda: update(activity_id, enabled=True)).run()

    @both_modes
    def test_until_its_flight_starts(self, connections: Sandbox, deferrable: bool) -> None:
        activity_id = activity_of(4 * SECOND, 60 * SECOND, enabled=True)
        task = Task(lambda: wait(activity_id, until="flight_start", deferrable=deferrable))
        activity = task.run()
        assert datetime.fromisoformat(activity["flightStart"]) <= datetime.now(UTC)
        assert len(task.triggers) == deferrable
        assert activity["enabled"] is True

    @both_modes
    def test_a_flight_that_starts_without_being_enabled_is_not_it(
        self, connections: Sandbox, deferrable: bool
    ) -> None:
        activity_id = activity_of(-SECOND, 60 * SECOND)
        with pytest.raises(AirflowSensorTimeout):
            Task(lambda: wait(activity_id, until="flight_start", deferrable=deferrable, timeout=0.3)).run()

    @both_modes
    def test_until_its_flight_is_over(self, connections: Sandbox, deferrable: bool) -> None:
        activity_id = activity_of(-5 * SECOND, 2 * SECOND)
        task = Task(lambda: wait(activity_id, until="flight_stop", deferrable=deferrable))
        activity = task.run()
        assert datetime.fromisoformat(activity["flightStop"]) <= datetime.now(UTC)
        assert len(task.triggers) == deferrable

    @both_modes
    @pytest.mark.parametrize("until", ["enabled", "flight_start"])
    def test_what_can_no_longer_come_fails(self, connections: Sandbox, until: str, deferrable: bool) -> None:
        activity_id = activity_of(-5 * SECOND, 60 * SECOND)
        Task(lambda: update(activity_id, flight_stop=datetime.now(UTC) - SECOND)).run()
        with pytest.raises(JobFailed, match=f"activity {activity_id}.*its flight is over and it is disabled"):
            Task(lambda: wait(activity_id, until=until, deferrable=deferrable)).run()

    @both_modes
    def test_an_unknown_activity(self, connections: Sandbox, deferrable: bool) -> None:
        with pytest.raises(NotFound, match="no activity nothing"):
            Task(lambda: wait("nothing", deferrable=deferrable)).run()


class TestWhatTheHookReads:
    """What no operator does: clients, what an activity consists of, and its figures."""

    def test_clients(self, connections: Sandbox) -> None:
        hook = DeltaProjectsHook()
        made = hook.create_client_from_template({"name": "Shop", "country": "DE", "currency": "USD"})
        assert [client.name for client in hook.list_clients()] == ["Example Client", "Shop"]
        client = hook.get_client(made)
        assert (client.name, client.country, client.currency) == ("Shop", "DE", "USD")
        assert hook.get_client().name == "Example Client"
        activity_id = Task(create_activity).run()["id"]
        fetched = hook.get_client(fetch="campaigns.activities").plain()
        assert fetched["campaigns"][0]["activities"][0]["id"] == activity_id
        (first, _) = hook.list_clients(fetch="campaigns")
        assert first.plain()["campaigns"] == [{"id": "default", "name": "default"}]

    def test_a_client_by_the_other_path(self, connections: Sandbox) -> None:
        """The documents' table has one path, their example the other."""
        hook = DeltaProjectsHook()
        refuse(connections, path="/api/v1/client/*", status=404, times=None)
        assert hook.get_client().name == "Example Client"
        with pytest.raises(NotFound):
            hook.get_client("nobody")

    def test_a_client_whose_answer_was_lost_is_not_made_again(self, connections: Sandbox) -> None:
        connections.misbehave("drop_after", service="delta-projects", method="POST")
        with pytest.raises(UncertainOutcome):
            DeltaProjectsHook().create_client_from_template({"name": "Shop"})
        assert [client["name"] for client in held(connections, "clients")] == ["Example Client", "Shop"]

    def test_a_refused_client(self, connections: Sandbox) -> None:
        with pytest.raises(InvalidRequest, match="the client's name is required"):
            DeltaProjectsHook().create_client_from_template({"templateId": "t"})
        with pytest.raises(InvalidRequest, match="plain JSON"):
            DeltaProjectsHook().create_client_from_template({"name": object()})

    def test_bidding_plans_and_creatives(self, connections: Sandbox) -> None:
        hook = DeltaProjectsHook()
        activity_id = Task(create_activity).run()["id"]
        display, video = hook.list_bidding_plans(activity_id)
        assert hook.get_bidding_plan(activity_id, video.id) == video
        banner, native = hook.list_creatives(activity_id, display.id)
        assert (banner.type, native.type) == ("DISPLAY", "NATIVE")
        assert hook.get_creative(activity_id, display.id, native.id) == native
        fetched = hook.list_bidding_plans(activity_id, fetch="creatives")[0].plain()
        assert fetched["creatives"] == [banner.plain(), native.plain()]
        assert hook.get_bidding_plan(activity_id, display.id, fetch="creatives").plain() == fetched
        (listed,) = hook.list_activities(fetch="biddingPlans.creatives")
        assert listed.plain()["biddingPlans"][0] == fetched
        one = hook.get_activity(activity_id, fetch="biddingPlans").plain()
        assert one["biddingPlans"][1] == video.plain()
        with pytest.raises(InvalidRequest, match="fetch must be one of"):
            hook.get_activity(activity_id, fetch="campaigns")

    def test_statistics(self, connections: Sandbox) -> None:
        hook = DeltaProjectsHook()
        activity_id = activity_of(-SECOND, timedelta(days=10), enabled=True)
        connections.advance(2 * 86400)
        whole = hook.get_activity_statistics(activity_id)
        assert [group.id for group in whole] == [plan.id for plan in hook.list_bidding_plans(activity_id)]
        (entry,) = whole[0].entries
        assert entry.bids is not None
        assert entry.bids > 2 * 86400 * 25 * 0.9
        assert 0 < (entry.viewable_impressions or 0) < 1

        today = datetime.now(UTC).date()
        days = (today, date.fromordinal(today.toordinal() + 9))
        query = StatisticsQuery(interval=days, group_by="site", granularity="day", sort_order="DESC", limit=2)
        sites = hook.get_activity_statistics(activity_id, query)
        assert [site.name for site in sites] == ["news.example", "sports.example", "weather.example"]
        assert {site.id for site in sites} == {None}
        ascending = query.model_copy(update={"sort_order": "ASC", "limit": None})
        figures = [entry.bids for entry in hook.get_activity_statistics(activity_id, ascending)[0].entries]
        assert len(figures) == 3
        last, before = (entry.bids for entry in sites[0].entries)
        assert before == figures[1]
        assert last is not None
        assert figures[2] is not None
        assert abs(last - figures[2]) < 3000

    def test_statistics_of_what_never_ran(self, connections: Sandbox) -> None:
        activity_id = Task(create_activity).run()["id"]
        for group in DeltaProjectsHook().get_activity_statistics(activity_id):
            assert [(entry.bids, entry.viewable_impressions) for entry in group.entries] == [(0, 0.0)]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"interval": (date(2026, 2, 1), date(2026, 1, 1))}, "interval"),
            ({"interval": "2026-01-01"}, "interval"),
            ({"group_by": "day"}, "group_by"),
            ({"granularity": "hour"}, "granularity"),
            ({"sort_order": "asc"}, "sort_order"),
            ({"limit": 0}, "limit"),
            ({"limit": True}, "limit"),
        ],
    )
    def test_a_bad_question_is_refused_before_it_is_asked(self, query: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidRequest, match=field):
            StatisticsQuery.model_validate(query)
