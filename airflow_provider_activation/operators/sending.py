"""Operators that send an audience: what a connection may require of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import is_template
from airflow_provider_activation.operators.base import SubmittingOperator
from airflow_provider_activation.tasks import JSON

if TYPE_CHECKING:
    from airflow.sdk import Context

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
    """

    manifest: Any = None

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

    def make(self, context: Context, action: Any) -> JSON:
        return super().make(context, replace(action, suppression_proven=self._is_proven(context)))

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
