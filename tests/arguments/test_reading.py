"""When arguments are read: when a DAG is parsed, when templates are rendered, and before any call."""

from __future__ import annotations

import copy
import pickle
from typing import Any, ClassVar

import pytest
from airflow.sdk import DAG, task
from airflow.sdk.definitions.mappedoperator import MappedOperator
from task_running import Task

from airflow_provider_activation.arguments import AMOUNT, FLAG, ID, IDS, NAMED_TEXTS, PLAIN_FLAG
from airflow_provider_activation.errors import InvalidArgument, InvalidRequest
from airflow_provider_activation.operators.base import ActionOperator
from airflow_provider_activation.tasks import JSON, DeltaProjectsTask


class Sends(DeltaProjectsTask, ActionOperator):
    """An operator that would send its arguments.

    :param order_id: an id.
    :param ids: ids.
    :param enabled: a flag.
    :param properties: texts.
    :param budget: a number.
    :param waits: a flag that is needed when the DAG is parsed.
    """

    arguments = {
        "order_id": ID,
        "ids": IDS | None,
        "enabled": FLAG,
        "properties": NAMED_TEXTS | None,
        "budget": AMOUNT | None,
        "waits": PLAIN_FLAG,
    }
    sent: ClassVar[list[Any]] = []

    def __init__(
        self,
        *,
        order_id: Any = "7",
        ids: Any = None,
        enabled: Any = False,
        properties: Any = None,
        budget: Any = None,
        waits: Any = True,
        delta_projects_conn_id: Any = "delta_projects_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(task_id=kwargs.pop("task_id", "sends"), **kwargs)
        self.order_id, self.ids, self.enabled = order_id, ids, enabled
        self.properties, self.budget, self.waits = properties, budget, waits
        self.delta_projects_conn_id = delta_projects_conn_id
        self.media_agency_id = self.client_id = None

    def check(self) -> None:
        if self.enabled is True and self.budget is None:
            raise ValueError("budget must be given with enabled=True.")

    async def steps(self) -> JSON:
        raise NotImplementedError

    def summary(self, result: JSON) -> str:
        raise NotImplementedError

    def execute(self, context: Any) -> Any:
        self.refuse_unfit_arguments()
        self.sent.append((self.order_id, self.ids, self.enabled, self.properties, self.budget))


@pytest.fixture(autouse=True)
def nothing_sent() -> None:
    Sends.sent.clear()


def rendered(operator: Any, **context: Any) -> Any:
    operator.render_template_fields(context)
    return operator


def test_a_wrong_value_is_refused_when_the_dag_is_parsed() -> None:
    with pytest.raises(ValueError, match=r"^order_id must be an id, but is 'None' \(str\)"):
        Sends(order_id="None")
    with pytest.raises(InvalidRequest, match="enabled"):
        Sends(enabled="False")


def test_arguments_are_kept_in_one_form() -> None:
    operator = Sends(order_id=7, ids=(1, " 2 "), properties={"port": 22})
    assert (operator.order_id, operator.ids, operator.properties) == ("7", ["1", "2"], {"port": "22"})


def test_a_template_is_read_when_it_is_rendered() -> None:
    operator = Sends(
        order_id="{{ order }}", enabled="{{ go }}", ids=["{{ order }}", "8"], budget="{{ budget }}"
    )
    assert operator.order_id == "{{ order }}"
    rendered(operator, order=77, go=True, budget="12.5").execute({})
    assert Sends.sent == [("77", ["77", "8"], True, None, 12.5)]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"order_id": "{{ none }}"}, "order_id"),
        ({"order_id": "{{ 5.0 }}"}, "order_id"),
        ({"order_id": "{{ '' }}"}, "order_id"),
        ({"enabled": "{{ 1 }}"}, "enabled"),
        ({"enabled": "{{ 'no' }}"}, "enabled"),
        ({"ids": ["{{ none }}"]}, r"ids\[0\]"),
        ({"ids": "{{ [1, 2] }}"}, "ids"),
        ({"budget": "{{ 'nan' }}"}, "budget"),
        ({"delta_projects_conn_id": "{{ '' }}"}, "delta_projects_conn_id"),
    ],
)
def test_what_a_template_rendered_is_refused_before_any_call(given: dict[str, Any], named: str) -> None:
    operator = rendered(Sends(**given))
    with pytest.raises(InvalidArgument, match=f"^{named} must"):
        operator.execute({})
    assert Sends.sent == []


def test_every_wrong_argument_is_named_at_once() -> None:
    operator = rendered(Sends(order_id="{{ none }}", budget="{{ none }}"))
    with pytest.raises(InvalidArgument, match=r"order_id must.* budget must"):
        operator.execute({})


def test_a_template_that_nobody_rendered_is_not_sent() -> None:
    with pytest.raises(InvalidArgument, match="order_id holds a template that was not rendered"):
        Sends(order_id="{{ ds }}").execute({})


def test_what_several_arguments_must_be_is_checked_when_parsed_and_when_run() -> None:
    with pytest.raises(ValueError, match="budget must be given"):
        Sends(enabled=True)
    with pytest.raises(InvalidArgument, match="budget must be given"):
        rendered(Sends(enabled="{{ true }}")).execute({})


def test_native_rendering_may_leave_an_optional_argument_out() -> None:
    with DAG("a_dag", render_template_as_native_obj=True):
        operator = Sends(order_id="77123", budget="{{ none }}", ids="{{ [1, 2] }}", enabled="{{ false }}")
    rendered(operator).execute({})
    assert Sends.sent == [("77123", ["1", "2"], False, None, None)]


def test_an_argument_that_is_no_template_field_says_so() -> None:
    with DAG("a_dag"):

        @task
        def go() -> bool:
            return True

        for number, value in enumerate(("{{ true }}", go())):
            with pytest.raises(ValueError, match="waits takes no template and no output of a task"):
                Sends(task_id=f"sends_{number}", waits=value)


def test_the_output_of_a_task_makes_it_run_before() -> None:
    with DAG("a_dag"):

        @task
        def go() -> bool:
            return True

        operator = Sends(enabled=go(), ids=["1", go()], budget=1)
    assert operator.upstream_task_ids == {"go", "go__1"}


def test_a_mapped_task_is_refused_when_it_runs() -> None:
    with DAG("a_dag"):
        mapped = Sends.partial(task_id="mapped", enabled="yes").expand(order_id=["1", "None"])
    assert isinstance(mapped, MappedOperator)
    operator: Any = mapped.unmap({"order_id": "None"})
    assert operator._refused.keys() == {"order_id", "enabled"}
    with pytest.raises(InvalidArgument, match="order_id must"):
        rendered(operator).execute({})


def test_a_copy_keeps_what_is_wrong() -> None:
    operator = rendered(Sends(order_id="{{ none }}"))
    for copied in (copy.deepcopy(operator), pickle.loads(pickle.dumps(operator))):
        with pytest.raises(InvalidArgument, match="order_id"):
            copied.execute({})


def test_every_real_operator_refuses_before_any_call() -> None:
    """`execute` of the bases refuses; here one that has no connection at all."""
    from airflow_provider_activation.operators.delta_projects import DeltaProjectsUpdateActivityOperator

    def update() -> Any:
        return rendered(DeltaProjectsUpdateActivityOperator(task_id="update", activity_id="{{ none }}"))

    with pytest.raises(InvalidArgument, match="activity_id"):
        Task(update).run()
