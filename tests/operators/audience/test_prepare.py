"""`PrepareAudienceOperator`: what it returns, logs and leaves, and how it fails and ends."""

from __future__ import annotations

import csv
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from acoustic_tasks import OWN_KEY
from airflow.sdk import DAG
from audience_attacks import ADDRESS, NUMBER, Room, room, said_by
from audience_tasks import (
    EMAIL,
    HASHED,
    LIST,
    OtherTasks,
    logged,
    prepare,
    refused,
    registration,
    rendered,
    run,
)
from example_tasks import register
from older_airflows import AirflowTaskTimeout
from scripted_server import Reply, ScriptedServer
from task_running import Task

from airflow_provider_activation.audience import engine
from airflow_provider_activation.errors import (
    ActivationError,
    AudienceNotWritten,
    InvalidArgument,
    InvalidConnection,
    InvalidRequest,
    PermissionDenied,
    UnfitAudience,
)
from airflow_provider_activation.operators.audience import PrepareAudienceOperator
from airflow_provider_activation.sandbox import Sandbox
from scripts.machine_speed import scaled

__all__ = ["logged", "room"]

pytestmark = pytest.mark.usefixtures("logged")
ENDS_WITHIN = 3.0
PEOPLE = f"email,mobile\n{ADDRESS},\nbo@example.com,{NUMBER}\nkanarek,\nBo@example.com,\n"


@pytest.fixture
def people(room: Room) -> Path:
    """Two people, one of them twice, and one who has no address."""
    return room.file(PEOPLE)


def left(room: Room) -> set[str]:
    return {str(one) for one in room.folder.iterdir()}


class TestResult:
    def test_the_manifest_is_the_result(self, room: Room, people: Path) -> None:
        gone = {"source": str(room.file(f"email\n{ADDRESS}\n", "gone.csv")), "schema": LIST}
        task = Task(lambda: prepare(room, people, suppress=[gone]))
        # JSON as Airflow stores it
        manifest = task.run()
        room.says_nothing(json.dumps(manifest))
        assert task.ti is not None
        assert task.ti.xcoms == {"path": manifest["path"]}
        rows = {"read": 4, "left_out": 0, "rejected": 1, "suppressed": 1, "duplicates": 1, "written": 1}
        assert manifest["rows"] == rows
        assert task.context["ti"].run_id == manifest["run"]["run_id"]
        assert manifest["run"]["dag_id"] == "a_dag"
        (told,) = manifest["suppression"]
        assert told == {"name": "gone.csv", "rows": 1, "unreadable": 0, "suppressed": 1}
        for path in (manifest["path"], manifest["rejects"]["path"]):
            assert Path(path).stat().st_mode & 0o777 == 0o600
        assert left(room) == {manifest["path"], manifest["rejects"]["path"]}

    def test_counts_are_numbers_whatever_columns_and_reasons_are_called(self, room: Room) -> None:
        schema = {"columns": {"device_id": {"kind": "device_id", "source": "ids"}, "ids": ATTRIBUTE}}
        source = room.file("ids,number\nkanarek,x\nAEBE52E7-03EE-455A-B3C4-E57283966239,1\n")
        manifest = Task(lambda: prepare(room, source, schema=schema)).run()
        assert manifest["rejects"]["counts"] == {
            "": {"no_identifier": 1},
            "device_id": {"not_a_device_id": 1},
            "ids": {"unreadable": 1},
        }

    def test_another_task_takes_the_path(self, room: Room, people: Path) -> None:
        with DAG("a_dag", schedule=None):
            first: Any = prepare(room, people)
            columns = {"mail": {"kind": "attribute", "source": "mail"}}
            second = PrepareAudienceOperator(
                task_id="second",
                source=first.output["path"],
                schema={"columns": columns},
                profile="meta",
                folder=room.folder,
            )
        assert second.upstream_task_ids == {"prepare"}
        ti = OtherTasks("second", prepare=(manifest := run(first)))
        again = run(rendered(second, ti=ti, task_instance=ti))
        assert Path(again["path"]).read_text() == Path(manifest["path"]).read_text()

    @pytest.mark.usefixtures("connections")
    def test_no_connection_is_asked_for_without_need(
        self, room: Room, people: Path, sandbox: Sandbox
    ) -> None:
        Task(lambda: prepare(room, people, acoustic_exchange_conn_id="nowhere")).run()
        assert not sandbox.requests


PHONES = {"columns": {"mobile": {"kind": "phone", "source": "mobile"}}}
ATTRIBUTE = {"kind": "attribute", "source": "number", "type": "number"}


class TestLog:
    def test_a_line_for_the_audience_and_a_warning_for_rejects(
        self, room: Room, people: Path, logged: list[str]
    ) -> None:
        manifest = Task(lambda: prepare(room, people, where="email <> 'x'")).run()
        about = [line for line in logged if manifest["path"] in line and line.startswith("INFO")]
        assert about == [
            f"INFO Prepared {manifest['path']} for google: 2 rows of 4 read, {manifest['size']} bytes; "
            "left out 0, rejected 1, suppressed 0, duplicates 1."
        ]
        (warning,) = (line for line in logged if line.startswith("WARNING"))
        assert "'mail': {'not_an_address': 1}" in warning
        assert manifest["rejects"]["path"] in warning

    def test_without_rejects_there_is_no_warning(self, room: Room, logged: list[str]) -> None:
        Task(lambda: prepare(room, room.file("email\nbo@example.com\n"))).run()
        assert [line.split()[0] for line in logged] == ["INFO"]

    def test_a_folder_adds_no_line(self, room: Room, people: Path, logged: list[str]) -> None:
        Task(lambda: prepare(room, people, folder=f"{room.folder}/a\nINFO Prepared nothing")).run()
        assert len(logged) == 2
        assert not [line for line in logged if "\n" in line]

    def test_long_work_is_told(
        self, room: Room, people: Path, logged: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine, "TOLD_EVERY", 0.0)
        monkeypatch.setattr(engine, "LOOKED_EVERY", 0.001)
        Task(lambda: prepare(room, people)).run()
        told = [line for line in logged if line.startswith(("INFO Reading", "INFO Checking", "INFO Writing"))]
        assert told
        assert all(line.endswith(" s.") for line in told)

    @pytest.mark.parametrize(
        ("content", "given"),
        [
            (f'email\n{ADDRESS}\n"{ADDRESS}"kanarek\n{ADDRESS},{NUMBER}\n', {"fail_on_rejects": True}),
            (f'email\n{ADDRESS}\n"{ADDRESS}\n', {"fail_on_rejects": True}),
            (f"email\n{ADDRESS}\nkan\xe4rek@{ADDRESS}\n".encode("latin-1"), {"fail_on_rejects": True}),
            (
                f"email\n{ADDRESS}\nkan\xe4rek@{ADDRESS}\n".encode("latin-1"),
                {"source": {"encoding": "cp932"}, "fail_on_rejects": True},
            ),
            (f"email\n{ADDRESS}\n", {"where": "CAST(email AS INTEGER) > 1"}),
            (f"email\n{ADDRESS}\n", {"where": f"CAST(email AS INTEGER) > 1 OR email = '{ADDRESS}'"}),
            (f"email\n{ADDRESS}\n", {"where": f"emial = '{ADDRESS}'"}),
            (f"email\n{ADDRESS}\n", {"where": f"email = '{ADDRESS}"}),
            (f"{ADDRESS}\n{NUMBER}\n", {}),
            (f"{ADDRESS},{ADDRESS}\n{NUMBER},1\n", {}),
            (f"email\n{ADDRESS}\n", {"order_by": "spent"}),
            (f"email\n{ADDRESS}\n{ADDRESS}\n", {"min_rows": 2}),
            (f"email\n{ADDRESS}\n", {"profile": "liveramp_connect"}),
            (f"email\n{ADDRESS}\n", {"suppress": [{"source": "<source>", "schema": LIST}]}),
            (f"email\n{ADDRESS}\n", {"suppress": [{"source": "<source>", "schema": PHONES}]}),
        ],
    )
    def test_nobody_is_named_by_a_failure_and_nothing_left(
        self, room: Room, content: str | bytes, given: dict[str, Any]
    ) -> None:
        source = room.file(content)
        lists = [{**one, "source": str(source)} for one in given.get("suppress", ())]
        arguments = {**given, **({"suppress": lists} if lists else {})}
        arguments["source"] = {"path": str(source), **given.get("source", {})}
        refused(room, ActivationError, Task(lambda: prepare(room, **arguments)))

    def test_nobody_is_named_by_a_good_run(self, room: Room, logged: list[str]) -> None:
        rows = [f'"{ADDRESS}"kanarek', f"{ADDRESS},{NUMBER},1", f"kanarek,{NUMBER}", ""]
        source = room.file(
            f"email,mobile\n{ADDRESS},{NUMBER}\nkan\udce4rek,\n".encode(errors="surrogateescape")
        )
        with source.open("a") as file:
            file.write("\n".join(rows))
        task = Task(lambda: prepare(room, source))
        manifest = task.run()
        assert manifest["rows"]["rejected"] == 4
        assert task.ti is not None
        room.says_nothing(json.dumps([manifest, task.ti.xcoms]))
        with Path(manifest["rejects"]["path"]).open(newline="") as file:
            assert {row[2] for row in csv.reader(file)} >= {"broken_row", "no_identifier"}
        room.says_nothing(Path(manifest["rejects"]["path"]).read_text())
        assert len(logged) == 2


class TestFailures:
    @pytest.mark.parametrize(
        ("given", "told"),
        [
            ({"min_rows": 3}, "2 rows are left of 4, and at least 3 are needed"),
            ({"profile": "liveramp_connect"}, "at least 25 are needed"),
            ({"profile": {"name": "google", "min_rows": 3}}, "at least 3 are needed"),
            ({"fail_on_rejects": True}, "not_an_address 1"),
            ({"suppress": [{"source": "empty.csv", "schema": LIST}]}, "empty.csv has no rows"),
            ({"where": "email = 'nobody'"}, "0 rows are left of 4"),
        ],
    )
    def test_a_task_that_fails_leaves_nothing(
        self, room: Room, people: Path, given: dict[str, Any], told: str
    ) -> None:
        empty = room.file("email\n", "empty.csv")
        given = json.loads(json.dumps(given).replace("empty.csv", str(empty)))
        error = refused(room, UnfitAudience, Task(lambda: prepare(room, people, **given)))
        assert told in error.message

    def test_a_run_that_fails_touches_no_earlier_runs_files(self, room: Room, people: Path) -> None:
        earlier = Task(lambda: prepare(room, people)).run()
        kept = {path: Path(path).read_bytes() for path in (earlier["path"], earlier["rejects"]["path"])}
        refused(room, UnfitAudience, Task(lambda: prepare(room, people, min_rows=3)), keeping=(*kept,))
        assert {path: Path(path).read_bytes() for path in kept} == kept

    def test_a_file_that_cannot_get_its_name(self, room: Room, people: Path) -> None:
        task = Task(lambda: prepare(room, people))
        manifest = task.run()
        for path in (manifest["path"], manifest["rejects"]["path"]):
            Path(path).unlink()
        Path(manifest["path"]).mkdir()
        refused(room, AudienceNotWritten, task, keeping=(manifest["path"],))

    def test_every_folder_that_is_made_is_closed_to_others(self, room: Room, people: Path) -> None:
        Task(lambda: prepare(room, people, folder=room.folder / "made" / "too")).run()
        for folder in (room.folder / "made", room.folder / "made" / "too"):
            assert folder.stat().st_mode & 0o777 == 0o700

    def test_least_rows_of_the_task_go_before_those_of_the_profile(self, room: Room, people: Path) -> None:
        manifest = Task(lambda: prepare(room, people, profile="liveramp_connect", min_rows=2)).run()
        assert manifest["rows"]["written"] == 2

    def test_a_cleared_task_that_fails_leaves_nothing_of_its_run(self, room: Room, people: Path) -> None:
        """Its output is gone, so nothing would delete what an earlier try has made."""
        task = Task(lambda: prepare(room, people, fail_on_rejects=people.read_text() != PEOPLE))
        task.run()
        people.write_text(PEOPLE + "kanarek,\n")
        with pytest.raises(UnfitAudience):
            task.run()
        assert not left(room)


class TestRuns:
    def test_each_run_has_its_own_file(self, room: Room, people: Path) -> None:
        first, second = (Task(lambda: prepare(room, people)).run() for _ in range(2))
        assert first["path"] != second["path"]
        assert first["rejects"]["path"] != second["rejects"]["path"]
        assert first["sha256"] == second["sha256"]
        assert len(left(room)) == 4

    def test_a_retry_writes_the_same_file(self, room: Room, people: Path) -> None:
        task = Task(lambda: prepare(room, people))
        first = task.run()
        content = Path(first["path"]).read_bytes()
        assert task.run() == first
        assert Path(first["path"]).read_bytes() == content
        assert left(room) == {first["path"], first["rejects"]["path"]}

    def test_a_retry_without_rejects_removes_those_of_the_try_before(self, room: Room, people: Path) -> None:
        task = Task(lambda: prepare(room, people))
        task.run()
        people.write_text("email\nbo@example.com\n")
        manifest = task.run()
        assert manifest["rejects"] == {"path": None, "counts": {}}
        assert left(room) == {manifest["path"]}

    def test_mapped_tasks_have_their_own_files(self, room: Room, people: Path) -> None:
        with DAG("a_dag", schedule=None):
            mapped = PrepareAudienceOperator.partial(
                task_id="prepare", schema=EMAIL, profile="google", folder=room.folder
            ).expand(source=[str(people), str(people)])
        made = [
            run(rendered(mapped.unmap({"source": str(people)})), map_index=map_index)
            for map_index in (0, 1, 0)
        ]
        assert made[0] == made[2]
        assert made[0]["path"] != made[1]["path"]
        assert len(left(room)) == 4

    def test_two_tasks_of_a_run_have_their_own_files(self, room: Room, people: Path) -> None:
        first, second = (
            PrepareAudienceOperator(
                task_id=name, source=people, schema=EMAIL, profile="google", folder=room.folder
            )
            for name in ("first", "second")
        )
        assert run(first)["path"] != run(second)["path"]


class TestKilled:
    @pytest.fixture
    def many(self, room: Room) -> Path:
        """National phone numbers, for which a run takes longer than it may take to end."""
        rows = (f"someone.{at}@example.com,070{at * 7919 % 10_000_000:07}" for at in range(150_000))
        return room.file("\n".join(["email,mobile", *rows, ""]))

    @pytest.mark.parametrize(
        "how",
        [
            "by another thread",
            "by SIGTERM",
            "out of time",
        ],
    )
    def test_it_ends_soon_and_leaves_nothing(self, room: Room, many: Path, how: str) -> None:
        columns = {"tel": {**PHONE, "hash": "sha256"}, **EMAIL["columns"]}
        operator = prepare(room, many, schema={"columns": columns})
        began: list[float] = []

        def on_signal(*_: Any) -> None:
            # as Airflow's execution_timeout does, or its handler of SIGTERM
            if how == "out of time":
                raise AirflowTaskTimeout
            operator.on_kill()

        def kill_once_it_writes() -> None:
            until = time.monotonic() + scaled(20)
            while not left(room) and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(0.3)
            began.append(time.monotonic())
            if how == "by another thread":
                operator.on_kill()
            else:
                os.kill(os.getpid(), signal.SIGTERM)

        before = signal.signal(signal.SIGTERM, on_signal)
        killer = threading.Thread(target=kill_once_it_writes)
        killer.start()
        try:
            with pytest.raises((AudienceNotWritten, AirflowTaskTimeout)) as caught:
                run(operator)
            took = time.monotonic() - began[0]
        finally:
            killer.join()
            signal.signal(signal.SIGTERM, before)
        assert isinstance(caught.value, AirflowTaskTimeout) is (how == "out of time")
        assert took < scaled(ENDS_WITHIN)
        assert "example.com" not in said_by(caught.value)
        assert left(room) == set()
        room.holds_nothing_private()

    def test_killed_before_the_preparation_began(self, room: Room, people: Path) -> None:
        operator = prepare(room, people)
        operator.on_kill()
        with pytest.raises(AudienceNotWritten, match="stopped"):
            run(operator)
        assert left(room) == set()

    def test_killed_when_it_has_ended(self, room: Room, people: Path) -> None:
        operator = prepare(room, people)
        manifest = run(operator)
        operator.on_kill()
        assert manifest["path"] in left(room)


PHONE = {"kind": "phone", "source": "mobile", "region": "SE"}
CITY = {"kind": "attribute", "source": "city"}


class TestAcoustic:
    CITIES = "email,city\nbo@example.com,Ulm\nkanarek,Bonn\nann@example.com,\n"

    @pytest.mark.parametrize(
        ("mode", "algorithm", "columns", "told"),
        [
            ("HASHED", "SHA256", {"mail": {"hash": "sha256"}}, None),
            ("HASHED", "EMAIL_SHA256", {"mail": {"hash": "sha256"}}, None),
            ("HASHED", "MD5", {"mail": {"hash": "md5"}}, None),
            ("HASHED", "SHA256", {"mail": {}}, "'mail': acoustic takes email sha256, not plain"),
            ("HASHED", "SHA256", {"mail": {"hash": "md5"}}, "'mail': acoustic takes email sha256, not md5"),
            ("NONE", None, {"mail": {}}, None),
            ("NONE", None, {"mail": {"hash": "sha256"}}, "'mail': acoustic takes email plain, not sha256"),
            ("REQUIRED", "SHA256", {"mail": {}}, None),
            ("REQUIRED", "SHA256", {"mail": {"hash": "sha256"}}, None),
            (
                "REQUIRED",
                "SHA256",
                {"mail": {"hash": "sha1"}},
                "'mail': acoustic takes email plain or sha256",
            ),
            (
                "HASHED",
                "SHA256",
                {"mail": {"hash": "sha256"}, "e": {"hash": "sha256"}},
                "'e' is not registered",
            ),
            ("HASHED", "ROT13", {"mail": {"hash": "sha256"}}, "ROT13 is registered"),
        ],
    )
    def test_columns_are_as_they_are_registered(
        self, room: Room, mode: str, algorithm: str | None, columns: dict[str, Any], told: str | None
    ) -> None:
        known = {**HASHED, "hashMode": mode, **({"hashAlgorithm": algorithm} if algorithm else {})}
        schema = {
            "columns": {name: {"kind": "email", "source": "email", **how} for name, how in columns.items()}
        }
        given = {"schema": schema, "profile": "acoustic", "registration": registration(known)}
        if told is None:
            assert prepare(room, "people.csv", **given).schema == schema
        else:
            with pytest.raises(InvalidArgument, match=told):
                prepare(room, "people.csv", **given)

    @pytest.mark.parametrize(
        "databases", [5, [{"name": "Customers", "identifiers": 5}]], ids=["databases", "identifiers"]
    )
    def test_a_registration_that_is_none(self, room: Room, databases: Any) -> None:
        given = {"marketing_databases_definition": {"marketingDatabases": databases}}
        with pytest.raises(InvalidArgument, match="registration"):
            prepare(room, "people.csv", profile="acoustic", registration=given)

    def test_a_required_column_must_be_there_and_filled(self, room: Room) -> None:
        given = {
            "profile": "acoustic",
            "registration": registration(HASHED, attributes=[{"name": "city", "isRequired": True}]),
        }
        with pytest.raises(InvalidArgument, match="requires the column 'city'"):
            prepare(room, "people.csv", **given)
        given["schema"] = {"columns": {**EMAIL["columns"], "city": CITY}}
        manifest = Task(lambda: prepare(room, room.file(self.CITIES), **given)).run()
        assert manifest["rows"]["written"] == 1
        assert manifest["rejects"]["counts"]["city"] == {"missing": 1}

    @pytest.mark.parametrize(
        "given",
        [
            OWN_KEY,
            {"endpoint_id": "10001"},
            {"endpoint_id": 10001, "profile": {"name": "acoustic", "database": "Customers"}},
        ],
        ids=["the endpoint's own key", "an id", "an id, and the database"],
    )
    def test_the_registration_is_read_from_the_service(
        self, room: Room, connections: Sandbox, given: dict[str, Any]
    ) -> None:
        Task(lambda: register(**registration(HASHED))).run()
        source, given = room.file(self.CITIES), {"profile": "acoustic", **given}
        manifest = Task(lambda: prepare(room, source, **given)).run()
        assert (manifest["profile"], manifest["rows"]["written"]) == ("acoustic", 2)
        plain = {"columns": {"mail": {"kind": "email", "source": "email"}}}
        error = refused(
            room,
            InvalidArgument,
            Task(lambda: prepare(room, "/no_people.csv", **given, schema=plain)),
            keeping=(manifest["path"], manifest["rejects"]["path"]),
        )
        assert "'mail': acoustic takes email sha256, not plain" in error.message

    @pytest.mark.usefixtures("exchange")
    @pytest.mark.parametrize(
        ("given", "error"),
        [
            ({"acoustic_exchange_conn_id": "application"}, InvalidConnection),
            (
                {"acoustic_exchange_conn_id": "acoustic_exchange_endpoint", "endpoint_id": 1},
                InvalidConnection,
            ),
            ({"acoustic_exchange_conn_id": "fixed_source"}, InvalidRequest),
            ({"endpoint_id": 20003}, InvalidRequest),
            ({}, InvalidRequest),
        ],
        ids=[
            "no such key",
            "not this endpoint's key",
            "no identifiers",
            "none of this one",
            "which endpoint",
        ],
    )
    def test_what_cannot_be_read_is_asked_for(
        self, room: Room, given: dict[str, Any], error: type[ActivationError]
    ) -> None:
        # there is no such file: nothing was opened
        task = Task(lambda: prepare(room, "/no_people.csv", **given, profile="acoustic"))
        assert "registration=" in str(refused(room, error, task))

    def test_a_key_that_may_not_read_it(self, room: Room, scripted_exchange: ScriptedServer) -> None:
        scripted_exchange.script.append(Reply(403, {"message": "forbidden"}))
        task = Task(
            lambda: prepare(
                room, "/no_people.csv", profile="acoustic", acoustic_exchange_conn_id="scripted_endpoint"
            )
        )
        assert "registration=" in str(refused(room, PermissionDenied, task))

    def test_killed_while_the_registration_is_read(
        self, room: Room, people: Path, connections: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Task(lambda: register(**registration(HASHED))).run()
        operator = prepare(room, people, profile="acoustic", endpoint_id=10001)
        read = operator._registration

        def killed() -> Any:
            operator.on_kill()
            return read()

        monkeypatch.setattr(operator, "_registration", killed)
        with pytest.raises(AudienceNotWritten, match="stopped"):
            run(operator)
        assert left(room) == set()
