"""The operator that deletes the file of an audience."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import MANIFEST
from airflow_provider_activation.operators.audience.common import AudienceOperator
from airflow_provider_activation.simulation import simulated_id
from airflow_provider_activation.tasks import JSON, in_a_running_task
from airflow_provider_activation.wording import enumerated

if TYPE_CHECKING:
    from airflow.sdk import Context

__all__ = ["DeleteAudienceOperator"]


class DeleteAudienceOperator(AudienceOperator):
    """Delete the file of an audience and that of its rejects. Returns ``{"deleted": [...]}``, the paths.

    May be run any number of times. Make it the teardown of the preparing task:
    ``delete.as_teardown(setups=prepare, on_failure_fail_dagrun=True)``. It then runs whether the tasks in
    between succeed or fail, and if you clear one of them, the audience is prepared again.
    Document: "Audiences".

    .. code-block:: python

        delete = DeleteAudienceOperator(task_id="delete", manifest="{{ ti.xcom_pull('prepare') }}")

    :param manifest: the output of the preparing task (templated).
    :raises InvalidArgument: it is no manifest; nothing was deleted.
    :raises UnfitAudience: the file is not on this worker, and was prepared on another; or a folder or a link
        is in its place. Nothing was deleted.
    """

    arguments = {"manifest": MANIFEST}
    ui_color = "#eef0f3"

    def __init__(self, *, manifest: Mapping[str, Any] | str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.manifest: Any = manifest

    def intent(self) -> str:
        is_there = simulated_id(self.manifest["path"]) is None
        return f"{self.manifest['path'] if is_there else 'the prepared file'} would be deleted"

    def simulated(self, made: JSON) -> JSON:
        return {"deleted": []}

    @in_a_running_task
    def execute(self, context: Context) -> JSON:
        from airflow_provider_activation.audience.manifest import delete_files

        deleted = delete_files(self.manifest)
        told = enumerated(deleted) or "nothing: the files are gone already"
        self.log.info(self.gate.message(f"Deleted {told}."))
        return self.publish(context, {"deleted": deleted})
