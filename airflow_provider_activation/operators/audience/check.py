"""The operator that checks a prepared audience before it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from airflow_provider_activation.airflow_compat import deferral_timeout
from airflow_provider_activation.arguments import (
    DURATION,
    FILLED,
    MANIFEST,
    OBJECTS,
    PATH,
    Kind,
    amount,
    filled,
    several,
    word,
)
from airflow_provider_activation.audience.guard import AudienceGuard
from airflow_provider_activation.errors import InvalidArgument
from airflow_provider_activation.operators.audience.common import AudienceOperator, mappings, read_as
from airflow_provider_activation.operators.sending import run_of
from airflow_provider_activation.simulation import simulation
from airflow_provider_activation.tasks import JSON, in_a_running_task
from airflow_provider_activation.wording import duration

if TYPE_CHECKING:
    from typing import Literal, NoReturn

    from airflow.sdk import BaseNotifier, Context
    from airflow.sdk.definitions.mappedoperator import OperatorPartial

    from airflow_provider_activation.audience.check import Findings
    from airflow_provider_activation.storage.place import AnyPath

__all__ = ["CheckAudienceOperator"]

SEND = "Send"
DO_NOT_SEND = "Do not send"
AIRFLOWS_OWN = timedelta(minutes=10)
"""How much later than the question's end Airflow's own deadline is, for when no triggerer runs."""


def _guard(name: str, value: Any) -> dict[str, Any]:
    value = mappings(value)
    if isinstance(value, Mapping):
        # a template renders a number as text
        value = {
            key: amount(f"{name}: {key}", one) if isinstance(one, str) else one for key, one in value.items()
        }
    return read_as(AudienceGuard, name, value)


def _warehouse(name: str, value: Any) -> dict[str, str]:
    from airflow_provider_activation.audience.warehouse import check_warehouse

    try:
        return check_warehouse(value)
    except InvalidArgument as error:
        raise ValueError(error.message) from None


def _user(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping) or value.keys() != {"id", "name"}:
        raise ValueError(f"{name} must be a mapping with id and name.")
    return {key: filled(name, value[key]) for key in ("id", "name")}


def _users(name: str, value: Any) -> list[dict[str, str]]:
    users = [value] if isinstance(value, Mapping) else value
    return cast("list[dict[str, str]]", _several_users(name, users))


_several_users = several(_user, what="a list of mappings with id and name")


class CheckAudienceOperator(AudienceOperator):
    """Check a prepared audience against its limits and against what was sent before. Returns its manifest.

    Put it between the preparing task and the first task that sends. The manifest that it returns also has
    ``check``. Give this manifest to the task that sends, which then writes a receipt into the ledger.

    It checks that the file is the one that was prepared, that no other run is sending this audience to this
    destination, and the limits of the guard. It compares with the last receipt of an earlier run. Without
    such a receipt only the limits of rows and of rejects apply, and a WARNING says so. After a person has
    approved, it checks the file and the ledger again. Airflow keeps one required action for each task of a
    run: a later try shows the same figures again, and fails if they have changed. Document: "Safe
    activation" in this package's documentation.

    .. code-block:: python

        from airflow_provider_activation.audience import AudienceGuard

        check = CheckAudienceOperator(
            task_id="check",
            manifest="{{ ti.xcom_pull('prepare') }}",
            audience="win-back",
            destination="acoustic",
            ledger="/data/ledger",
            guard=AudienceGuard(min_rows=1000, max_shrink=0.2),
            on_breach="ask",
        )

    :param manifest: the output of the preparing task (templated).
    :param audience: the name of the audience, the same in every run (templated).
    :param destination: the name of where it is sent, the same in every run (templated).
    :param ledger: the folder of receipts: on the worker, ``s3://conn_id@bucket/prefix``,
        ``sftp://conn_id@/folder``, or an ``ObjectStoragePath`` with a connection (templated).
    :param guard: an `AudienceGuard`, or its mapping (templated).
    :param on_breach: what to do beyond a limit: ``fail``, ``skip`` the tasks downstream, or ``ask`` a person
        (templated).
    :param first_run: what to do without an earlier receipt, if no limit is breached: ``allow``, ``ask`` or
        ``fail`` (templated).
    :param response_timeout: how long to wait for an answer, in seconds or as a timedelta; then the task
        fails.
    :param notifiers: Airflow notifiers that are called when a person is asked. Their templates may use
        ``{{ question }}``. If a notifier fails, that is logged and the wait continues.
    :param assigned_users: who may answer: mappings with ``id`` and ``name``. If left out, everybody whom
        Airflow allows to answer for the DAG (templated).
    :param warehouse: ``{"conn_id": ..., "table": ...}``: a table into which the task that sends inserts a row
        for the receipt (templated).
    :raises UnfitAudience: a limit is breached, or the file is not the one that was prepared.
    :raises Conflict: another run has begun to send this audience to this destination, and the ledger does not
        say how that ended.
    :raises Declined: a person was asked and said no.
    :raises WaitTimeout: nobody answered in time.
    """

    arguments = {
        "manifest": MANIFEST,
        "audience": FILLED,
        "destination": FILLED,
        "ledger": PATH,
        "guard": Kind(_guard),
        "on_breach": word("fail", "skip", "ask"),
        "first_run": word("allow", "ask", "fail"),
        "response_timeout": DURATION,
        "notifiers": OBJECTS,
        "assigned_users": Kind(_users, optional=True),
        "warehouse": Kind(_warehouse, optional=True),
    }
    ui_color = "#eef0f3"

    def __init__(
        self,
        *,
        manifest: Mapping[str, Any] | str,
        audience: str,
        destination: str,
        ledger: AnyPath,
        guard: AudienceGuard | Mapping[str, Any] = AudienceGuard(),  # noqa: B008
        on_breach: Literal["fail", "skip", "ask"] = "fail",
        first_run: Literal["allow", "ask", "fail"] = "allow",
        response_timeout: float | timedelta = timedelta(days=1),
        notifiers: Sequence[BaseNotifier] | BaseNotifier = (),
        assigned_users: Sequence[Mapping[str, str]] | Mapping[str, str] | None = None,
        warehouse: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.manifest: Any = manifest
        self.audience = audience
        self.destination = destination
        self.ledger = ledger
        self.guard = mappings(guard)
        self.on_breach = on_breach
        self.first_run = first_run
        self.response_timeout: Any = response_timeout
        self.notifiers = list(notifiers) if isinstance(notifiers, Sequence) else [notifiers]
        self.assigned_users: Any = assigned_users
        self.warehouse = warehouse

    @classmethod
    def partial(cls, **kwargs: Any) -> OperatorPartial:
        if "guard" in kwargs:
            kwargs["guard"] = mappings(kwargs["guard"])
        return super().partial(**kwargs)

    @in_a_running_task
    def execute(self, context: Context) -> JSON:
        from airflow.providers.common.compat.sdk import AirflowSkipException

        from airflow_provider_activation.errors import UnfitAudience

        found = self._look(context)
        simulated = simulation()
        self.log.info("\n".join(map(self.gate.message, [f"Checked {found.what}:", *found.lines])))
        if found.before is None:
            self.log.warning(
                self.gate.message(
                    f"{found.what}: there is no receipt of an earlier run in {self.ledger}, so nothing is "
                    "compared with it. Limits of rows and of rejects apply alone."
                )
            )
        else:
            self.log.info(self.gate.message(found.compared))
        if simulated is not None:
            simulated.would.append(self._outcome(found))
            return self._passed(context, found)
        if found.breaches and self.on_breach == "skip":
            raise AirflowSkipException(self.gate.message(f"Nothing is sent: {found.told}"))
        if found.breaches and self.on_breach == "fail":
            raise UnfitAudience(
                found.told,
                advice="Nothing was sent. Look at the source; if the audience is as it is meant to be, "
                "change guard=, or have a person asked by on_breach='ask'. Then clear the task.",
            )
        if found.before is None and self.first_run == "fail":
            raise UnfitAudience(
                f"{found.what} was sent by no earlier run, and first_run is fail.",
                advice="Nothing was sent. Check the names and the ledger; for the first time set "
                "first_run='allow' or 'ask'.",
            )
        if found.breaches:
            self.log.warning(self.gate.message(found.told))
        if found.breaches or (found.before is None and self.first_run == "ask"):
            self._ask(context, found)
        return self._passed(context, found)

    def _outcome(self, found: Findings) -> str:
        """What would come of a check, in a simulation."""
        is_first, first_run = found.before is None, self.first_run
        if not found.breaches and (not is_first or first_run == "allow"):
            return f"{found.what} would pass the check"
        why = found.told if found.breaches else f"{found.what} was sent by no earlier run"
        if found.breaches and self.on_breach == "skip":
            return f"the tasks downstream would be skipped: {why}"
        if (found.breaches and self.on_breach == "fail") or (is_first and first_run == "fail"):
            return f"refused: {why}"
        return f"a person would be asked: {why}"

    def intent(self) -> str:
        return f"the audience {self.audience} for {self.destination} would be checked"

    def simulated(self, made: JSON) -> JSON:
        return {**self.manifest, "check": None}

    def simulated_arguments(self) -> dict[str, str]:
        found = super().simulated_arguments()
        # the figures of a simulated file can be compared, and the ledger can be read
        rows = self.manifest.get("rows") if isinstance(self.manifest, Mapping) else None
        if isinstance(rows, Mapping) and rows.get("written") is not None and self.simulate:
            found.pop("manifest", None)
        return found

    def _look(self, context: Context) -> Findings:
        from airflow_provider_activation.audience.check import look
        from airflow_provider_activation.storage import place_of

        return look(
            self.manifest,
            root=place_of(self.ledger, "ledger"),
            audience=self.audience,
            destination=self.destination,
            guard=self.guard,
            run=run_of(context),
        )

    def _ask(self, context: Context, found: Findings) -> NoReturn:
        """Ask a person, and defer until there is an answer."""
        from airflow_provider_activation import airflow_compat
        from airflow_provider_activation.errors import Conflict

        question = "\n".join(map(self.gate.message, found.question.split("\n")))
        is_asked = airflow_compat.put_question(
            context["ti"],
            subject=self.gate.message(f"Send the audience {self.audience} to {self.destination}?"),
            body=question,
            options=[SEND, DO_NOT_SEND],
            assigned_users=self.assigned_users or (),
        )
        if not is_asked:
            raise Conflict(
                f"{found.what}: Airflow keeps the question of an earlier try of this task, with other "
                "figures, another file or other people who may answer.",
                advice="Nothing was sent. Start a new run of the DAG; it asks with the figures of now.",
            )
        told = duration(self.response_timeout)
        self.log.info(
            "A person has to answer within %s whether it is sent, see Required Actions of this task.", told
        )
        for notifier in self.notifiers:
            try:
                notifier({**context, "question": question})
            except Exception:
                self.log.exception("%s failed; the question is there all the same.", type(notifier).__name__)
        self.defer(
            trigger=airflow_compat.answer_trigger(
                context["ti"], options=[SEND, DO_NOT_SEND], timeout=self.response_timeout
            ),
            method_name="execute_complete",
            kwargs={"asked": {"question": found.digest, "latest": found.latest}},
            timeout=timedelta(seconds=self.response_timeout) + AIRFLOWS_OWN,
        )

    @in_a_running_task
    def execute_complete(
        self, context: Context, event: Mapping[str, Any] | None, asked: Mapping[str, Any]
    ) -> JSON:
        """Continue with a person's answer.

        :param asked: which question it answers, and the number of the last receipt when it was asked.
        """
        from airflow_provider_activation.errors import Conflict, UnfitAudience

        approver = self._approver(event or {})
        self.log.info(
            self.gate.message(f"{approver} answered: {SEND}. The file and the ledger are read again.")
        )
        found = self._look(context)
        if found.latest != asked["latest"]:
            raise Conflict(
                f"{found.what} was sent by another run after the question was asked: see receipt "
                f"{found.latest}.",
                advice="Nothing was sent. Clear the task: it compares with that receipt.",
            )
        if found.digest != asked["question"]:
            raise UnfitAudience(
                f"{found.what} is not what was approved: its file, its figures or its limits have changed.",
                advice="Nothing was sent. Start a new run of the DAG; it asks with the figures of now.",
            )
        return self._passed(context, found, approver)

    def _approver(self, event: Mapping[str, Any]) -> str:
        """The person who has approved.

        :raises Declined: the answer is another one.
        :raises WaitTimeout: there is none.
        """
        from airflow_provider_activation.errors import Declined, JobFailed

        if event.get("error_type") == "timeout":
            raise self._unanswered()
        user = event.get("responded_by_user")
        name = user and (user.get("name") or user.get("id"))
        if "error" in event or not name:
            raise JobFailed(
                f"the answer whether the audience {self.audience} is sent to {self.destination} cannot be "
                f"used: {event.get('error') or 'it names nobody'}.",
                advice="Nothing was sent. Clear the task to ask again.",
            )
        chosen = list(event.get("chosen_options") or ())
        # before Airflow 3.3 nobody has checked that it is one, and one of those offered
        if chosen != [SEND]:
            raise Declined(
                f"{name} was asked whether the audience {self.audience} is sent to {self.destination}, and "
                f"answered: {', '.join(map(str, chosen)) or 'nothing'}.",
                advice="Nothing was sent. Clear the task to ask again.",
            )
        return str(name)

    def _unanswered(self) -> Exception:
        from airflow_provider_activation.errors import WaitTimeout

        return WaitTimeout(
            f"nobody answered within {duration(self.response_timeout)} whether the audience {self.audience} "
            f"is sent to {self.destination}.",
            advice="Nothing was sent. Clear the task to ask again.",
        )

    @in_a_running_task
    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> JSON:
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except deferral_timeout():
            # no triggerer has run the wait
            raise self._unanswered() from None

    def _passed(self, context: Context, found: Findings, approver: str | None = None) -> JSON:
        check = {
            "audience": self.audience,
            "destination": self.destination,
            "ledger": self.ledger,
            "warehouse": self.warehouse,
            "guard": self.guard,
            "compared_with": None if found.before is None else found.before.number,
            "approver": approver,
        }
        rows = found.manifest["rows"]["written"]
        how = f"approved by {approver}" if approver else "within its limits"
        self.log.info(self.gate.message(f"{found.what}, {rows:,} rows, is {how}."))
        return self.publish(context, {**found.manifest, "check": check})
