"""`DeleteAudienceOperator`: which files it deletes, how it is told of them, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG
from audience_attacks import Room, room
from audience_tasks import EMAIL, OtherTasks, delete, logged, prepare, refused, rendered, run
from task_running import Task

from airflow_provider_activation.errors import InvalidArgument, UnfitAudience
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
