"""`DeleteAudienceOperator`: which files it deletes, how it is told of them, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk import DAG, chain, task, task_group
from audience_attacks import Room, room
from audience_tasks import EMAIL, OtherTasks, delete, logged, prepare, refused, rendered, run
from task_running import Task, TaskInstance

from airflow_provider_activation.errors import EarlierTaskFailed, InvalidArgument, UnfitAudience
from airflow_provider_activation.operators.audience import DeleteAudienceOperator, PrepareAudienceOperator

__all__ = ["logged", "room"]

pytestmark = pytest.mark.usefixtures("logged")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A manifest as Airflow stores it: an audience of one, and a whole row and a value that were rejected."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "people.csv").write_text("email\nbo@example.com\nkanarek\n")
    operator = PrepareAudienceOperator(
        task_id="prepare", source=folder / "people.csv", schema=EMAIL, profile="google", folder=folder
    )
    made: dict[str, Any] = Task(lambda: operator).run()
    assert made["rejects"]["counts"] == {"": {"no_identifier": 1}, "mail": {"not_an_address": 1}}
    return made


@pytest.fixture
def manifest(room: Room, prepared: dict[str, Any]) -> dict[str, Any]:
    """The same, with files of its own."""
    path, rejects = (shutil.copy(file, room.folder) for file in both(prepared))
    return {**prepared, "path": path, "rejects": {**prepared["rejects"], "path": rejects}}


def both(manifest: dict[str, Any]) -> list[str]:
    return [manifest["path"], manifest["rejects"]["path"]]


def left(room: Room) -> set[str]:
    return {str(one) for one in room.folder.iterdir()}


class TestDeletes:
    def test_both_files_and_nothing_else(
        self, room: Room, manifest: dict[str, Any], logged: list[str]
    ) -> None:
        other = Task(lambda: prepare(room, room.file("email\nann@example.com\nkanarek\n"))).run()
        logged.clear()
        task = Task(lambda: delete(manifest))
        assert task.run() == {"deleted": both(manifest)}
        assert left(room) == set(both(other))
        (line,) = logged
        assert line.startswith("INFO Deleted ")
        assert all(path in line for path in both(manifest))

    def test_again_it_deletes_nothing_and_is_green(
        self, room: Room, manifest: dict[str, Any], logged: list[str]
    ) -> None:
        task = Task(lambda: delete(manifest))
        task.run()
        logged.clear()
        assert task.run() == {"deleted": []}
        assert "nothing" in logged[0]

    @pytest.mark.parametrize("there", [0, 1], ids=["the audience", "the rejects"])
    def test_one_that_is_left(self, room: Room, manifest: dict[str, Any], there: int) -> None:
        Path(both(manifest)[1 - there]).unlink()
        assert Task(lambda: delete(manifest)).run() == {"deleted": [both(manifest)[there]]}
        assert left(room) == set()

    def test_an_audience_without_rejects(self, room: Room) -> None:
        made = Task(lambda: prepare(room, room.file("email\nbo@example.com\n"))).run()
        assert Task(lambda: delete(made)).run() == {"deleted": [made["path"]]}

    def test_a_file_that_has_changed_holds_people_too(self, room: Room, manifest: dict[str, Any]) -> None:
        Path(manifest["path"]).write_text("changed")
        Task(lambda: delete(manifest)).run()
        assert left(room) == set()


class TestHosts:
    def test_a_file_of_another_host_that_is_not_here(self, room: Room, manifest: dict[str, Any]) -> None:
        Task(lambda: delete(manifest)).run()
        elsewhere = {**manifest, "host": "worker-7"}
        error = refused(room, UnfitAudience, Task(lambda: delete(elsewhere)))
        assert manifest["path"] in error.message
        assert "worker-7" in error.message

    def test_what_an_earlier_try_left_here_is_not_taken_for_the_file_of_another_host(
        self, room: Room, manifest: dict[str, Any]
    ) -> None:
        elsewhere = {**manifest, "host": "worker-7", "sha256": "0" * 64}
        with pytest.raises(UnfitAudience, match="worker-7"):
            run(delete(elsewhere))
        assert left(room) == set(both(manifest))

    def test_a_file_of_another_host_on_shared_storage(self, room: Room, manifest: dict[str, Any]) -> None:
        assert run(delete({**manifest, "host": "worker-7"})) == {"deleted": both(manifest)}


PULLED = "{{ ti.xcom_pull('prepare') }}"


class TestTemplates:
    @pytest.mark.parametrize("native", [False, True], ids=["as text", "natively"])
    @pytest.mark.parametrize("template", [PULLED, PULLED.replace("prepare'", "prepare', key='return_value'")])
    def test_the_manifest_is_pulled(
        self, room: Room, manifest: dict[str, Any], template: str, native: bool
    ) -> None:
        ti = OtherTasks(prepare=manifest)
        operator = rendered(delete(template), native=native, ti=ti)
        assert run(operator) == {"deleted": both(manifest)}
        assert left(room) == set()

    def test_templates_inside(self, room: Room, manifest: dict[str, Any]) -> None:
        path = "{{ ti.xcom_pull('prepare')['path'] }}"
        operator = delete({**manifest, "path": path, "rejects": {"path": "{{ none }}", "counts": {}}})
        with pytest.raises(InvalidArgument, match="manifest"):
            run(rendered(operator, ti=OtherTasks(prepare=manifest)))
        operator = delete({**manifest, "path": path, "rejects": {"path": None, "counts": {}}})
        assert run(rendered(operator, ti=OtherTasks(prepare=manifest))) == {"deleted": [manifest["path"]]}

    def test_the_output_of_the_task(self, room: Room, manifest: dict[str, Any]) -> None:
        with DAG("a_dag", schedule=None):
            made = prepare(room, "people.csv")
            operator = delete(made.output)
        assert operator.upstream_task_ids == {"prepare"}
        ti = OtherTasks(prepare=manifest)
        assert run(rendered(operator, ti=ti, task_instance=ti)) == {"deleted": both(manifest)}

    def test_mapped_tasks(self, room: Room, manifest: dict[str, Any]) -> None:
        with DAG("a_dag", schedule=None):
            mapped = DeleteAudienceOperator.partial(task_id="delete").expand(manifest=[manifest])
        assert run(rendered(mapped.unmap({"manifest": manifest}))) == {"deleted": both(manifest)}

    @pytest.mark.parametrize(
        "text",
        [
            "{{ none }}",
            "{{ 'path' }}",
            "{{ 7 }}",
            "{{ '{' * 9 }}",
            "{{ '[1]' }}",
            "{{ '' }}",
        ],
    )
    @pytest.mark.parametrize("native", [False, True], ids=["as text", "natively"])
    def test_what_is_none(self, room: Room, text: str, native: bool) -> None:
        error = refused(room, InvalidArgument, Task(lambda: rendered(delete(text), native=native)))
        assert error.message.startswith("manifest must be")

    def test_a_template_that_nobody_rendered(self) -> None:
        with pytest.raises(InvalidArgument, match="manifest holds a template"):
            run(delete(PULLED))


@dataclass
class Ended(TaskInstance):
    """A task instance of a run in which other tasks have ended, in these states by task and map index."""

    states: dict[tuple[str, int], str] = field(default_factory=dict)

    def get_task_states(self, **asked: Any) -> dict[str, Any]:
        (run_id,), (task_id,), map_index = asked["run_ids"], asked["task_ids"], asked.get("map_index")
        found = {
            name if index < 0 else f"{name}_{index}": state
            for (name, index), state in self.states.items()
            if name == task_id and map_index in (None, index)
        }
        return {run_id: found} if found else {}


def run_after(operator: Any, map_index: int = -1, **states: str | tuple[str, ...]) -> Any:
    """Run a task after others that ended so; a mapped task has several states."""
    ti = Ended(operator.task_id, "a_run", map_index=map_index)
    for name, state in states.items():
        each = {-1: state} if isinstance(state, str) else dict(enumerate(state))
        ti.states |= {(name, index): one for index, one in each.items()}
    return operator.execute({"ti": ti})


class TestFailuresBefore:
    """Airflow ends a run by its last tasks, so a delete that is green after a failure would hide it."""

    @pytest.fixture
    def after(self, manifest: dict[str, Any]) -> Iterator[Callable[..., DeleteAudienceOperator]]:
        """Makes the last task of a DAG in which one prepares and another sends."""

        def made(**given: Any) -> DeleteAudienceOperator:
            operator = DeleteAudienceOperator(task_id="delete", manifest=manifest, **given)
            chain(prepared, send(), operator)
            return operator

        with DAG("a_dag", schedule=None):

            @task
            def prepare_it() -> None: ...

            @task
            def send() -> None: ...

            prepared: Any = prepare_it()
            made.prepared = prepared  # type: ignore[attr-defined]
            yield made

    @pytest.mark.parametrize("state", ["failed", "upstream_failed"])
    @pytest.mark.parametrize("simulate", [False, True], ids=["for real", "simulated"])
    def test_a_teardown(
        self, room: Room, manifest: dict[str, Any], after: Any, state: str, simulate: bool, logged: list[str]
    ) -> None:
        operator = after(simulate=simulate).as_teardown(setups=after.prepared)
        with pytest.raises(
            (EarlierTaskFailed, AirflowFailException), match=rf"done its work: send \({state}\)"
        ):
            run_after(operator, prepare_it="success", send=state)
        assert left(room) == (set(both(manifest)) if simulate else set())
        assert any("delete" in line.lower() for line in logged)

    @pytest.mark.parametrize("state", ["success", "skipped"])
    def test_no_failure(self, manifest: dict[str, Any], after: Any, state: str) -> None:
        operator = after().as_teardown(setups=after.prepared)
        assert run_after(operator, prepare_it="success", send=state) == {"deleted": both(manifest)}

    def test_what_is_further_away_has_been_dealt_with(self, manifest: dict[str, Any], after: Any) -> None:
        """Such as a first try to send, after which another way was taken."""
        operator = after(trigger_rule="all_done")
        assert run_after(operator, prepare_it="failed", send="success") == {"deleted": both(manifest)}

    def test_another_rule_that_lets_it_run(self, room: Room, after: Any) -> None:
        with pytest.raises((EarlierTaskFailed, AirflowFailException), match="send"):
            run_after(after(trigger_rule="all_done"), send="failed")
        assert left(room) == set()

    def test_a_simulated_manifest(self, after: Any, manifest: dict[str, Any]) -> None:
        operator = after(simulate=True).as_teardown(setups=after.prepared)
        operator.manifest = {**manifest, "path": "simulated:0123456789ab"}
        with pytest.raises((EarlierTaskFailed, AirflowFailException), match="send"):
            run_after(operator, send="failed")

    def test_a_file_that_is_left_fails_the_run(self, after: Any) -> None:
        operator = after()
        assert operator.as_teardown(setups=after.prepared) is operator
        assert operator.on_failure_fail_dagrun is True

    def test_a_teardown_that_does_not_count_hides_nothing(self, manifest: dict[str, Any], after: Any) -> None:
        """The run ends by the tasks before it then."""
        operator = after().as_teardown(setups=after.prepared, on_failure_fail_dagrun=False)
        assert operator.on_failure_fail_dagrun is False
        assert run_after(operator, send="failed") == {"deleted": both(manifest)}

    def test_behind_another_teardown(self, manifest: dict[str, Any], after: Any) -> None:
        operator = after().as_teardown(setups=after.prepared)

        @task
        def tidy() -> None: ...

        tidied = tidy().as_teardown(on_failure_fail_dagrun=True)

        @task
        def another() -> None: ...

        chain(another(), tidied, operator)
        assert run_after(operator, send="success", tidy="success", another="success")
        for name in ("another", "tidy"):
            with pytest.raises((EarlierTaskFailed, AirflowFailException), match=name):
                run_after(operator, -1, **{"send": "success", name: "failed"})

    def test_one_of_a_mapped_task(self, after: Any) -> None:
        operator = after(trigger_rule="all_done")

        @task
        def upload(number: int) -> None: ...

        chain(upload.expand(number=[1, 2, 3]), operator)
        with pytest.raises((EarlierTaskFailed, AirflowFailException), match=r"work: upload \(failed\)"):
            run_after(operator, send="success", upload=("success", "failed", "success"))

    def test_deletes_that_are_mapped_themselves(self, manifest: dict[str, Any], after: Any) -> None:
        mapped = DeleteAudienceOperator.partial(task_id="delete").expand(manifest=[manifest])
        chain(after.prepared, mapped.as_teardown(setups=after.prepared, on_failure_fail_dagrun=True))
        states = {"prepare_it": "failed"}
        with pytest.raises((EarlierTaskFailed, AirflowFailException), match="prepare_it"):
            run_after(rendered(mapped.unmap({"manifest": manifest})), map_index=0, **states)

    def test_only_its_own_instance_of_a_mapped_group(self, manifest: dict[str, Any]) -> None:
        made: list[Any] = []

        @task
        def before() -> None: ...

        @task_group(group_id="client")
        def client(number: int) -> None:
            @task
            def send(number: int) -> None: ...

            operator = DeleteAudienceOperator(task_id="delete", manifest=manifest, trigger_rule="all_done")
            chain([send(number), earlier], operator)
            made.append(operator)

        with DAG("a_dag", schedule=None):
            earlier = before()
            client.expand(number=[1, 2])
        states: dict[str, Any] = {"client.send": ("failed", "success"), "before": "success"}
        assert run_after(made[0], map_index=1, **states) == {"deleted": both(manifest)}
        with pytest.raises((EarlierTaskFailed, AirflowFailException), match=r"client\.send"):
            run_after(made[0], map_index=0, **states)
        with pytest.raises((EarlierTaskFailed, AirflowFailException), match="work: before"):
            run_after(made[0], map_index=1, **{**states, "before": "failed"})


Change = Callable[[dict[str, Any]], Any]


class TestRefused:
    @pytest.mark.parametrize(
        "given",
        [None, "/audiences/a.csv", Path("/audiences/a.csv"), 7, True, ["/audiences/a.csv"], [{"path": "/a"}]],
    )
    def test_no_mapping_when_the_dag_is_parsed(self, given: Any) -> None:
        with pytest.raises(InvalidArgument, match=r"^manifest must be"):
            delete(given)

    @pytest.mark.parametrize(
        "change",
        [
            lambda made: {**made, "version": 2},
            lambda made: {**made, "version": None},
            lambda made: {**made, "version": "1"},
            lambda made: without(made, "version"),
            lambda made: without(made, "path"),
            lambda made: {**made, "path": None},
            lambda made: {**made, "path": [made["path"]]},
            lambda made: {**made, "path": "people.csv"},
            lambda made: without(made, "host"),
            lambda made: without(made, "rejects"),
            lambda made: {**made, "rejects": made["rejects"]["path"]},
            lambda made: {**made, "rejects": {"counts": {}}},
            lambda made: {**made, "rejects": {"path": 7, "counts": {}}},
            lambda made: {**made, "rejects": {"path": "people.csv", "counts": {}}},
            lambda made: {"path": made["path"]},
            lambda made: {},
        ],
    )
    def test_no_manifest_of_ours(
        self, room: Room, manifest: dict[str, Any], change: Change, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(room.folder)
        bystander = room.folder / "people.csv"
        bystander.touch()
        changed = json.loads(json.dumps(change(manifest)))
        # at last when it runs
        task = Task(lambda: delete(changed))
        error = refused(room, InvalidArgument, task, keeping=(*both(manifest), bystander))
        assert error.message.startswith("manifest ")

    @pytest.mark.parametrize("which", [0, 1], ids=["the audience", "the rejects"])
    @pytest.mark.parametrize("what", ["a folder", "a link to a file", "a link to a folder", "a dead link"])
    def test_what_is_no_plain_file_stays(
        self, room: Room, manifest: dict[str, Any], which: int, what: str
    ) -> None:
        place = Path(both(manifest)[which])
        place.unlink()
        target = room.file("untouched", "target")
        if what == "a folder":
            place.mkdir()
        else:
            ends = {"a link to a file": target, "a link to a folder": room.sources}
            place.symlink_to(ends.get(what, room.sources / "nowhere"))
        error = refused(room, UnfitAudience, Task(lambda: delete(manifest)), keeping=(*both(manifest),))
        assert str(place) in error.message
        assert place.is_symlink() or place.is_dir()
        assert target.read_text() == "untouched"


def without(made: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in made.items() if name != field}
