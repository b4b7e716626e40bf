"""The operator that deletes the file of an audience."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

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
    between succeed or fail, and if you clear one of them, the audience is prepared again. If a task right
    before it has failed, it deletes the files and then fails, because its success would be the run's.
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

    def as_teardown(self, **given: Any) -> Self:
        """Make it the teardown of these ``setups``, as Airflow does. A file that is left fails the run.

        :param on_failure_fail_dagrun: False only if a failure to delete may end in a run that is green.
        """
        super().as_teardown(**{"on_failure_fail_dagrun": True, **given})
        return self

    def intent(self) -> str:
        is_there = simulated_id(self.manifest["path"]) is None
        return f"{self.manifest['path'] if is_there else 'the prepared file'} would be deleted"

    def simulated(self, made: JSON) -> JSON:
        return {"deleted": []}

    def publish(self, context: Context, result: JSON) -> JSON:
        """The last step, simulated or not: fail if a task right before this one has.

        Airflow ends a run by the states of its last tasks. This one runs after a failure too, and its success
        would be that of the run.

        :raises EarlierTaskFailed: it names the tasks.
        """
        result = super().publish(context, result)
        if failed := [f"{name} ({state})" for name, state in self._failures(context["ti"])]:
            from airflow_provider_activation.errors import EarlierTaskFailed

            raise EarlierTaskFailed(
                f"the run fails, although this task has done its work: {enumerated(failed)}."
            )
        return result

    def _failures(self, ti: Any) -> Iterator[tuple[str, str]]:
        """The failed tasks right before this one with their states, where its success would hide them."""
        if not self.upstream_task_ids:
            return
        # what a mapped task was told as a teardown is not handed to its instances
        own: Any = self.dag.get_task(self.task_id)
        hides = own.on_failure_fail_dagrun if own.is_teardown else self.trigger_rule != "all_success"
        if not hides:
            return
        groups = {group.group_id for group in own.iter_mapped_task_groups()}
        for task in _tasks_before(own):
            asked: dict[str, Any] = {"dag_id": ti.dag_id, "task_ids": [task.task_id], "run_ids": [ti.run_id]}
            if any(group.group_id in groups for group in task.iter_mapped_task_groups()):
                # of a mapped group, only this instance counts
                asked["map_index"] = ti.map_index
            states = ti.get_task_states(**asked).get(ti.run_id, {}).values()
            for state in ("failed", "upstream_failed"):
                if state in states:
                    yield task.task_id, state

    @in_a_running_task
    def execute(self, context: Context) -> JSON:
        from airflow_provider_activation.audience.manifest import delete_files

        deleted = delete_files(self.manifest)
        told = enumerated(deleted) or "nothing: the files are gone already"
        self.log.info(self.gate.message(f"Deleted {told}."))
        return self.publish(context, {"deleted": deleted})


def _tasks_before(task: Any) -> list[Any]:
    """The tasks right before a task that count. A teardown hides those before it, so they are among them."""
    found: dict[str, Any] = {}
    waiting = list(task.upstream_list)
    while waiting:
        one = waiting.pop()
        if one.task_id not in found:
            found[one.task_id] = one
            waiting += one.upstream_list if one.is_teardown else []
    return [one for _, one in sorted(found.items()) if not one.is_teardown or one.on_failure_fail_dagrun]
