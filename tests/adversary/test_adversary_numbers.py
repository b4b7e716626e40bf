"""Numbers out of range: refused by name, before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from task_running import Task

from adversary.conftest import Connect, Serve, at_most
from adversary.server import answer
from adversary.waiting import ACOUSTIC, DELTA, is_login
from airflow_provider_activation.errors import ActivationError
from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeExportSegmentOperator,
    AcousticExchangeUploadJobDataOperator,
)
from airflow_provider_activation.operators.dataddo import DataddoWriteFlowOperator
from airflow_provider_activation.operators.delta_projects import DeltaProjectsUpdateActivityOperator
from airflow_provider_activation.operators.liveramp import LiveRampDistributeSegmentsOperator
from airflow_provider_activation.sensors.acoustic_exchange import AcousticExchangeJobSensor
from airflow_provider_activation.sensors.dataddo import DataddoFlowSensor
from airflow_provider_activation.sensors.delta_projects import DeltaProjectsActivitySensor
from airflow_provider_activation.sensors.liveramp import LiveRampDeliverySensor
from airflow_provider_activation.triggers.acoustic_exchange import AcousticExchangeJobTrigger
from airflow_provider_activation.triggers.dataddo import DataddoFlowTrigger

Maker = Callable[..., Any]


def export(**arguments: Any) -> Any:
    return AcousticExchangeExportSegmentOperator(
        task_id="t",
        endpoint_id=1,
        segment_id=2,
        destination_endpoint_id=3,
        source_identifiers=["email"],
        destination_identifier="email",
        update_identities=False,
        **arguments,
    )


MAKERS: dict[str, Maker] = {
    "export": export,
    "upload": lambda **given: AcousticExchangeUploadJobDataOperator(
        task_id="t", job_id=1, file="people.csv", **given
    ),
    "write": lambda **given: DataddoWriteFlowOperator(task_id="t", flow_id="f", **given),
    "distribute": lambda **given: LiveRampDistributeSegmentsOperator(
        task_id="t", distribution_manager_id="1", segments=["2"], wait_for_completion=True, **given
    ),
    "job sensor": lambda **given: AcousticExchangeJobSensor(task_id="t", job_id=1, **given),
    "activity sensor": lambda **given: DeltaProjectsActivitySensor(task_id="t", activity_id="a", **given),
    "flow sensor": lambda **given: DataddoFlowSensor(task_id="t", flow_id="f", **given),
    "delivery sensor": lambda **given: LiveRampDeliverySensor(
        task_id="t", integration_connection_id="1", segment_ids=["2"], **given
    ),
}
INTERVALS: dict[str, Any] = {
    "infinite": math.inf,
    "no number": math.nan,
    "a billionth": 1e-9,
    "below the least": 0.09,
    "nothing": 0,
    "negative": -1,
    "negative delta": timedelta(seconds=-1),
    "nothing as delta": timedelta(0),
    "microsecond": timedelta(microseconds=1),
    "more than a day": 86401,
    "huge": 1e300,
    "a huge whole number": 10**400,
    "the longest delta": timedelta.max,
    "minus infinite": -math.inf,
    "yes": True,
    "no": False,
    "text": "60",
    "words": "a minute",
    "template": "{{ params.pause }}",
    "list": [60],
    "complex": 60j,
    "decimal that is none": Decimal("NaN"),
}
TIMEOUTS: dict[str, Any] = {
    name: value
    for name, value in INTERVALS.items()
    if name not in ("more than a day", "below the least", "a billionth", "microsecond")
} | {"a hundred years": timedelta(days=36500), "six years": 6 * 366 * 86400.0, "1e15": 1e15}


FIRST = ("export", "job sensor")
"""An operator and a sensor that get all values; the others get a few."""
FEW = ("infinite", "no number", "negative", "huge", "yes")


def pairs(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [(maker, value) for maker in MAKERS for value in values if maker in FIRST or value in FEW]


@pytest.mark.parametrize(("maker", "value"), pairs(INTERVALS))
def test_a_poll_interval_out_of_range(maker: str, value: str) -> None:
    """``poll_interval=1e-9`` was accepted, and ``inf`` as well."""
    with pytest.raises((ValueError, TypeError), match="poll_interval"):
        MAKERS[maker](poll_interval=INTERVALS[value])


@pytest.mark.parametrize(("maker", "value"), pairs(TIMEOUTS))
def test_a_timeout_out_of_range(maker: str, value: str) -> None:
    """``timeout=inf`` raised ``OverflowError`` after the export job was made."""
    with pytest.raises((ValueError, TypeError), match="timeout"):
        MAKERS[maker](timeout=TIMEOUTS[value])


@pytest.mark.parametrize("maker", [name for name in MAKERS if name.endswith("sensor")])
@pytest.mark.parametrize(
    "value", ["infinite", "no number", "a billionth", "negative", "yes", "the longest delta"]
)
def test_a_poke_interval_out_of_range(maker: str, value: str) -> None:
    """Sensors take Airflow's own name for the same pause."""
    with pytest.raises((ValueError, TypeError), match=r"poke_interval|poll_interval"):
        MAKERS[maker](poke_interval=INTERVALS[value])


def test_two_names_for_one_pause() -> None:
    """``poke_interval`` and ``poll_interval`` that differ: one of them was ignored without a word."""
    with pytest.raises(ValueError, match=r"poke_interval"):
        MAKERS["job sensor"](poke_interval=60, poll_interval=61)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("value", [0.1, 1, 86400, timedelta(minutes=1), timedelta(days=1)])
def test_a_poll_interval_in_range(maker: str, value: Any) -> None:
    """What people write is taken."""
    MAKERS[maker](poll_interval=value, timeout=timedelta(days=5 * 365))


@pytest.mark.parametrize("value", ["infinite", "no number", "a billionth", "negative", "huge", "yes", "text"])
def test_a_poll_interval_of_an_event_trigger(value: str) -> None:
    """An asset's watcher that polled a billion times a second."""
    with pytest.raises((ValueError, TypeError), match="poll_interval"):
        AcousticExchangeJobTrigger(target_statuses=["COMPLETE"], poll_interval=INTERVALS[value])
    with pytest.raises((ValueError, TypeError), match="poll_interval"):
        DataddoFlowTrigger(flow_id="f", poll_interval=INTERVALS[value])


NO_TIMEOUTS: list[Any] = [math.inf, math.nan, "inf", 1e18, 10**400, 0, -1, 1e-9, True, "soon", [30], {}]
NO_RETRIES: list[Any] = [-1, math.inf, math.nan, 1.5, 10**9, True, "many", "-1", [4], 1e300, "1e3"]
EXTRAS = [("timeout", value) for value in NO_TIMEOUTS] + [("max_retries", value) for value in NO_RETRIES]


@pytest.mark.parametrize(("field", "value"), EXTRAS)
def test_an_extra_out_of_range(field: str, value: Any, connect: Connect, serve: Serve) -> None:
    """Extra ``timeout`` of ``inf`` and 1e18 raised a raw ``OverflowError`` at the first call."""
    server = serve(answer(dict(DELTA.done)))
    conn_id = connect("delta_projects", server.url, **{field: value})
    with at_most(2), pytest.raises(ActivationError, match=field):
        DeltaProjectsHook(conn_id).get_activity("a1")
    assert server.asked == []


@pytest.mark.parametrize("where", ["deferred", "worker"])
@pytest.mark.parametrize("value", [math.inf, timedelta.max, 1e15, math.nan])
def test_nothing_is_made_with_a_timeout_out_of_range(
    where: str, value: Any, connect: Connect, serve: Serve
) -> None:
    """The job ran, the task failed, and every retry failed again."""
    done = answer(dict(ACOUSTIC.done))
    server = serve(lambda request: answer([]) if ACOUSTIC.is_list(request) else done)
    conn_id = connect("acoustic_exchange", server.url)
    with at_most(3), pytest.raises((ValueError, TypeError), match="timeout"):
        Task(
            lambda: export(timeout=value, deferrable=where == "deferred", acoustic_exchange_conn_id=conn_id)
        ).run()
    assert [request for request in server.asked if not is_login(request)] == []


@pytest.mark.parametrize("value", [math.inf, math.nan, -1, 10**400, "1e400", True, "a thousand"])
def test_a_budget_that_is_no_amount(value: Any, connect: Connect, serve: Serve) -> None:
    """A budget of ``nan`` and ``inf`` was as good as a number."""
    server = serve(answer(dict(DELTA.done)))
    conn_id = connect("delta_projects", server.url)
    with pytest.raises(Exception, match=r"(?i)budget"):
        Task(
            lambda: DeltaProjectsUpdateActivityOperator(
                task_id="t", activity_id="a", budget=value, delta_projects_conn_id=conn_id
            )
        ).run()
    assert server.asked == []
