"""Operators that send an audience: what a connection may require of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import is_template
from airflow_provider_activation.operators.base import SubmittingOperator
from airflow_provider_activation.simulation import simulation
from airflow_provider_activation.tasks import JSON

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_activation.audience.activation import Activation
    from airflow_provider_activation.audience.receipt import Run


def run_of(context: Context) -> Run:
    """The running task, as the ledger knows it."""
    from airflow_provider_activation.audience.receipt import Run

    ti, run_after = context["ti"], context["dag_run"].run_after
    return Run(
        dag_id=ti.dag_id,
        task_id=ti.task_id,
        run_id=ti.run_id,
        map_index=-1 if ti.map_index is None else ti.map_index,
        run_after=run_after,
    )


class SendsAudience(SubmittingOperator):
    """An operator that sends an audience, or has a service send one; takes no arguments.

    On a connection with ``require_suppression`` it sends nothing unless the manifest shows that people were
    suppressed. Its action has the field ``suppression_proven``, which marks the calls for the transport.

    Where the manifest was checked, the ledger that the check names gets an intent before the call, and a
    receipt when the task has ended well; or a withdrawal, if the call was refused or the service says that
    it failed. Each outlet's asset event gets the receipt as ``activation``.
    """

    manifest: Any = None
    writes_receipt = True
    """Whether the task's success means that the audience was sent."""
    _activation: Activation | None = None

    def sent_as(self, result: JSON) -> dict[str, JSON]:
        """The ids at the service, for the receipt.

        :param result: the task's result.
        """
        raise NotImplementedError

    @property
    def shown(self) -> tuple[str, Any]:
        """The argument that takes the manifest, and its value."""
        return "manifest", self.manifest

    def check_manifest(self) -> None:
        """Check that the manifest is one, unless a template is in it.

        :raises ValueError: it is none.
        """
        if not isinstance(self.manifest, Mapping) or is_template(self.manifest):
            return
        from airflow_provider_activation.audience.manifest import place_of_manifest
        from airflow_provider_activation.errors import InvalidArgument

        try:
            place_of_manifest(self.manifest)
        except InvalidArgument as error:
            raise ValueError(error.message) from None

    def books(self, context: Context) -> Activation | None:
        return self._activation_of(context)

    def _activation_of(self, context: Context) -> Activation | None:
        """What the task does with the ledger; None if the manifest was not checked."""
        manifest = self.shown[1]
        if not self.writes_receipt or not isinstance(manifest, Mapping) or manifest.get("check") is None:
            return None
        if self._activation is None:
            from airflow_provider_activation.audience.activation import Activation

            key, first_try = self.submission_key(context), self.first_try(context)
            began = getattr(context["dag_run"], "start_date", None)
            self._activation = Activation(
                manifest, key=key, run=run_of(context), first_try=first_try, began=began
            )
        return self._activation

    def execute(self, context: Context) -> JSON:
        with self._withdrawn_if_it_failed(context):
            return super().execute(context)

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> JSON:
        with self._withdrawn_if_it_failed(context):
            return super().resume_execution(next_method, next_kwargs, context)

    @contextmanager
    def _withdrawn_if_it_failed(self, context: Context) -> Iterator[None]:
        """The service's own word that it failed is proof that nothing arrived; any other error is none."""
        from airflow_provider_activation.errors import JobFailed

        try:
            yield
        except Exception as error:
            # before Airflow 3.3 what is not retried is behind Airflow's own error
            failed = error if isinstance(error, JobFailed) else error.__cause__
            if isinstance(failed, JobFailed) and (activation := self._activation_of(context)):
                # not with its words, which may quote people
                why = "the service says that it failed, or it was cancelled"
                activation.withdraw(why, self.hook.hook_name)
            raise

    def finish(self, context: Context, result: JSON) -> JSON:
        result = super().finish(context, result)
        activation = None if simulation() else self._activation_of(context)
        if activation is not None:
            receipt = activation.receipt(self.hook.hook_name, self.sent_as(result))
            self.log.info(
                "Receipt %s of the audience %s for %s is in the ledger, as number %s.",
                *(receipt[name] for name in ("receipt_id", "audience", "destination", "number")),
            )
            names = ("receipt_id", "audience", "destination", "rows", "sha256")
            told = {name: receipt[name] for name in names}
            for outlet in self.outlets:
                context["outlet_events"][outlet].extra["activation"] = told
        return result

    def make(self, context: Context, action: Any) -> JSON:
        self._refuse_simulated_check()
        activation = self._activation_of(context)
        if activation is not None:
            activation.check_open()
            if (simulated := simulation()) is not None:
                activation.check_guard()
                simulated.would.append(f"a receipt of the {activation.ledger} would be written")
        return super().make(context, replace(action, suppression_proven=self._is_proven(context)))

    def _refuse_simulated_check(self) -> None:
        """Refuse a manifest that was only checked in a simulation, which lets pass what is beyond its limits.

        :raises InvalidArgument: it was. Nothing was sent.
        """
        from airflow_provider_activation.errors import InvalidArgument
        from airflow_provider_activation.rehearsal import WOULD

        name, manifest = self.shown
        if simulation() is None and isinstance(manifest, Mapping) and WOULD in manifest:
            raise InvalidArgument(
                f"{name} was checked by a task that was simulated: whether it may be sent is not decided. "
                "Set simulate on this task too, or on neither."
            )

    def _is_proven(self, context: Context) -> bool:
        """Whether suppression is shown where the connection requires it.

        :raises UnfitAudience: it is required and not shown. Nothing was sent.
        """
        settings = self.hook.get_conn().settings
        if not settings.require_suppression:
            return False
        from airflow_provider_activation.audience.manifest import lacks_suppression
        from airflow_provider_activation.errors import SUPPRESS, UnfitAudience

        name, manifest = self.shown
        ti = context["ti"]
        if manifest is None:
            lacks = f"{name} is not given"
        elif not isinstance(manifest, Mapping):
            lacks = f"{name} is a path, which shows nothing of it"
        else:
            lacks = lacks_suppression(manifest, {"dag_id": ti.dag_id, "run_id": ti.run_id})
        if lacks:
            raise UnfitAudience(
                f"the connection {settings.conn_id!r} requires suppression, and {lacks}.",
                service=settings.name,
                advice=SUPPRESS,
            )
        return True
