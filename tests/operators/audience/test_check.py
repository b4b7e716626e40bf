"""`CheckAudienceOperator` without a person: what it compares, what it refuses, and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException
from audience_attacks import Room, room, said_by
from audience_tasks import logged
from check_tasks import PAIR, Airflow, Checking, airflow, check, manifest_in
from ledger_testing import facts_of, files_of, ledger_in, send

from airflow_provider_activation.audience import AudienceGuard
from airflow_provider_activation.audience.manifest import delete_files
from airflow_provider_activation.errors import Conflict, InvalidArgument, UnfitAudience

__all__ = ["airflow", "logged", "room"]

pytestmark = pytest.mark.usefixtures("logged", "airflow")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def manifest(room: Room) -> dict[str, Any]:
    return manifest_in(room.folder)


class TestWithinItsLimits:
    def test_the_manifest_comes_back_with_the_check(
        self, room: Room, manifest: dict[str, Any], ledger: Path, logged: list[str]
    ) -> None:
        send(ledger_in(ledger), 1, sent=900)
        guard = AudienceGuard(min_rows=100)
        found = Checking(lambda: check(manifest, ledger, guard=guard)).run()
        assert found.pop("check") == {
            **PAIR,
            **{"ledger": str(ledger), "warehouse": None, "guard": guard.as_mapping()},
            **{"compared_with": 2, "approver": None},
        }
        assert found == manifest
        room.says_nothing(json.dumps(found))
        assert [line for line in logged if line.startswith("WARNING")] == []

    def test_the_log_shows_the_figures(
        self, manifest: dict[str, Any], ledger: Path, logged: list[str]
    ) -> None:
        send(ledger_in(ledger), 1, sent=900)
        Checking(lambda: check(manifest, ledger, guard={"min_rows": 100, "max_rows": 10_000})).run()
        table, compared, passed = logged
        lines = [" ".join(line.split()) for line in table.splitlines()]
        assert lines == [
            "INFO Checked the audience lapsed for acoustic:",
            "rows now before limit",
            "read 1,000 910",
            "left out 1 0",
            "rejected 2 2 at most 2 % of the read",
            "suppressed 5 5",
            "duplicates 2 3",
            "sent 990 900 at least 100, at most 10,000, at most 30 % fewer, at most 100 % more",
        ]
        assert "Compared with receipt 2: run run_1 of daily" in compared
        assert "the audience lapsed for acoustic, 990 rows, is within its limits" in passed

    def test_limits_that_are_off_are_not_shown(
        self, manifest: dict[str, Any], ledger: Path, logged: list[str]
    ) -> None:
        send(ledger_in(ledger), 1)
        off = {"max_shrink": None, "max_growth": None, "max_reject_rate": None}
        Checking(lambda: check(manifest, ledger, guard=off)).run()
        assert "at most" not in logged[0]

    def test_it_compares_with_the_last_earlier_run(self, manifest: dict[str, Any], ledger: Path) -> None:
        for day, sent in ((1, 500), (4, 990)):
            send(ledger_in(ledger), day, sent=sent)
        assert Checking(lambda: check(manifest, ledger), day=3).run()["check"]["compared_with"] == 2
        small = {**manifest, "rows": manifest["rows"] | {"read": 410, "written": 400}}
        assert Checking(lambda: check(small, ledger), day=3).run()["check"]["compared_with"] == 2
        with pytest.raises(UnfitAudience, match="990 at the last time"):
            Checking(lambda: check(small, ledger), day=5).run()

    def test_pairs_do_not_meet(self, manifest: dict[str, Any], ledger: Path) -> None:
        send(ledger_in(ledger, destination="liveramp"), 1, sent=5)
        send(ledger_in(ledger, audience="active"), 1, sent=5)
        assert Checking(lambda: check(manifest, ledger)).run()["check"]["compared_with"] is None

    def test_the_warehouse_is_handed_on(self, manifest: dict[str, Any], ledger: Path) -> None:
        warehouse = {"conn_id": "warehouse", "table": "marketing.receipts"}
        found = Checking(lambda: check(manifest, ledger, warehouse=warehouse)).run()
        assert found["check"]["warehouse"] == warehouse

    @pytest.mark.parametrize("missing", [("run",), ("profile",), ("suppression",)])
    def test_an_older_manifest_is_read(
        self, manifest: dict[str, Any], ledger: Path, missing: tuple[str, ...]
    ) -> None:
        older = {name: value for name, value in manifest.items() if name not in missing}
        found = Checking(lambda: check(older, ledger)).run()
        assert found.pop("check")
        assert found == older
        assert delete_files(found) == [manifest["path"]]

    def test_a_manifest_that_was_checked_for_another_pair(
        self, manifest: dict[str, Any], ledger: Path
    ) -> None:
        first = Checking(lambda: check(manifest, ledger)).run()
        second = Checking(lambda: check(first, ledger, destination="liveramp")).run()
        assert second["check"]["destination"] == "liveramp"


class TestFirstRun:
    def test_it_is_allowed_with_one_warning(
        self, manifest: dict[str, Any], ledger: Path, logged: list[str]
    ) -> None:
        found = Checking(lambda: check(manifest, ledger)).run()
        assert found["check"]["compared_with"] is None
        (warning,) = [line for line in logged if line.startswith("WARNING")]
        assert "no receipt of an earlier run" in warning
        assert not ledger.exists()

    def test_absolute_limits_apply(self, manifest: dict[str, Any], ledger: Path) -> None:
        with pytest.raises(UnfitAudience, match="fewer than min_rows=1,000"):
            Checking(lambda: check(manifest, ledger, guard={"min_rows": 1000})).run()

    def test_it_is_refused_if_that_is_asked_for(self, manifest: dict[str, Any], ledger: Path) -> None:
        with pytest.raises(UnfitAudience, match="first_run is fail"):
            Checking(lambda: check(manifest, ledger, first_run="fail")).run()
        send(ledger_in(ledger), 1)
        assert Checking(lambda: check(manifest, ledger, first_run="fail")).run()


class TestBeyondALimit:
    GUARD = {"min_rows": 1000, "max_shrink": 0.1, "max_reject_rate": 0.001}
    TOLD = (
        "990 rows, fewer than min_rows=1,000",
        "990 rows, 2,000 at the last time (50.5 % fewer), beyond max_shrink=0.1",
        "2 of 1,000 rows rejected (0.2 %), more than max_reject_rate=0.001",
    )

    @pytest.mark.parametrize(
        ("on_breach", "error"), [("fail", UnfitAudience), ("skip", AirflowSkipException)]
    )
    def test_all_that_is_beyond_is_told(
        self,
        room: Room,
        airflow: Airflow,
        manifest: dict[str, Any],
        ledger: Path,
        on_breach: str,
        error: type[Exception],
    ) -> None:
        send(ledger_in(ledger), 1, sent=2_000)
        with pytest.raises(error) as caught:
            Checking(lambda: check(manifest, ledger, guard=self.GUARD, on_breach=on_breach)).run()
        for told in self.TOLD:
            assert told in str(caught.value)
        room.says_nothing(said_by(caught.value))
        assert airflow.asked == []
        assert len(files_of(ledger_in(ledger))) == 2

    @pytest.mark.parametrize("on_breach", ["fail", "skip"])
    def test_a_breach_goes_before_the_first_run(
        self, manifest: dict[str, Any], ledger: Path, airflow: Airflow, on_breach: str
    ) -> None:
        limits = {"guard": {"min_rows": 1000}, "on_breach": on_breach, "first_run": "ask"}
        with pytest.raises((UnfitAudience, AirflowSkipException), match="fewer than"):
            Checking(lambda: check(manifest, ledger, **limits)).run()
        assert airflow.asked == []


class TestWhatElseIsRefused:
    def test_a_run_that_has_not_ended(self, manifest: dict[str, Any], ledger: Path) -> None:
        ledger_in(ledger).intend(facts_of(1))
        Path(manifest["path"]).unlink()
        with pytest.raises(Conflict, match="task send of DAG daily, run run_1") as caught:
            Checking(lambda: check(manifest, ledger)).run()
        assert "--close 1" in caught.value.advice

    def test_the_task_of_this_run_that_sends_may_go_on(self, manifest: dict[str, Any], ledger: Path) -> None:
        ledger_in(ledger).intend(facts_of(2))
        assert Checking(lambda: check(manifest, ledger)).run()

    def test_the_same_run_of_another_dag_is_another(self, manifest: dict[str, Any], ledger: Path) -> None:
        ledger_in(ledger).intend(facts_of(2, dag_id="hourly"))
        with pytest.raises(Conflict, match="of DAG hourly"):
            Checking(lambda: check(manifest, ledger)).run()

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda file: file.write_text(file.read_text().swapcase()), "SHA-256 is another"),
            (lambda file: file.write_text(""), "bytes, not"),
            (lambda file: file.unlink(), "is not there"),
            (lambda file: (file.unlink(), file.mkdir()), "is not there"),
        ],
        ids=["changed", "empty", "gone", "a folder"],
    )
    def test_another_file(
        self, manifest: dict[str, Any], ledger: Path, spoil: Callable[[Path], Any], said: str
    ) -> None:
        spoil(Path(manifest["path"]))
        with pytest.raises(UnfitAudience, match=said):
            Checking(lambda: check(manifest, ledger)).run()

    def test_a_file_of_another_host(self, manifest: dict[str, Any], ledger: Path) -> None:
        elsewhere = {**manifest, "path": "/nowhere/a.csv", "host": "worker-7"}
        with pytest.raises(UnfitAudience, match="prepared on worker-7"):
            Checking(lambda: check(elsewhere, ledger)).run()

    def test_a_record_that_cannot_be_read(self, manifest: dict[str, Any], ledger: Path) -> None:
        send(ledger_in(ledger), 1)
        files_of(ledger_in(ledger))[-1].write_text("{")
        with pytest.raises(UnfitAudience, match=r"000002\.json"):
            Checking(lambda: check(manifest, ledger)).run()

    @pytest.mark.parametrize(
        "change",
        [
            {"version": 2},
            {"version": None},
            {"path": "audience.csv"},
            {"sha256": None},
            {"rows": {}},
            {"rows": {"written": 5}},
            {"rows": dict.fromkeys(("read", "left_out", "rejected", "suppressed", "duplicates"), 1)},
        ],
        ids=str,
    )
    def test_no_manifest(self, manifest: dict[str, Any], ledger: Path, change: dict[str, Any]) -> None:
        with pytest.raises(InvalidArgument, match=r"^manifest "):
            Checking(lambda: check({**manifest, **change}, ledger)).run()

    @pytest.mark.parametrize("count", [-1, 1.5, True, "990", None])
    def test_counts_that_are_none(self, manifest: dict[str, Any], ledger: Path, count: Any) -> None:
        rows = manifest["rows"] | {"written": count}
        with pytest.raises(InvalidArgument, match=r"^manifest "):
            Checking(lambda: check({**manifest, "rows": rows}, ledger)).run()
