"""LiveRamp's operators for consent, connections and distribution managers against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout
from example_tasks import connect
from liveramp_tasks import (
    SOON,
    asked,
    authorize,
    connect_by_consent,
    connected,
    create_manager,
    delete_connection,
    delete_manager,
    distribute,
    held,
    settled,
    update_connection,
    update_manager,
)
from task_running import Task

from airflow_provider_activation.errors import (
    Conflict,
    InvalidRequest,
    JobFailed,
    NotFound,
    WaitTimeout,
)
from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.sensors.liveramp import LiveRampOAuthConnectionSensor

both_modes = pytest.mark.parametrize("deferrable", [False, True], ids=["on the worker", "deferred"])
with_or_without_store = pytest.mark.parametrize("store", [True, False], ids=["store", "no store"])
ATTEMPTS = "/oauth-connection-attempts"


@pytest.fixture(autouse=True)
def _no_pauses_between_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_provider_activation.actions.base.LOOKS_AFTER_DOUBT", (0,))


class TestAuthorize:
    @both_modes
    def test_nobody_consents_in_time(self, slow: Sandbox, deferrable: bool) -> None:
        with pytest.raises(WaitTimeout, match="PENDING"):
            Task(lambda: authorize(deferrable=deferrable, timeout=0.3)).run()
        assert held(slow, "oAuthConnections") == []

    @both_modes
    def test_the_next_try_waits_for_the_same_consent(self, slow: Sandbox, deferrable: bool) -> None:
        timeout = 0.3
        task = Task(lambda: authorize(deferrable=deferrable, timeout=timeout))
        for _ in range(2):
            with pytest.raises(WaitTimeout):
                task.run()
        assert len(held(slow, "oAuthConnectionAttempts")) == 1

    def test_without_a_store_the_next_try_asks_anew(self, slow: Sandbox) -> None:
        """An attempt that nobody completes makes nothing."""
        task = Task(lambda: authorize(timeout=0.3), store=False)
        for _ in range(2):
            with pytest.raises(WaitTimeout):
                task.run()
        assert len(held(slow, "oAuthConnectionAttempts")) == 2

    @both_modes
    def test_after_a_refusal_the_next_try_asks_again(self, connections: Sandbox, deferrable: bool) -> None:
        connections.misbehave("fail", service="liveramp", method="POST", path=f"*{ATTEMPTS}")
        task = Task(lambda: authorize(deferrable=deferrable))
        with pytest.raises(JobFailed, match="The destination refused the grant"):
            task.run()
        assert task.run() == held(connections, "oAuthConnections")[0]["id"]
        assert len(held(connections, "oAuthConnectionAttempts")) == 2

    def test_if_there_is_an_authorisation_already(self, connections: Sandbox) -> None:
        first = Task(authorize).run()
        with pytest.raises(Conflict, match=first):
            Task(lambda: authorize(if_exists="fail")).run()
        second = Task(lambda: authorize(if_exists="create")).run()
        assert second != first
        # The one that was authorised last is the one that is taken.
        assert Task(authorize).run() == second
        assert Task(lambda: authorize(oauth_connection_id=first)).run() == first
        assert Task(authorize).run() == first

    def test_an_unknown_authorisation_cannot_be_renewed(self, connections: Sandbox) -> None:
        with pytest.raises(InvalidRequest, match="oAuthConnectionID 9"):
            Task(lambda: authorize(oauth_connection_id="9")).run()

    def test_an_unknown_integration(self, connections: Sandbox) -> None:
        with pytest.raises(NotFound, match="no integration 9"):
            Task(lambda: authorize(integration_id="9")).run()
        assert asked(connections, "POST") == []

    @both_modes
    def test_without_a_wait_a_sensor_can_wait(self, slow: Sandbox, deferrable: bool) -> None:
        attempt_id = Task(lambda: authorize(wait_for_completion=False)).run()
        assert [attempt["id"] for attempt in held(slow, "oAuthConnectionAttempts")] == [attempt_id]

        def wait(**arguments: Any) -> LiveRampOAuthConnectionSensor:
            return LiveRampOAuthConnectionSensor(
                task_id="wait", attempt_id=attempt_id, deferrable=deferrable, **{**SOON, **arguments}
            )

        with pytest.raises(AirflowSensorTimeout):
            Task(lambda: wait(timeout=0.3)).run()

    @both_modes
    def test_a_sensor_tells_of_a_refusal(self, connections: Sandbox, deferrable: bool) -> None:
        connections.misbehave("fail", service="liveramp", method="POST", path=f"*{ATTEMPTS}")
        attempt_id = Task(lambda: authorize(wait_for_completion=False)).run()
        with pytest.raises(JobFailed, match="The destination refused the grant"):
            Task(
                lambda: LiveRampOAuthConnectionSensor(
                    task_id="wait", attempt_id=attempt_id, deferrable=deferrable, **SOON
                )
            ).run()

    def test_a_sensor_of_an_unknown_attempt(self, connections: Sandbox) -> None:
        with pytest.raises(NotFound, match="no OAuth connection attempt nothing"):
            Task(lambda: LiveRampOAuthConnectionSensor(task_id="wait", attempt_id="nothing", **SOON)).run()


class TestCreateIntegrationConnection:
    def test_by_a_consent(self, connections: Sandbox) -> None:
        consent = Task(authorize).run()
        task = Task(lambda: connect_by_consent(consent))
        made = task.run()
        (connection,) = held(connections, "integrationConnections")
        assert (connection["id"], connection["oAuthConnectionID"]) == (made["id"], consent)
        assert task.ti is not None
        assert {name: task.ti.xcoms[name] for name in made} == made
        # Another authorisation is another connection.
        other = Task(lambda: authorize(if_exists="create")).run()
        assert Task(lambda: connect_by_consent(other)).run()["id"] != made["id"]

    def test_a_missing_consent_is_told_before_anything_is_made(self, connections: Sandbox) -> None:
        with pytest.raises(InvalidRequest, match="oauth_connection_id is missing"):
            Task(lambda: connect_by_consent(None)).run()
        assert asked(connections, "POST") == []

    def test_a_consent_for_what_needs_none_is_refused(self, connections: Sandbox) -> None:
        consent = Task(authorize).run()
        with pytest.raises(InvalidRequest, match="needs no OAuth"):
            Task(lambda: connect(oauth_connection_id=consent)).run()
        assert held(connections, "integrationConnections") == []

    def test_without_a_distribution_manager(self, connections: Sandbox) -> None:
        made = Task(lambda: connect(distribution_manager_name=None)).run()
        (connection,) = held(connections, "integrationConnections")
        assert made == {"id": connection["id"], "distributionManagerID": None}
        assert held(connections, "distributionManagers") == []

    @with_or_without_store
    @pytest.mark.parametrize("if_exists", ["reuse", "create"])
    def test_a_manager_that_is_missing_is_made(
        self, connections: Sandbox, if_exists: str, store: bool
    ) -> None:
        """The connection is an older one, or LiveRamp made it without the manager that was asked for."""
        if if_exists == "reuse":
            Task(lambda: connect(distribution_manager_name=None)).run()
        task = Task(lambda: connect(distribution_manager_name="Win-back", if_exists=if_exists), store=store)
        made = task.run()
        (manager,) = held(connections, "distributionManagers")
        assert made["distributionManagerID"] == manager["id"]
        assert manager["integrationConnectionID"] == made["id"]
        assert task.run() == made
        assert len(held(connections, "distributionManagers")) == 1

    def test_a_lost_answer_makes_no_second_manager(self, connections: Sandbox) -> None:
        Task(lambda: connect(distribution_manager_name=None)).run()
        connections.misbehave("drop_after", method="POST", path="*/distribution-managers")
        made = Task(lambda: connect(distribution_manager_name="Win-back")).run()
        (manager,) = held(connections, "distributionManagers")
        assert made["distributionManagerID"] == manager["id"]

    def test_if_there_is_an_equal_one_already(self, connections: Sandbox) -> None:
        first = Task(connect).run()
        with pytest.raises(Conflict, match=f"integration connection {first['id']}"):
            Task(lambda: connect(if_exists="fail")).run()
        assert Task(lambda: connect(properties={"folder": "daily", "bucket": "audiences"})).run() == first
        assert Task(lambda: connect(properties={"folder": "daily", "bucket": "b"})).run() != first

    @with_or_without_store
    def test_a_repeated_try_takes_what_the_first_made(self, connections: Sandbox, store: bool) -> None:
        task = Task(lambda: connect(if_exists="create"), store=store)
        first = task.run()
        assert task.run() == first
        task.clear()
        assert task.run()["id"] != first["id"]
        assert len(held(connections, "integrationConnections")) == 2

    def test_ids_may_be_numbers(self, connections: Sandbox) -> None:
        """As a template renders them with ``render_template_as_native_obj``."""
        consent = int(Task(authorize).run())
        made = Task(lambda: connect_by_consent(consent, destination_id=1001, integration_id=2001)).run()
        assert Task(lambda: connect_by_consent(str(consent))).run()["id"] == made["id"]


class TestUpdateIntegrationConnection:
    def test_keeps_what_is_left_out(self, connections: Sandbox) -> None:
        consent = Task(authorize).run()
        connection_id = Task(lambda: connect_by_consent(consent)).run()["id"]
        before = held(connections, "integrationConnections")[0]
        task = Task(lambda: update_connection(int(connection_id), device_types=["IOS", "ANDROID"]))
        changed = task.run()
        assert settled(changed) == {**settled(before), "deviceTypes": ["IOS", "ANDROID"]}
        (after,) = held(connections, "integrationConnections")
        assert settled(after) == settled(changed) == settled(task.run())
        properties = Task(lambda: update_connection(connection_id, properties={"accountId": "B-2"})).run()
        assert properties["properties"] == [{"propertyKey": "accountId", "propertyValue": "B-2"}]
        assert properties["oAuthConnectionID"] == consent
        renewed = Task(lambda: authorize(if_exists="create")).run()
        changed = Task(lambda: update_connection(connection_id, oauth_connection_id=int(renewed))).run()
        assert (changed["oAuthConnectionID"], changed["deviceTypes"]) == (renewed, ["IOS", "ANDROID"])

    @pytest.mark.parametrize("what", ["drop_after", "half_body", "empty"])
    def test_a_lost_answer(self, connections: Sandbox, what: str) -> None:
        connection_id, _ = connected()
        connections.misbehave(what, service="liveramp", method="PUT")
        changed = Task(lambda: update_connection(connection_id, device_types=["RAMP_ID"])).run()
        assert changed["deviceTypes"] == ["RAMP_ID"]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"device_types": ["WEB"]}, "WEB is not among PII, RAMP_ID"),
            ({"properties": {"bucket": "b"}}, "properties must be exactly: bucket, folder"),
            ({"oauth_connection_id": "9"}, "needs no OAuth"),
        ],
    )
    def test_refusals(self, connections: Sandbox, arguments: dict[str, Any], said: str) -> None:
        connection_id, _ = connected()
        before = held(connections, "integrationConnections")
        with pytest.raises(InvalidRequest, match=said):
            Task(lambda: update_connection(connection_id, **arguments)).run()
        assert held(connections, "integrationConnections") == before

    def test_an_unknown_one(self, connections: Sandbox) -> None:
        with pytest.raises(NotFound, match="no integration connection 9"):
            Task(lambda: update_connection("9", device_types=["PII"])).run()
        assert asked(connections, "PUT") == []


class TestDelete:
    def test_a_connection_after_its_manager(self, connections: Sandbox) -> None:
        connection_id, manager_id = connected()
        with pytest.raises(InvalidRequest, match=f"distribution manager {manager_id} still uses"):
            Task(lambda: delete_connection(connection_id)).run()
        assert Task(lambda: delete_manager(int(manager_id))).run() == {"id": manager_id}
        assert Task(lambda: delete_connection(int(connection_id))).run() == {"id": connection_id}
        assert held(connections, "integrationConnections") == held(connections, "distributionManagers") == []

    def test_a_manager_that_has_segments(self, connections: Sandbox) -> None:
        _, manager_id = connected()
        Task(lambda: distribute(manager_id, ["5000000001"])).run()
        with pytest.raises(InvalidRequest, match="still has segments in distribution"):
            Task(lambda: delete_manager(manager_id)).run()
        assert len(held(connections, "segmentConfigs")) == 1

    @pytest.mark.parametrize("delete", [delete_connection, delete_manager])
    def test_what_is_not_there(self, connections: Sandbox, delete: Any) -> None:
        with pytest.raises(NotFound, match=r"no .* 9"):
            Task(lambda: delete("9")).run()
        assert Task(lambda: delete("9", if_missing="ignore")).run() == {"id": "9"}

    @pytest.mark.parametrize("what", ["drop_after", "half_body", "empty"])
    def test_a_lost_answer(self, connections: Sandbox, what: str) -> None:
        _, manager_id = connected()
        connections.misbehave(what, service="liveramp", method="DELETE")
        assert Task(lambda: delete_manager(manager_id)).run() == {"id": manager_id}
        assert held(connections, "distributionManagers") == []

    def test_a_second_try_finds_it_gone(self, connections: Sandbox) -> None:
        _, manager_id = connected()
        task = Task(lambda: delete_manager(manager_id))
        assert task.run() == task.run() == {"id": manager_id}
        with pytest.raises(NotFound):
            Task(lambda: delete_manager(manager_id)).run()


class TestCreateDistributionManager:
    @pytest.fixture
    def connection(self, connections: Sandbox) -> str:
        return str(Task(lambda: connect(distribution_manager_name=None)).run()["id"])

    def test_creates_and_takes_it_again(self, connections: Sandbox, connection: str) -> None:
        task = Task(lambda: create_manager(int(connection), status="INACTIVE", expire_at="2999-12-31"))
        made = task.run()
        assert (made["name"], made["status"], made["expireAt"]) == ("Lapsed", "INACTIVE", "2999-12-31")
        (there,) = held(connections, "distributionManagers")
        assert settled(there) == settled(made)
        assert task.ti is not None
        assert task.ti.xcoms["id"] == made["id"]
        assert Task(lambda: create_manager(connection)).run() == made
        assert task.run() == made

    def test_left_to_the_service(self, connections: Sandbox, connection: str) -> None:
        made = Task(lambda: create_manager(connection)).run()
        assert (made["status"], made["expireAt"]) == ("ACTIVE", None)
        (request,) = asked(connections, "POST", "/distribution-managers")
        assert request["body"] == {"name": "Lapsed", "integrationConnectionID": connection}

    def test_another_of_the_same_name(self, connections: Sandbox, connection: str) -> None:
        first = Task(lambda: create_manager(connection)).run()
        with pytest.raises(Conflict, match=f"distribution manager {first['id']} 'Lapsed'"):
            Task(lambda: create_manager(connection, if_exists="fail")).run()
        task = Task(lambda: create_manager(connection, name="n" * 50, if_exists="create"))
        second = task.run()
        assert len(second["name"]) == 50
        assert second["name"].startswith("nnn")
        assert "[af:" in second["name"]
        assert task.run() == second
        task.clear()
        assert task.run()["id"] not in (first["id"], second["id"])

    def test_a_name_belongs_to_one_connection(self, connections: Sandbox, connection: str) -> None:
        first = Task(lambda: create_manager(connection)).run()
        other, _ = Task(lambda: connect(properties={"bucket": "b", "folder": "f"})).run().values()
        assert Task(lambda: create_manager(other)).run()["id"] != first["id"]

    @with_or_without_store
    @pytest.mark.parametrize("if_exists", ["reuse", "create"])
    @pytest.mark.parametrize("what", ["drop_after", "half_body", "empty"])
    def test_a_lost_answer_makes_no_second_one(
        self, connections: Sandbox, connection: str, what: str, if_exists: str, store: bool
    ) -> None:
        connections.misbehave(what, service="liveramp", method="POST", path="/v2/distribution-managers")
        made = Task(lambda: create_manager(connection, if_exists=if_exists), store=store).run()
        (there,) = held(connections, "distributionManagers")
        assert settled(there) == settled(made)

    def test_of_several_of_one_name_all_take_the_same(
        self, connections: Sandbox, connection: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        first = Task(lambda: create_manager(connection)).run()
        other = Task(lambda: create_manager(connection, name="Other")).run()
        Task(lambda: update_manager(other["id"], name="Lapsed")).run()
        # two tasks made one each at the same time: both take the same, and say which to delete
        with caplog.at_level("WARNING"):
            assert Task(lambda: create_manager(connection)).run()["id"] == first["id"]
        assert f"Delete the others, if nothing uses them: distribution manager {other['id']}" in caplog.text

    @pytest.mark.parametrize(
        ("arguments", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "n" * 51}, "name"),
            ({"expire_at": "2026-12-31T00:00:00Z"}, "expire_at"),
            ({"expire_at": "tomorrow"}, "expire_at"),
            ({"connection_id": ""}, "integration_connection_id"),
        ],
    )
    def test_bad_input_is_refused_before_anything_is_sent(
        self, connections: Sandbox, arguments: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=field):
            Task(lambda: create_manager(**{"connection_id": "1", **arguments})).run()
        assert connections.requests == []

    def test_an_unknown_connection(self, connections: Sandbox) -> None:
        task = Task(lambda: create_manager("9"))
        with pytest.raises(InvalidRequest, match="no integration connection 9"):
            task.run()
        assert held(connections, "distributionManagers") == []


class TestUpdateDistributionManager:
    def test_keeps_what_is_left_out(self, connections: Sandbox) -> None:
        _, manager_id = connected()

        def update(**changes: Any) -> tuple[str, str, str | None]:
            changed = Task(lambda: update_manager(int(manager_id), **changes)).run()
            (there,) = held(connections, "distributionManagers")
            assert settled(there) == settled(changed)
            return changed["name"], changed["status"], changed["expireAt"]

        assert update(expire_at="2999-12-31") == ("Win-back", "ACTIVE", "2999-12-31")
        assert update(status="INACTIVE") == ("Win-back", "INACTIVE", "2999-12-31")
        assert update(name="Renamed") == ("Renamed", "INACTIVE", "2999-12-31")
        assert update(never_expires=True) == ("Renamed", "INACTIVE", None)
        assert update(name="Again", status="ACTIVE") == ("Again", "ACTIVE", None)
        assert update() == ("Again", "ACTIVE", None)

    def test_a_day_that_has_come_ends_it(self, connections: Sandbox) -> None:
        _, manager_id = connected()
        changed = Task(lambda: update_manager(manager_id, expire_at="2020-01-01")).run()
        assert (changed["status"], changed["expireAt"]) == ("INACTIVE", "2020-01-01")

    def test_a_repeated_try_and_a_lost_answer(self, connections: Sandbox) -> None:
        _, manager_id = connected()
        connections.misbehave("drop_after", service="liveramp", method="PUT")
        task = Task(lambda: update_manager(manager_id, status="INACTIVE"))
        first, second = task.run(), task.run()
        assert first["status"] == second["status"] == "INACTIVE"
        assert task.ti is not None
        assert task.ti.xcoms["id"] == manager_id

    @pytest.mark.parametrize(
        ("changes", "field"),
        [({"name": "n" * 51}, "name"), ({"name": ""}, "name"), ({"expire_at": "1/2/2026"}, "expire_at")],
    )
    def test_bad_input_changes_nothing(
        self, connections: Sandbox, changes: dict[str, Any], field: str
    ) -> None:
        _, manager_id = connected()
        with pytest.raises(InvalidRequest, match=field):
            Task(lambda: update_manager(manager_id, **changes)).run()
        assert asked(connections, "PUT") == []

    def test_an_unknown_one(self, connections: Sandbox) -> None:
        with pytest.raises(NotFound, match="no distribution manager 9"):
            Task(lambda: update_manager("9", status="ACTIVE")).run()


@pytest.mark.parametrize(
    ("make", "arguments", "name"),
    [
        (authorize, {"if_exists": "hope"}, "if_exists"),
        (authorize, {"timeout": 0}, "timeout"),
        (connect, {"if_exists": "hope"}, "if_exists"),
        (connect, {"device_types": []}, "device_types"),
        (connect, {"device_types": "PII"}, "device_types"),
        (connect, {"device_types": ["WATCH"]}, "device_types"),
        (update_connection, {"connection_id": "1", "device_types": ["WATCH"]}, "device_types"),
        (update_connection, {"connection_id": "1", "device_types": []}, "device_types"),
        (delete_connection, {"connection_id": "1", "if_missing": "hope"}, "if_missing"),
        (create_manager, {"connection_id": "1", "status": "PAUSED"}, "status"),
        (create_manager, {"connection_id": "1", "if_exists": "hope"}, "if_exists"),
        (update_manager, {"manager_id": "1", "status": "PAUSED"}, "status"),
        (
            update_manager,
            {"manager_id": "1", "expire_at": "2026-12-31", "never_expires": True},
            "never_expires",
        ),
        (delete_manager, {"manager_id": "1", "if_missing": "hope"}, "if_missing"),
    ],
)
def test_bad_arguments_are_refused_when_the_dag_is_parsed(
    make: Any, arguments: dict[str, Any], name: str
) -> None:
    with pytest.raises(ValueError, match=name):
        make(**arguments)
