"""Arguments that never acted: they are taken, and a warning says so once."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import pytest
from airflow.exceptions import AirflowProviderDeprecationWarning
from airflow.sdk import DAG

from airflow_provider_activation.operators import acoustic_exchange, dataddo, delta_projects, liveramp
from airflow_provider_activation.operators.base import ActivationOperator

ACTIVITY: dict[str, Any] = {
    "template_id": "t",
    "activity_name": "Autumn",
    "flight_start": "2027-01-01T00:00:00Z",
    "flight_stop": "2027-01-02T00:00:00Z",
    "order_id": "o",
}
WAITING = ("wait_for_completion", "deferrable", "poll_interval", "timeout")
OPERATORS: list[type[ActivationOperator]] = [
    getattr(module, name)
    for module in (acoustic_exchange, dataddo, delta_projects, liveramp)
    for name in dir(module)
    if name.endswith("Operator") and name.startswith(("Acoustic", "Dataddo", "Delta", "LiveRamp"))
]


def create(**options: Any) -> delta_projects.DeltaProjectsCreateActivityFromTemplateOperator:
    return delta_projects.DeltaProjectsCreateActivityFromTemplateOperator(
        task_id="create", budget=1, **ACTIVITY, **options
    )


@pytest.mark.parametrize("name", WAITING)
def test_an_argument_that_never_acted_is_taken_with_one_warning(name: str) -> None:
    with DAG("a_dag"), pytest.warns(AirflowProviderDeprecationWarning, match=f"takes no {name}") as caught:
        create(**{name: 1})
    ours = [one for one in caught if issubclass(one.category, AirflowProviderDeprecationWarning)]
    assert len(ours) == 1
    assert ours[0].filename == __file__


def test_an_argument_of_its_base_that_cannot_act_is_taken_with_a_warning() -> None:
    with (
        DAG("a_dag"),
        pytest.warns(AirflowProviderDeprecationWarning, match="takes no on_uncertain") as caught,
    ):
        liveramp.LiveRampDistributeSegmentsOperator(
            task_id="distribute", distribution_manager_id="8", segments=["5"], on_uncertain="resubmit"
        )
    assert {one.filename for one in caught} == {__file__}


def test_a_mapped_task_takes_it_too() -> None:
    kind = delta_projects.DeltaProjectsCreateActivityFromTemplateOperator
    with DAG("a_dag"), pytest.warns(AirflowProviderDeprecationWarning, match="takes no deferrable"):
        kind.partial(task_id="create", deferrable=True, **ACTIVITY).expand(budget=[1, 2])


def test_a_mapped_task_keeps_what_acts() -> None:
    kind = delta_projects.DeltaProjectsCreateActivityFromTemplateOperator
    with DAG("a_dag"), warnings.catch_warnings():
        warnings.simplefilter("error", AirflowProviderDeprecationWarning)
        mapped = kind.partial(task_id="create", cancel_on_kill=False, **ACTIVITY).expand(budget=[1, 2])
    assert mapped.partial_kwargs["cancel_on_kill"] is False


def test_the_default_of_a_dag_does_not_warn() -> None:
    with DAG("a_dag", default_args={"deferrable": True, "poll_interval": 5}), warnings.catch_warnings():
        warnings.simplefilter("error", AirflowProviderDeprecationWarning)
        create()


def test_an_unknown_argument_is_still_refused() -> None:
    with pytest.raises(TypeError, match="defferable"):
        create(defferable=True)


@pytest.mark.parametrize("kind", OPERATORS, ids=lambda kind: kind.__name__)
def test_no_signature_and_no_document_of_its_own_names_it(kind: type[ActivationOperator]) -> None:
    named = inspect.signature(kind.__init__).parameters.keys()
    kept = kind.ignored_arguments - named
    assert not [name for name in kept if f":param {name}:" in (kind.__doc__ or "")]
