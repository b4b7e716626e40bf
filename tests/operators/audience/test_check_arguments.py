"""Arguments of `CheckAudienceOperator`: objects, mappings, templates, mapped tasks, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from audience_attacks import Room, room
from audience_tasks import OtherTasks, rendered
from check_tasks import ANN, PAIR, Checking, check, manifest_in
from ledger_testing import ledger_in, send

from airflow_provider_activation.audience import AudienceGuard
from airflow_provider_activation.errors import InvalidArgument, UnfitAudience
from airflow_provider_activation.operators.audience import CheckAudienceOperator

__all__ = ["room"]

PULLED = "{{ ti.xcom_pull('prepare') }}"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def manifest(room: Room) -> dict[str, Any]:
    return manifest_in(room.folder)


class TestGuard:
    def test_objects_become_mappings(self, manifest: dict[str, Any]) -> None:
        guard = AudienceGuard(min_rows=5, max_growth=None)
        assert check(manifest, "/ledger", guard=guard).guard == guard.as_mapping()
        assert (
            check(manifest, "/ledger", guard={"min_rows": 5, "max_growth": None}).guard == guard.as_mapping()
        )
        assert check(manifest, "/ledger").guard == AudienceGuard().as_mapping()

    def test_mapped_tasks_take_objects(self, manifest: dict[str, Any]) -> None:
        with DAG("a_dag", schedule=None):
            mapped = CheckAudienceOperator.partial(
                task_id="check", **PAIR, ledger="/ledger", guard=AudienceGuard(min_rows=5)
            ).expand(manifest=[manifest])
        assert mapped.partial_kwargs["guard"] == AudienceGuard(min_rows=5).as_mapping()

    @pytest.mark.parametrize("native", [False, True], ids=["as text", "natively"])
    def test_templates_inside(self, manifest: dict[str, Any], ledger: Path, native: bool) -> None:
        guard = {"min_rows": "{{ 1000 - 10 }}", "max_shrink": "{{ 0.25 }}", "max_growth": "{{ 1 }}"}
        operator = rendered(check(manifest, ledger, guard=guard), native=native)
        found = Checking(lambda: operator).run()["check"]["guard"]
        assert found == AudienceGuard(min_rows=990, max_shrink=0.25, max_growth=1).as_mapping()

    @pytest.mark.parametrize(
        ("guard", "named"),
        [
            ({"min_row": 5}, "min_row"),
            ({"min_rows": -1}, "min_rows"),
            ({"min_rows": True}, "min_rows"),
            ({"min_rows": "many"}, "min_rows"),
            ({"max_shrink": 1.5}, "max_shrink"),
            ({"max_growth": "nan"}, "max_growth"),
            ({"max_reject_rate": [1]}, "max_reject_rate"),
            ({"min_rows": 7, "max_rows": 5}, "min_rows"),
            (5, "guard"),
            ("strict", "guard"),
            (None, "guard"),
            ([{"min_rows": 5}], "guard"),
        ],
        ids=str,
    )
    def test_what_is_no_guard(self, manifest: dict[str, Any], guard: Any, named: str) -> None:
        with pytest.raises(InvalidArgument, match=named):
            check(manifest, "/ledger", guard=guard)
        template = {"guard": "{{ guard }}"}
        operator = rendered(check(manifest, "/ledger", **template), native=True, guard=guard)
        with pytest.raises(InvalidArgument, match=named):
            Checking(lambda: operator).run()


class TestTemplates:
    @pytest.mark.parametrize("native", [False, True], ids=["as text", "natively"])
    def test_the_manifest_is_pulled(self, manifest: dict[str, Any], ledger: Path, native: bool) -> None:
        given: dict[str, Any]
        given = {name: f"{{{{ '{value}' }}}}" for name, value in {**PAIR, "ledger": ledger}.items()}
        operator = CheckAudienceOperator(task_id="check", manifest=PULLED, **given)
        ready = rendered(operator, native=native, ti=OtherTasks(prepare=manifest))
        found = Checking(lambda: ready).run()
        assert {name: found["check"][name] for name in PAIR} == PAIR
        assert found["check"]["ledger"] == str(ledger)
        assert found["rejects"] == manifest["rejects"]

    def test_the_output_of_the_task(self, manifest: dict[str, Any], ledger: Path) -> None:
        with DAG("a_dag", schedule=None):
            first: Any = CheckAudienceOperator(task_id="first", manifest=manifest, **PAIR, ledger=ledger)
            second = CheckAudienceOperator(task_id="second", manifest=first.output, **PAIR, ledger=ledger)
        assert second.upstream_task_ids == {"first"}

    def test_a_path_is_a_ledger(self, manifest: dict[str, Any], ledger: Path) -> None:
        send(ledger_in(ledger), 1)
        assert Checking(lambda: check(manifest, ledger)).run()["check"]["ledger"] == str(ledger)

    def test_mapped_tasks(self, manifest: dict[str, Any], ledger: Path) -> None:
        with DAG("a_dag", schedule=None):
            mapped = CheckAudienceOperator.partial(
                task_id="check", manifest=manifest, ledger=ledger, destination="acoustic"
            ).expand(audience=["lapsed", "active"])
        send(ledger_in(ledger, "active"), 1, sent=5_000)
        lapsed, active = (rendered(mapped.unmap({"audience": one})) for one in ("lapsed", "active"))
        assert Checking(lambda: lapsed).run()["check"]["audience"] == "lapsed"
        with pytest.raises(UnfitAudience, match="the audience active"):
            Checking(lambda: active).run()

    def test_a_template_that_nobody_rendered(self, ledger: Path) -> None:
        with pytest.raises(InvalidArgument, match="manifest holds a template"):
            Checking(lambda: check(PULLED, ledger)).run()


class TestRefused:
    @pytest.mark.parametrize(
        ("given", "named"),
        [
            ({"on_breach": "retry"}, "on_breach"),
            ({"on_breach": True}, "on_breach"),
            ({"first_run": "skip"}, "first_run"),
            ({"audience": " "}, "audience"),
            ({"destination": None}, "destination"),
            ({"ledger": 5}, "ledger"),
            ({"ledger": "s3://bucket/ledger"}, "ledger"),
            ({"response_timeout": 0}, "response_timeout"),
            ({"response_timeout": "{{ 5 }}"}, "response_timeout"),
            ({"notifiers": "mail"}, "notifiers"),
            ({"assigned_users": "Ann"}, "assigned_users"),
            ({"assigned_users": []}, "assigned_users"),
            ({"assigned_users": [{"id": "7"}]}, "assigned_users"),
            ({"assigned_users": [{**ANN, "role": "admin"}]}, "assigned_users"),
            ({"assigned_users": [{"id": "", "name": "Ann"}]}, "assigned_users"),
            ({"warehouse": "warehouse"}, "warehouse"),
            ({"warehouse": {"conn_id": "warehouse"}}, "warehouse"),
            ({"warehouse": {"conn_id": "warehouse", "table": "a; DROP TABLE b"}}, "table"),
            ({"manifest": "/data/a.csv"}, "manifest"),
        ],
        ids=str,
    )
    def test_when_the_dag_is_parsed(
        self, manifest: dict[str, Any], given: dict[str, Any], named: str
    ) -> None:
        needed = {"manifest": manifest, "ledger": "/ledger"}
        with pytest.raises(InvalidArgument, match=named):
            check(**{**needed, **given})

    @pytest.mark.parametrize("users", [ANN, [ANN], (ANN,)], ids=["one", "a list", "a tuple"])
    def test_who_may_answer(self, manifest: dict[str, Any], users: Any) -> None:
        assert check(manifest, "/ledger", assigned_users=users).assigned_users == [ANN]

    @pytest.mark.parametrize("name", ["audience", "destination"])
    def test_names_that_are_too_long(self, manifest: dict[str, Any], ledger: Path, name: str) -> None:
        with pytest.raises(InvalidArgument, match=name):
            Checking(lambda: check(manifest, ledger, **{name: "a" * 300})).run()
