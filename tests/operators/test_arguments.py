"""What the arguments of all operators have in common."""

from __future__ import annotations

import traceback
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG, TaskGroup
from example_tasks import build_flow, connect, create_activity, define, export, register

from airflow_provider_activation.operators.base import SubmitAndWaitOperator


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"poll_interval": 0}, "poll_interval"),
        ({"timeout": -1}, "timeout"),
        ({"on_uncertain": "hope"}, "on_uncertain"),
        ({"on_needs_action": "hope"}, "on_needs_action"),
    ],
)
def test_bad_arguments_are_refused_when_the_dag_is_parsed(arguments: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        export(**arguments)


def test_an_import_error_names_the_task_and_shows_its_line() -> None:
    """Airflow shows the last two steps of the traceback, which were both within this package."""
    with pytest.raises(ValueError, match="timeout") as caught:
        export(timeout=-1)
    *_, here, ours = traceback.extract_tb(caught.tb)
    assert here.filename.endswith("example_tasks.py")
    assert ours.filename.endswith("tasks.py")
    assert caught.value.__notes__ == ["Task: 'export', AcousticExchangeExportSegmentOperator"]


def test_default_args_reach_every_argument() -> None:
    """Also those of the classes an operator derives from."""
    given = {"acoustic_exchange_conn_id": "other", "poll_interval": 5, "deferrable": True, "timeout": 9}
    operator = export(default_args=given, poll_interval=7)
    assert operator.acoustic_exchange_conn_id == "other"
    assert (operator.poll_interval, operator.deferrable) == (7, True)


def test_the_connection_is_a_template_field_of_every_operator_and_sensor() -> None:
    for kind in (register(), define(), export(), create_activity(), connect(), build_flow()):
        assert any(field.endswith("_conn_id") for field in kind.template_fields)


class Waits(SubmitAndWaitOperator):
    """An operator of a user, with no ``__init__`` of its own."""

    def submission(self, key: str) -> Any:
        raise NotImplementedError

    def probe(self, made: Any) -> Any:
        raise NotImplementedError


class TestArgumentsOfBases:
    """Airflow merges ``default_args`` for the class of the task, and its bases take theirs from them."""

    def test_the_nearest_default_counts(self) -> None:
        given = {"wait_for_completion": False, "on_uncertain": "adopt", "simulate": True}
        nearer: Any = {"wait_for_completion": True}
        with DAG("a_dag", default_args=given):
            alone = export(on_uncertain="resubmit")
            with TaskGroup("group", default_args=nearer):
                grouped = export(default_args={"simulate": False})
        assert (alone.wait_for_completion, alone.on_uncertain, alone.simulate) == (False, "resubmit", True)
        assert (grouped.wait_for_completion, grouped.on_uncertain, grouped.simulate) == (True, "adopt", False)

    def test_a_class_without_an_init_takes_them_too(self) -> None:
        with DAG("a_dag", default_args={"poll_interval": 5, "retries": 3}) as dag:
            task = Waits(task_id="waits", timeout=8)
        assert (task.poll_interval, task.timeout, task.retries) == (5, 8, 3)
        assert dag.task_ids == ["waits"]

    def test_an_unknown_argument_is_refused(self) -> None:
        with pytest.raises(TypeError, match="hope"):
            Waits(task_id="waits", hope=1)

    def test_they_can_be_given_to_a_mapped_task(self) -> None:
        with DAG("a_dag"):
            mapped = Waits.partial(task_id="waits", poll_interval=5).expand(timeout=[8, 9])
            assert mapped.partial_kwargs["poll_interval"] == 5
            with pytest.raises(TypeError, match="hope"):
                Waits.partial(task_id="others", hope=1)


class TestReadBefore:
    """An argument that is the same object as in an earlier task of the class is not read again."""

    def test_it_has_the_form_it_had(self) -> None:
        day = timedelta(days=1)
        assert [export(timeout=day).timeout for _ in range(2)] == [86_400, 86_400]
        assert [export(segment_name=None, segment_id=2**60).segment_id for _ in range(2)] == [str(2**60)] * 2

    def test_a_wrong_one_is_refused_each_time(self) -> None:
        for _ in range(2):
            export(poll_interval=5)
            with pytest.raises(ValueError, match="poll_interval"):
                export(poll_interval=0)

    def test_true_is_not_taken_for_one(self) -> None:
        export(min_count=1)
        with pytest.raises(ValueError, match="min_count"):
            export(min_count=True)

    def test_a_list_is_read_each_time(self) -> None:
        names = ["email"]
        first = export(source_identifiers=names)
        names[0] = ""
        with pytest.raises(ValueError, match="source_identifiers"):
            export(source_identifiers=names)
        assert first.source_identifiers == ["email"]
