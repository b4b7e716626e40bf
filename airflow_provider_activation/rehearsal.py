"""A simulated run of a task: it reads, is stopped at what would change something, and says what that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.errors import (
    ActivationError,
    AlternateActionRequired,
    Conflict,
    InvalidArgument,
    InvalidRequest,
    JobFailed,
    NeedsAction,
    NotFound,
    PartialFailure,
    Refused,
    UnfitAudience,
)
from airflow_provider_activation.simulation import Simulation, WouldChange, simulating

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_activation.tasks import JSON, ActivationTask

_REFUSALS: tuple[type[ActivationError], ...] = (
    AlternateActionRequired,
    Conflict,
    InvalidRequest,
    JobFailed,
    NeedsAction,
    NotFound,
    PartialFailure,
    Refused,
    UnfitAudience,
)
"""What a real run would be refused for. Anything else, such as wrong credentials, fails a simulation too."""

WOULD = "would"
"""The key of what would be done, in results, and of the XCom that holds it."""


def rehearse(task: ActivationTask, context: Context, run: Callable[[], JSON]) -> JSON:
    """Say what a task would do. Returns its result, with ``would`` added; that is an XCom of its own too.

    :param run: runs the task.
    """
    operator: Any = task
    # nothing that others wait for has changed
    operator.outlets = []
    with simulating(task.submission_key(context)) as simulation:
        result = _result(task, simulation, run)
        would = task.gate.inside(simulation.would or ["nothing would be changed"])
    for one in would:
        operator.log.info("Simulated: %s.", one.rstrip("."))
    for one in result if isinstance(result, list) else [result]:
        if isinstance(one, dict):
            one[WOULD] = would
    if operator.do_xcom_push:
        context["ti"].xcom_push(key=WOULD, value=would)
    return task.publish(context, result)


def _result(task: ActivationTask, simulation: Simulation, run: Callable[[], JSON]) -> JSON:
    if simulated := task.simulated_arguments():
        # no service knows it, so that nothing can be asked
        told = ", ".join(f"{name} {one}" for name, one in simulated.items())
        simulation.would.append(f"{task.intent()} ({told})")
        return task.simulated(simulation.id)
    try:
        return run()
    except WouldChange:
        simulation.would.append(task.intent())
    except InvalidArgument:
        raise
    except _REFUSALS as error:
        simulation.would.append(f"refused: {error.headline}")
    return task.simulated(simulation.id)
