"""What must not be sent, and why: whoever tries is refused, whatever else goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias
from unittest import mock

from airflow.providers.common.compat.sdk import AirflowException, TaskDeferred
from airflow.sdk import DAG, BaseOperator
from example_tasks import SEGMENT
from task_running import A_DAY, TaskInstance

from airflow_provider_activation import airflow_compat
from airflow_provider_activation.audience.guard import AudienceGuard
from airflow_provider_activation.audience.manifest import simulated_manifest
from airflow_provider_activation.errors import (
    ActivationError,
    Conflict,
    InvalidArgument,
    InvalidRequest,
    JobFailed,
    UnfitAudience,
)
from airflow_provider_activation.operators.acoustic_exchange import (
    AcousticExchangeExportSegmentOperator,
    AcousticExchangeUploadJobDataOperator,
)
from airflow_provider_activation.operators.audience import CheckAudienceOperator
from airflow_provider_activation.operators.liveramp import LiveRampDistributeSegmentsOperator
from airflow_provider_activation.sandbox import Sandbox

from . import ledgers, tasks
from .calls import OnceCall
from .ledgers import AUDIENCE, DESTINATION, ledger_of
from .tasks import Options, Place

Errors: TypeAlias = type[ActivationError] | tuple[type[ActivationError], ...]

SIMULATED = "simulated:0123456789ab"
UPLOAD, DISTRIBUTE, EXPORT = (
    "Acoustic job data, with a receipt",
    "LiveRamp segment configs, with a receipt",
    "Acoustic segment export",
)


@dataclass(frozen=True)
class Bar:
    """One reason why a task must not send.

    :param name: for the table.
    :param apply: makes it so, when all else is prepared.
    :param error: what the task ends with.
    :param calls: the names of the calls that it bars.
    :param rule: how the service misbehaves in every try.
    :param arrives: whether the service takes it at first: then the ledger must not say that it was sent.
    :param is_told: whether a simulated task says that it would be refused. What the service alone knows it
        cannot say, and what was simulated is none of its errors.
    """

    name: str
    apply: Callable[[Place], object]
    error: Errors
    calls: tuple[str, ...] = (UPLOAD, DISTRIBUTE)
    rule: Mapping[str, Any] | None = None
    arrives: bool = False
    is_told: bool = True

    def on(self, call: OnceCall) -> OnceCall:
        """The call where this bars it. Its task's arguments are rendered, as the outputs of tasks are."""

        def prepare(sandbox: Sandbox) -> Place:
            place = call.prepare(sandbox)
            place = place if "manifest" in place else {**place, **ledgers.with_manifest()}
            self.apply(place)
            return place

        return replace(
            call, prepare=prepare, operator=lambda place, options: _rendered(call.name, place, options)
        )

    def rules(self, call: OnceCall) -> dict[str, Any] | None:
        """What the sandbox is told before each try."""
        return None if self.rule is None else {**self.rule, **vars(call.route), "times": None}


def _rendered(name: str, place: Place, options: Options) -> BaseOperator:
    operator: BaseOperator
    match name:
        case "Acoustic job data, with a receipt":
            operator = AcousticExchangeUploadJobDataOperator(
                task_id="upload",
                job_id="{{ job }}",
                file="{{ manifest }}",
                acoustic_exchange_conn_id=tasks.STRICT_EXCHANGE,
                **options,
            )
        case "LiveRamp segment configs, with a receipt":
            operator = LiveRampDistributeSegmentsOperator(
                task_id="distribute",
                distribution_manager_id="{{ manager }}",
                segments=tasks.SEGMENTS,
                manifest="{{ manifest }}",
                wait_for_completion=True,
                liveramp_conn_id=tasks.STRICT_LIVERAMP,
                **options,
            )
        case _:
            operator = AcousticExchangeExportSegmentOperator(
                task_id="export",
                endpoint_id=tasks.PULLED,
                segment_id=SEGMENT,
                destination_endpoint_id=tasks.DESTINATION,
                source_identifiers=["email_sha256"],
                destination_identifier="email",
                update_identities=False,
                manifest="{{ manifest }}",
                acoustic_exchange_conn_id=tasks.STRICT_EXCHANGE,
                **options,
            )
    operator.dag = DAG(ledgers.DAG_ID, schedule=None, render_template_as_native_obj=True)
    operator.render_template_fields(place, operator.dag.get_template_env(force_sandboxed=False))  # type: ignore[arg-type]
    return operator


# Why not


def _manifest(**changed: Any) -> Callable[[Place], object]:
    return lambda place: place["manifest"].update(changed)


def _bare(place: Place) -> None:
    # only an upload takes a path
    place["manifest"] = place["manifest"]["path"] if "job" in place else None


def _other_bytes(place: Place) -> None:
    file = Path(place["manifest"]["path"])
    file.write_bytes(file.read_bytes()[:-2] + b"0\n")


def _one_more(place: Place) -> None:
    file = Path(place["manifest"]["path"])
    file.write_bytes(file.read_bytes() + b"f" * 64 + b"\n")


def _simulated_id(place: Place) -> None:
    place.update({name: SIMULATED for name in ("job", "manager") if name in place})


def _simulated_manifest(place: Place) -> None:
    place["manifest"] = {**simulated_manifest(SIMULATED), "check": None}


def _checked(on_breach: str, answer: Mapping[str, Any] | None = None) -> Callable[[Place], object]:
    """The check refuses. A task downstream is given what it returned: nothing."""

    def check(place: Place) -> None:
        operator = CheckAudienceOperator(
            task_id="check",
            manifest={**place["manifest"], "check": None},
            audience=AUDIENCE,
            destination=DESTINATION,
            ledger=str(ledger_of(place).root),
            guard=AudienceGuard(min_rows=ledgers.PEOPLE + 1),
            on_breach=on_breach,  # type: ignore[arg-type]
        )
        context: Any = {
            "ti": TaskInstance("check", ledgers.RUN_ID),
            "dag_run": SimpleNamespace(run_after=A_DAY),
        }
        place["manifest"] = None
        with (
            mock.patch.object(airflow_compat, "put_question", return_value=True),
            mock.patch.object(airflow_compat, "answer_trigger"),
            suppress(ActivationError, AirflowException),
        ):
            try:
                place["manifest"] = operator.execute(context)
            except TaskDeferred as deferred:
                asked = (deferred.kwargs or {})["asked"]
                place["manifest"] = operator.execute_complete(context, event=answer, asked=asked)

    return check


_DECLINED = {"chosen_options": ["Do not send"], "responded_by_user": {"id": "7", "name": "A person"}}
_UNANSWERED = {"error": "nobody answered", "error_type": "timeout"}
_ALL, _UPLOAD = (UPLOAD, DISTRIBUTE, EXPORT), (UPLOAD,)
_UNFIT = (UnfitAudience, InvalidArgument)

BARS: tuple[Bar, ...] = (
    Bar("another's open intent", lambda place: ledgers.begun_by_another(ledger_of(place)), Conflict),
    Bar(
        "another sent since the check",
        lambda place: ledgers.sent_by_another(ledger_of(place), rows=10 * ledgers.PEOPLE),
        UnfitAudience,
    ),
    Bar("other bytes of the same size", _other_bytes, UnfitAudience, _UPLOAD),
    Bar("a row more since the check", _one_more, UnfitAudience, _UPLOAD),
    Bar("no manifest", _bare, UnfitAudience, _ALL),
    Bar("no list", _manifest(suppression=[]), UnfitAudience, _ALL),
    Bar(
        "a list without rows",
        _manifest(suppression=[{"name": "opt-outs", "rows": 0, "unreadable": 0}]),
        UnfitAudience,
        _ALL,
    ),
    Bar(
        "a list that cannot be read",
        _manifest(suppression=[{"name": "opt-outs", "rows": 40, "unreadable": 40}]),
        UnfitAudience,
        _ALL,
    ),
    Bar(
        "a manifest of another run", _manifest(run={**ledgers.RUN, "run_id": "another"}), UnfitAudience, _ALL
    ),
    Bar("a manifest of no run", _manifest(run=None), UnfitAudience, _ALL),
    Bar("a simulated id", _simulated_id, InvalidArgument, is_told=False),
    Bar("a simulated manifest", _simulated_manifest, InvalidArgument, _ALL, is_told=False),
    Bar("a breach that fails", _checked("fail"), _UNFIT, _ALL),
    Bar("a breach that skips", _checked("skip"), _UNFIT, _ALL),
    Bar("a breach that a person declines", _checked("ask", _DECLINED), _UNFIT, _ALL),
    Bar("a breach that nobody answers for", _checked("ask", _UNANSWERED), _UNFIT, _ALL),
    Bar(
        "the service refuses it",
        lambda place: None,
        InvalidRequest,
        rule={"what": "status", "status": 400},
        is_told=False,
    ),
    Bar("it fails there", lambda place: None, JobFailed, rule={"what": "fail"}, arrives=True, is_told=False),
)
BARS_BY_NAME = {bar.name: bar for bar in BARS}
