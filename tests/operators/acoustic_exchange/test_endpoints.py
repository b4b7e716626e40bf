"""The operators of Acoustic Exchange for endpoints and segments against the sandbox, and what all refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from acoustic_tasks import (
    OWN_KEY,
    asked,
    delete,
    delete_segments,
    disable,
    download,
    enable,
    held,
    import_identities,
    job_sensor,
    own_endpoint,
    refresh,
    report_failure,
    set_attributes,
    set_database,
    status_sensor,
    upload,
)
from airflow.sdk import BaseOperator
from example_tasks import SEGMENT, define, export, register
from scripted_server import Reply, ScriptedServer
from task_running import Task

from airflow_provider_activation.errors import (
    AlternateActionRequired,
    InvalidConnection,
    InvalidRequest,
    NotFound,
    NotSupported,
    PermissionDenied,
    Refused,
)
from airflow_provider_activation.sandbox import Sandbox

WRONG_LEVELS: dict[str, Callable[[], BaseOperator]] = {
    "register": lambda: register(acoustic_exchange_conn_id="acoustic_exchange_default"),
    "register by id": lambda: register(endpoint_id=10001),
    "enable": enable,
    "enable by id": lambda: enable(endpoint_id=10001, **OWN_KEY),
    "disable": disable,
    "disable by id": lambda: disable(endpoint_id=10001, **OWN_KEY),
    "delete": delete,
    "delete by id": lambda: delete(endpoint_id=10001, **OWN_KEY),
    "set database": lambda: set_database(acoustic_exchange_conn_id="acoustic_exchange_default"),
    "set database by application": lambda: set_database(acoustic_exchange_conn_id="application"),
    "set attributes": lambda: set_attributes(
        attributes={"user": "x"}, acoustic_exchange_conn_id="acoustic_exchange_default"
    ),
    "report failure": lambda: report_failure(acoustic_exchange_conn_id="acoustic_exchange_default"),
    "define segments": lambda: define(mode="replace", acoustic_exchange_conn_id="acoustic_exchange_default"),
    "add segments": lambda: define(acoustic_exchange_conn_id="application"),
    "delete segments": lambda: delete_segments(
        all_segments=True, acoustic_exchange_conn_id="acoustic_exchange_default"
    ),
    "delete a segment": lambda: delete_segments(segment_ids=[1], acoustic_exchange_conn_id="application"),
    "export": lambda: export(**OWN_KEY),
    "export unmarked": lambda: export(mark_submission=False, **OWN_KEY),
    "import": lambda: import_identities(**OWN_KEY),
    "refresh": lambda: refresh(**OWN_KEY),
    "endpoint status": lambda: status_sensor(acoustic_exchange_conn_id="acoustic_exchange_default"),
    "job status": lambda: job_sensor(1, acoustic_exchange_conn_id="application"),
}


@pytest.mark.parametrize("operator", WRONG_LEVELS.values(), ids=WRONG_LEVELS)
def test_a_key_of_the_wrong_level_is_refused_before_anything_is_sent(
    exchange: Sandbox, operator: Callable[[], BaseOperator]
) -> None:
    with pytest.raises(
        InvalidConnection, match=r"key of level .* but the connection '.*' holds one of level"
    ):
        Task(operator).run()
    assert exchange.requests == []


BAD_WHEN_PARSED: dict[str, tuple[Callable[[], BaseOperator], str]] = {
    "neither attributes nor credentials": (set_attributes, "attributes or credentials"),
    "credentials of nobody": (lambda: set_attributes(credentials={"a": "login"}), "together"),
    "a connection for nothing": (lambda: set_attributes(credentials_conn_id="c"), "together"),
    "a place that is none": (
        lambda: set_attributes(credentials_conn_id="c", credentials={"a": "host"}),
        r"credentials\['a'\]",
    ),
    "a mode that is none": (lambda: define(mode="merge"), "mode"),
    "some segments and all": (lambda: delete_segments(segment_ids=[1], all_segments=True), "not both"),
    "no segments": (delete_segments, "segment_ids, or all_segments=True"),
    "if_missing": (lambda: delete(if_missing="hope"), "if_missing"),
    "an export of no segment": (lambda: export(segment_id=None), "exactly one"),
    "an export to an existing segment": (lambda: export(destination_segment_id="700001"), "action"),
    "an import of two segments": (lambda: import_identities(segment_id_string="x"), "exactly one"),
    "on_needs_action": (lambda: import_identities(on_needs_action="hope"), "on_needs_action"),
    "on_uncertain": (lambda: refresh(on_uncertain="hope"), "on_uncertain"),
    "an upload's category": (lambda: upload(1, Path("x"), job_category="EXPORT"), "job_category"),
    "a refresh takes no file": (
        lambda: upload(1, Path("x"), job_category="SEGMENT_POPULATE_DB"),
        "job_category",
    ),
    "a download's category": (lambda: download(1, Path("x"), job_category="EXPORT"), "job_category"),
    "a sensor's category": (lambda: job_sensor(1, job_category="EXPORT"), "job_category"),
    "a job status": (lambda: job_sensor(1, target_statuses=["FAILED"]), "target_statuses"),
    "no job status": (lambda: job_sensor(1, target_statuses=[]), "target_statuses"),
    "a job status that is no list": (lambda: job_sensor(1, target_statuses="COMPLETE"), "target_statuses"),
    "a sensor's on_needs_action": (lambda: job_sensor(1, on_needs_action="hope"), "on_needs_action"),
    "an endpoint status": (lambda: status_sensor(target_statuses=["DISABLED"]), "target_statuses"),
}


@pytest.mark.parametrize(("operator", "said"), BAD_WHEN_PARSED.values(), ids=BAD_WHEN_PARSED)
def test_bad_arguments_are_refused_when_the_dag_is_parsed(
    operator: Callable[[], BaseOperator], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        operator()


BAD_WHEN_RUN: dict[str, tuple[Callable[[], BaseOperator], str]] = {
    "register": (lambda: register(endpoint_id="enable"), "endpoint_id"),
    "register a type that is none": (lambda: register(endpoint_types={"audience": {}}), "audience"),
    "register without a name": (lambda: register(name=""), "name"),
    "enable": (lambda: enable(endpoint_id="1/2"), "endpoint_id"),
    "disable": (lambda: disable(endpoint_id=""), "endpoint_id"),
    "delete": (lambda: delete(endpoint_id=""), "endpoint_id"),
    "set database": (lambda: set_database(database_id=""), "database_id"),
    "report": (lambda: report_failure(reason="é" * 256 + "!"), "512 bytes"),
    "report nothing": (lambda: report_failure(reason=""), "reason"),
    "an attribute that is no text": (lambda: set_attributes(attributes={"port": 22.5}), "port"),
    "define": (lambda: define(segments=[{"id": 1, "id_string": "1", "name": "x"}]), "exactly one"),
    "define nothing": (lambda: define(segments=[], mode="replace"), "segments"),
    "delete no segments": (lambda: delete_segments(segment_ids=[]), "segment_ids"),
    "delete one text": (lambda: delete_segments(segment_ids="12"), "segment_ids"),
    "upload": (lambda: upload(1, Path("/nowhere")), "file"),
    "download": (lambda: download(1, Path("/nowhere/2026-11-27")), "directory: /nowhere,"),
    "download into a file": (lambda: download(1, Path(__file__)), "directory: .* is no folder"),
    "download elsewhere": (lambda: download(1, Path("/"), file_names=["../x"]), "file_names"),
    "download one text": (lambda: download(1, Path("/"), file_names="archive"), "file_names"),
    "sensor": (lambda: job_sensor("None"), "job_id"),
}


@pytest.mark.parametrize(("operator", "said"), BAD_WHEN_RUN.values(), ids=BAD_WHEN_RUN)
def test_bad_values_are_refused_before_anything_is_sent(
    exchange: Sandbox, operator: Callable[[], BaseOperator], said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        Task(operator).run()
    assert exchange.requests == []


class TestRegistration:
    def test_a_repeat_replaces_the_description(self, exchange: Sandbox) -> None:
        task = Task(register)
        assert task.run() == task.run() == {"endpointId": "10001", "name": "Customer base"}
        assert task.ti is not None
        assert task.ti.xcoms == {"endpointId": "10001"}
        Task(lambda: register(description="All buyers", hash_algorithm="SHA256")).run()
        assert own_endpoint(exchange)["registration"] == {
            "name": "Customer base",
            "providerName": "Marketing data",
            "description": "All buyers",
            "hashAlgorithm": "SHA256",
            "endpointTypes": {"segment": {"source": {"enabled": True, "producerType": "push"}}},
        }

    def test_everything_that_describes_an_endpoint(self, exchange: Sandbox) -> None:
        database = {
            "name": "Customers",
            "id": "db1",
            "identifiers": [{"name": "email", "type": "email", "hashMode": "HASHED", "isRequired": True}],
            "attributes": [{"name": "city", "type": "String", "isRequired": False}],
        }
        destination = {"enabled": True, "destinationType": "pull"}
        types = {"event": {"source": {"enabled": True}, "destination": destination}}
        Task(
            lambda: register(
                url="https://shop.example",
                hash_algorithm="SHA256",
                endpoint_types=types,
                marketing_databases_definition={"marketingDatabases": [database]},
                notification_key="17",
            )
        ).run()
        registration = own_endpoint(exchange)["registration"]
        assert registration["endpointTypes"] == types
        assert registration["marketingDatabasesDefinition"] == {"marketingDatabases": [database]}
        assert (registration["notificationKey"], registration["url"]) == ("17", "https://shop.example")

    def test_an_id_that_no_answer_names_is_asked_for(self, push_source: Sandbox) -> None:
        push_source.misbehave("status", method="PUT", path="/v1/endpoint", status=200, body=True)
        assert Task(register).run()["endpointId"] == "10001"
        before = len(asked(push_source, "GET", "/v1/endpoint"))
        Task(register).run()
        # once less: an answer names the id, and the description is read back all the same
        assert len(asked(push_source, "GET", "/v1/endpoint")) == before + 1

    def test_an_endpoint_of_nobody(self, exchange: Sandbox) -> None:
        with pytest.raises(NotFound):
            Task(lambda: register(acoustic_exchange_conn_id="acoustic_exchange_default", endpoint_id=4)).run()


class TestSwitching:
    @pytest.mark.parametrize(
        "arguments",
        [OWN_KEY, {"endpoint_id": "10001"}],
        ids=["with the endpoint's key", "with the account's key"],
    )
    def test_the_second_time_changes_nothing(self, push_source: Sandbox, arguments: dict[str, Any]) -> None:
        endpoint_id = 10001 if "endpoint_id" in arguments else None
        for operator, enabled in ((disable, False), (enable, True)):
            task = Task(partial(operator, **arguments))
            assert task.run() == {"endpointId": endpoint_id and str(endpoint_id), "changed": True}
            assert task.run() == {"endpointId": endpoint_id and str(endpoint_id), "changed": False}
            assert own_endpoint(push_source)["enabled"] is enabled

    def test_a_disabled_source_exports_nothing(self, push_source: Sandbox) -> None:
        Task(lambda: disable(**OWN_KEY)).run()
        with pytest.raises(InvalidRequest, match="enabled"):
            Task(export).run()
        Task(lambda: enable(**OWN_KEY)).run()
        assert Task(export).run()["status"] == "WAITING_TO_RECIEVE_DATA"

    def test_after_a_lost_answer_it_is_as_wanted(self, push_source: Sandbox) -> None:
        push_source.misbehave("drop_after", method="PUT", path="*/disable")
        # The transport has sent it twice, and only the second answer is known: it says unchanged.
        assert Task(lambda: disable(**OWN_KEY)).run()["changed"] is False
        assert own_endpoint(push_source)["enabled"] is False

    def test_the_service_refuses(self, exchange: Sandbox) -> None:
        with pytest.raises(NotFound):
            Task(lambda: enable(endpoint_id=4)).run()
        exchange.misbehave("refuse", method="PUT", path="*/disable/20002")
        with pytest.raises(PermissionDenied):
            Task(lambda: disable(endpoint_id=20002)).run()


class TestDeletion:
    def test_with_the_endpoint_s_key(self, push_source: Sandbox) -> None:
        assert Task(lambda: delete(**OWN_KEY)).run() == {"endpointId": None}
        assert own_endpoint(push_source)["status"] == "DELETED"

    def test_with_the_account_s_key(self, exchange: Sandbox) -> None:
        assert Task(lambda: delete(endpoint_id="20002")).run() == {"endpointId": "20002"}
        assert [e["status"] for e in held(exchange, "endpoints") if e["endpointId"] == 20002] == ["DELETED"]

    def test_one_that_is_missing(self, exchange: Sandbox) -> None:
        Task(lambda: delete(endpoint_id=20002)).run()
        with pytest.raises(NotFound):
            Task(lambda: delete(endpoint_id=20002)).run()
        assert Task(lambda: delete(endpoint_id=20002, if_missing="ignore")).run() == {"endpointId": "20002"}

    def test_a_retry_finds_it_deleted(self, exchange: Sandbox) -> None:
        task = Task(lambda: delete(endpoint_id=20002))
        assert task.run() == task.run() == {"endpointId": "20002"}

    def test_the_service_says_no(self, exchange: Sandbox) -> None:
        exchange.misbehave("status", method="DELETE", path="/v1/endpoint/20002", status=200, body=False)
        with pytest.raises(Refused):
            Task(lambda: delete(endpoint_id=20002)).run()


class TestDatabase:
    def databases(self, sandbox: Sandbox, position: int = 0) -> Any:
        registration = held(sandbox, "endpoints")[position]["registration"]
        return registration["marketingDatabasesDefinition"]["marketingDatabases"]

    @pytest.fixture
    def two_databases(self, exchange: Sandbox) -> Sandbox:
        databases = [{"name": name, "id": "db1"} for name in ("Customers", "Leads")]
        Task(lambda: register(marketing_databases_definition={"marketingDatabases": databases})).run()
        return exchange

    def test_one_of_several(self, two_databases: Sandbox) -> None:
        task = Task(lambda: set_database(marketing_database_name="Leads"))
        assert task.run() == task.run() == {"endpointId": None, "databaseId": "db2"}
        assert [database["id"] for database in self.databases(two_databases)] == ["db1", "db2"]

    def test_a_change_that_is_accepted_and_not_made_is_not_green(self, two_databases: Sandbox) -> None:
        two_databases.misbehave("status", method="PUT", path="/v1/endpoint/database", status=200, body=True)
        with pytest.raises(Refused, match="databaseId should be 'db2' and is 'db1'"):
            Task(lambda: set_database(marketing_database_name="Leads")).run()

    def test_which_one_must_be_said(self, two_databases: Sandbox) -> None:
        with pytest.raises(InvalidRequest, match="marketingDatabaseName"):
            Task(set_database).run()

    def test_with_an_application_s_key(self, exchange: Sandbox) -> None:
        application: dict[str, Any] = {"acoustic_exchange_conn_id": "application"}
        result = Task(lambda: set_database(endpoint_id="20004", **application)).run()
        assert result == {"endpointId": "20004", "databaseId": "db2"}
        assert self.databases(exchange, 3) == [{"name": "Customers", "id": "db2"}]
        with pytest.raises(PermissionDenied):
            Task(lambda: set_database(endpoint_id=20005, **application)).run()


class TestAttributes:
    def test_secrets_come_from_a_connection_and_stay_out_of_sight(
        self, push_source: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        login = {"conn_type": "generic", "login": "planted-user", "extra": {"pin": "planted-pin"}}
        monkeypatch.setenv("AIRFLOW_CONN_SFTP_LOGIN", json.dumps(login))
        task = Task(
            lambda: set_attributes(
                attributes={"host": "sftp.example"},
                credentials_conn_id="sftp_login",
                credentials={"user": "login", "pin": "extra.pin"},
            )
        )
        assert task.run() == task.run() == {"attributes": ["host", "pin", "user"]}
        assert own_endpoint(push_source)["attributes"] == {"host": "***", "user": "***", "pin": "***"}
        push_source.misbehave(
            "status", method="PUT", path="/v1/endpointattributes/*", status=400, body="planted-pin is wrong"
        )
        with pytest.raises(InvalidRequest, match="is wrong") as caught:
            task.run()
        shown = caplog.text + str(caught.value) + repr(caught.value)
        for secret in ("planted-user", "planted-pin", push_source.secrets["acoustic_endpoint_key"]):
            assert secret not in shown

    def test_each_call_replaces_the_one_before(self, push_source: Sandbox) -> None:
        for name in ("user", "account"):
            Task(partial(set_attributes, attributes={name: "x"})).run()
        assert own_endpoint(push_source)["attributes"] == {"account": "***"}

    def test_an_empty_field_is_refused_before_anything_is_sent(
        self, exchange: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_EMPTY", json.dumps({"conn_type": "generic"}))
        with pytest.raises(InvalidConnection, match="'empty' lacks password"):
            Task(
                lambda: set_attributes(credentials_conn_id="empty", credentials={"secret": "password"})
            ).run()
        assert exchange.requests == []

    def test_the_endpoint_must_be_registered(self, exchange: Sandbox) -> None:
        with pytest.raises(InvalidRequest, match="not registered"):
            Task(lambda: set_attributes(attributes={"user": "x"})).run()


class TestFailure:
    def test_the_status_afterwards(self, push_source: Sandbox) -> None:
        task = Task(lambda: report_failure(reason="é" * 256))
        assert task.run() == task.run() == {"endpointId": "10001", "status": "FAILED"}
        assert own_endpoint(push_source)["failure"] == "é" * 256

    def test_of_another_endpoint(self, exchange: Sandbox) -> None:
        with pytest.raises(PermissionDenied):
            Task(lambda: report_failure(endpoint_id=20002)).run()


class TestSegments:
    MORE = {"id_string": "a b", "name": "Odd", "type": "Queries"}

    def ids(self, sandbox: Sandbox) -> list[Any]:
        own = [row for row in held(sandbox, "segments") if row["endpointId"] == 10001]
        return [row.get("id", row.get("id_string")) for row in own]

    def test_append_adds_what_is_missing(self, push_source: Sandbox) -> None:
        segments = [{"id": SEGMENT, "name": "Win-back"}, self.MORE]
        task = Task(lambda: define(segments=segments))
        assert task.run() == {"endpointId": "10001", "added": ["a b"], "unchanged": [str(SEGMENT)]}
        assert task.run() == {"endpointId": "10001", "added": [], "unchanged": [str(SEGMENT), "a b"]}
        assert self.ids(push_source) == [SEGMENT, "a b"]

    def test_replace_makes_them_the_only_ones(self, push_source: Sandbox) -> None:
        task = Task(lambda: define(segments=[self.MORE], mode="replace"))
        assert task.run() == task.run() == {"endpointId": "10001", "added": ["a b"], "unchanged": []}
        assert self.ids(push_source) == ["a b"]

    def test_delete_some(self, push_source: Sandbox) -> None:
        Task(lambda: define(segments=[self.MORE])).run()
        task = Task(lambda: delete_segments(segment_ids=["a b", 5]))
        assert task.run() == {"endpointId": "10001", "deleted": ["a b"], "absent": ["5"]}
        assert task.run() == {"endpointId": "10001", "deleted": [], "absent": ["a b", "5"]}
        assert self.ids(push_source) == [SEGMENT]

    def test_delete_all(self, push_source: Sandbox) -> None:
        task = Task(lambda: delete_segments(all_segments=True))
        # The second time there is nothing to delete, to which the sandbox answers false.
        assert task.run() == task.run() == {"endpointId": "10001", "deleted": None, "absent": None}
        assert self.ids(push_source) == []

    @pytest.mark.parametrize("arguments", [{"all_segments": True}, {"segment_ids": [SEGMENT]}])
    def test_a_lost_answer_to_a_deletion_does_not_matter(
        self, push_source: Sandbox, arguments: dict[str, Any]
    ) -> None:
        push_source.misbehave("drop_after", method="DELETE")
        Task(lambda: delete_segments(**arguments)).run()
        assert self.ids(push_source) == []
        assert len(asked(push_source, "DELETE")) == 2

    @pytest.mark.parametrize("arguments", [{"all_segments": True}, {"segment_ids": [SEGMENT]}])
    def test_what_is_still_there_was_not_deleted(
        self, push_source: Sandbox, arguments: dict[str, Any]
    ) -> None:
        push_source.misbehave("status", method="DELETE", status=200, body=False)
        with pytest.raises(Refused):
            Task(lambda: delete_segments(**arguments)).run()

    def test_a_list_that_shows_no_segments_proves_nothing(self, push_source: Sandbox) -> None:
        push_source.misbehave("status", method="DELETE", status=200, body=False)
        bare = [{"endpointId": 10001, "name": "Customer base"}]
        push_source.misbehave("status", method="GET", path="/v1/endpoint", status=200, body=bare)
        with pytest.raises(Refused):
            Task(lambda: delete_segments(all_segments=True)).run()

    def test_another_action_is_named(self, exchange: Sandbox) -> None:
        its: dict[str, Any] = {"endpoint_id": 20004, "acoustic_exchange_conn_id": "replacing_source"}
        for operator in (
            partial(define, segments=[self.MORE], **its),
            partial(delete_segments, segment_ids=[800001], **its),
        ):
            with pytest.raises(AlternateActionRequired, match="REPLACE") as caught:
                Task(operator).run()
            assert caught.value.share_action == "REPLACE"
        assert Task(lambda: define(segments=[self.MORE], mode="replace", **its)).run()["added"] == ["a b"]

    def test_what_is_not_supported_is_not_tried_again(self, exchange: Sandbox) -> None:
        its: dict[str, Any] = {"endpoint_id": 20005, "acoustic_exchange_conn_id": "fixed_source"}
        with pytest.raises(NotSupported):
            Task(lambda: define(segments=[self.MORE], **its)).run()
        with pytest.raises(NotSupported):
            Task(lambda: delete_segments(segment_ids=[800002], **its)).run()
        assert (len(asked(exchange, "POST")), len(asked(exchange, "DELETE"))) == (1, 1)


def test_requests_without_a_body_name_json_as_the_documents_show_them(
    scripted_exchange: ScriptedServer,
) -> None:
    scripted_exchange.always = lambda asked: Reply(body=True)
    own: dict[str, Any] = {"acoustic_exchange_conn_id": "scripted_endpoint"}
    by_id: dict[str, Any] = {"acoustic_exchange_conn_id": "scripted", "endpoint_id": 85}
    for operator in (
        partial(enable, **own),
        partial(disable, **by_id),
        partial(delete, **own),
        partial(delete, **by_id),
        partial(delete_segments, all_segments=True, **own),
    ):
        Task(operator).run()
    assert [asked.method for asked in scripted_exchange.asked] == ["PUT", "PUT", "DELETE", "DELETE", "DELETE"]
    assert {asked.headers.get("Content-Type") for asked in scripted_exchange.asked} == {"application/json"}
