"""A run and what is around it: signals, what killed runs leave, modes, bytes, progress, and row numbers."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from audience_attacks import ADDRESS, EMAIL, Room, room

from airflow_provider_activation.audience import engine
from airflow_provider_activation.audience.pieces import Pieces
from airflow_provider_activation.audience.preparation import Preparation
from airflow_provider_activation.errors import AudienceNotWritten
from scripts.machine_speed import scaled

__all__ = ["room"]

BOTH = {
    "columns": {
        "email": {"kind": "email", "source": "email", "hash": "sha256"},
        "phone": {"kind": "phone", "source": "phone", "hash": "sha256", "region": "SE"},
    }
}
ENDS_WITHIN = 3.0
RUNNING = """
import signal, sys, json, logging
from airflow_provider_activation.audience import engine
from airflow_provider_activation.audience.preparation import Preparation
source, folder, schema = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
during = engine.Engine.during
def told(self, work, *, doing="", **given):
    if doing:
        print(doing, flush=True)
    return during(self, work, doing=doing, **given)
engine.Engine.during = told
run = Preparation(source, schema, profile="google", folder=folder)
signal.signal(signal.SIGTERM, lambda *_: run.stop())
run.run()
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table for which a run takes longer than a signal."""
    path = tmp_path_factory.mktemp("many") / "people.csv"
    with path.open("w") as file:
        file.write("email,phone\n")
        file.writelines(
            f"someone.{number}@example.com,070{number % 10_000_000:07}\n" for number in range(400_000)
        )
    return path


def started(room: Room, source: Path, schema: dict[str, Any] = EMAIL) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUNNING, str(source), str(room.folder), json.dumps(schema)]
    environment = {**os.environ, "TMPDIR": str(room.temporary)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(process: subprocess.Popen[str], step: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(step):
            return
    assert process.stderr is not None
    raise AssertionError(f"{step} did not come: {process.stderr.read()}")


@pytest.mark.parametrize(
    ("step", "schema"),
    [
        ("Reading people", BOTH),
        pytest.param("Reading phone", BOTH, marks=pytest.mark.generated),
        pytest.param("Checking", EMAIL, marks=pytest.mark.generated),
        ("Writing", EMAIL),
    ],
)
def test_a_stopped_run_ends_soon_and_leaves_nothing(
    room: Room, many: Path, step: str, schema: dict[str, Any]
) -> None:
    process = started(room, many, schema)
    try:
        wait_for(process, step)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        _, said = process.communicate(timeout=60)
        took = time.monotonic() - began
    finally:
        process.kill()
    assert process.returncode == 1
    assert "AudienceNotWritten: the preparation was stopped" in said
    assert "example.com" not in said
    assert took < scaled(ENDS_WITHIN)
    assert not list(room.folder.iterdir())
    room.holds_nothing_private()


def test_what_a_killed_run_left_is_removed_by_the_next_and_a_living_ones_is_not(
    room: Room, many: Path
) -> None:
    killed, living = started(room, many), None
    try:
        wait_for(killed, "Checking")
        killed.send_signal(signal.SIGSTOP)
        (base,) = room.temporary.iterdir()
        (of_killed,) = base.iterdir()
        assert of_killed.stat().st_mode & 0o777 == 0o700
        pieces = set(room.folder.iterdir())
        assert pieces
        assert all(piece.stat().st_mode & 0o777 == 0o600 for piece in pieces)
        living = started(room, many, BOTH)
        wait_for(living, "Reading")
        living.send_signal(signal.SIGSTOP)
        (of_living,) = set(base.iterdir()) - {of_killed}
        assert pieces <= set(room.folder.iterdir())
        killed.kill()
        killed.wait()
        Preparation(
            room.file("email,phone\na@x.se,\n"), EMAIL, profile="google", folder=room.folder, name="other"
        ).run()
        assert list(base.iterdir()) == [of_living]
        assert not pieces & set(room.folder.iterdir())
        assert [path for path in room.folder.iterdir() if path.name.startswith(".")]
        living.send_signal(signal.SIGCONT)
        living.send_signal(signal.SIGTERM)
        living.communicate(timeout=60)
        assert not list(base.iterdir())
    finally:
        killed.kill()
        if living is not None:
            living.kill()
    # its pieces go with the next run that writes into the folder
    assert not [path for path in room.folder.iterdir() if path.name.startswith(".")]


def test_files_are_private(room: Room) -> None:
    source = room.file("email\na@x.se\nnobody\n")
    manifest = room.prepare(source)
    for path in (manifest["path"], manifest["rejects"]["path"]):
        assert Path(path).stat().st_mode & 0o777 == 0o600
    made = room.folder / "made"
    Preparation(source, EMAIL, profile="google", folder=made).run()
    assert made.stat().st_mode & 0o777 == 0o700


def pieces_of(run: Preparation) -> list[Path]:
    """The files that a run writes into before they get their names, the audience's first."""
    folder = run._folder.path
    assert folder
    return [folder / f".{run._stem}{kind}.part" for kind in ("", ".gz", ".rejects")]


def test_a_piece_that_is_somebody_elses_link_is_not_written_through(room: Room) -> None:
    source = room.file("email\na@x.se\n")
    run = Preparation(source, EMAIL, profile="google", folder=room.folder)
    victim = room.sources / "victim"
    victim.write_text("untouched")
    for piece in pieces_of(run):
        piece.symlink_to(victim)
    run.run()
    assert victim.read_text() == "untouched"
    assert victim.stat().st_mode & 0o777 == 0o644


def test_a_piece_that_others_may_read_is_made_anew(room: Room) -> None:
    run = Preparation(room.file("email\na@x.se\n"), EMAIL, profile="google", folder=room.folder)
    part = pieces_of(run)[0]
    part.write_text("left")
    part.chmod(0o644)
    manifest = run.run()
    assert Path(manifest["path"]).stat().st_mode & 0o777 == 0o600


def test_what_is_made_of_other_rows_or_lists_is_another_file(room: Room) -> None:
    one, other = room.file("email\na@x.se\n", "one.csv"), room.file("email\nb@x.se\n", "other.csv")
    listed = [{"source": str(other), "schema": EMAIL}]
    paths = [
        room.prepare(one)["path"],
        room.prepare(other)["path"],
        room.prepare(one, suppress=listed)["path"],
    ]
    assert len(set(paths)) == 3
    assert room.prepare(one)["path"] == paths[0]


def test_a_plain_call_is_of_no_dag_run(room: Room) -> None:
    assert room.prepare(room.file(f"email\n{ADDRESS}\n"), run="mine")["run"] is None


def test_a_temporary_folder_that_others_may_read_is_refused(room: Room) -> None:
    base = room.temporary / f"airflow-activation-{os.getuid()}"
    base.mkdir(mode=0o700)
    base.chmod(0o755)
    run = Preparation(room.file("email\na@x.se\n"), EMAIL, profile="google", folder=room.folder)
    with pytest.raises(AudienceNotWritten, match="temporary"):
        run.run()
    base.rmdir()
    base.symlink_to(room.sources)
    with pytest.raises(AudienceNotWritten, match="temporary"):
        Preparation(room.file("email\na@x.se\n"), EMAIL, profile="google", folder=room.folder).run()


@pytest.mark.parametrize("profile", ["google", "liveramp_connect_eu"])
def test_two_runs_give_the_same_bytes(room: Room, profile: str) -> None:
    lines = [f"{number}@x.se\n" for number in range(3000)]
    schema = {"columns": {"EMAIL": {"kind": "email", "source": "email", "hash": "sha256"}}}
    first = room.prepare(room.file("email\n" + "".join(lines)), schema, profile)
    content = Path(first["path"]).read_bytes()
    time.sleep(1.1)
    second = room.prepare(room.file("email\n" + "".join(reversed(lines + lines[:100]))), schema, profile)
    assert Path(second["path"]).read_bytes() == content
    assert first["sha256"] == second["sha256"] == hashlib.sha256(content).hexdigest()
    assert first["size"] == len(content)
    if profile == "liveramp_connect_eu":
        path = Path(first["path"])
        assert content[3] == 8
        assert content[10:].split(b"\0")[0].decode() == path.name.removesuffix(".gz")
        assert content[4:8] == b"\0\0\0\0"
        assert len(gzip.decompress(content).splitlines()) == 3001


def test_two_runs_at_once_do_not_mix(room: Room) -> None:
    # rows have no name, so both write the same file
    sources = [[{"email": f"{number}@{end}.se"} for number in range(30_000)] for end in "ab"]
    results: list[Any] = []

    def run(source: Any) -> None:
        try:
            results.append(Preparation(source, EMAIL, profile="google", folder=room.folder).run())
        except AudienceNotWritten as error:
            results.append(error)

    threads = [threading.Thread(target=run, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = [one for one in results if isinstance(one, dict)]
    assert written
    content = Path(written[0]["path"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() in {one["sha256"] for one in written}
    assert len(content.splitlines()) == 30_001


def test_pieces_that_are_being_written_are_not_taken(room: Room) -> None:
    def claim() -> Any:
        return Pieces(room.folder, f"audience-google-{0:012x}", compressed=False).claimed()

    with claim():
        with pytest.raises(AudienceNotWritten, match="another run is writing"), claim():
            pass
        assert len(list(room.folder.glob(".*.part"))) == 2


def test_long_work_tells_how_far_it_is(room: Room, many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "TOLD_EVERY", 0.0)
    monkeypatch.setattr(engine, "LOOKED_EVERY", 0.02)
    room.caplog.set_level(logging.INFO)
    Preparation(many, EMAIL, profile="google", folder=room.folder).run()
    told = [line for line in room.caplog.messages if "400,000 rows" in line]
    assert told
    assert any("MB" in line for line in told)
    assert any("rows/s" in line and "MB/s" in line for line in told)
    assert not any("example.com" in line for line in room.caplog.messages)


def test_row_numbers_of_a_large_file_are_right(room: Room) -> None:
    rows, bad, broken, wide = 300_000, [], [], []
    lines = ["email,note"]
    for number in range(1, rows + 1):
        if number % 9973 == 0:
            bad.append(number)
            lines.append(f'nobody,"{number}\n"')
        elif number % 7919 == 0:
            broken.append(number)
            lines.append(ADDRESS)
        elif number % 6997 == 0:
            wide.append(number)
            lines.append(f'{ADDRESS},1,"2\n3"')
        else:
            # every person twice
            lines.append(f'{number // 2}@example.com,"x{number}\n"')
    manifest = room.prepare(room.file("\n".join(lines) + "\n"))
    rejects = room.rejects(manifest)
    assert [row for row, column, _ in rejects if column == "email_sha256"] == bad
    assert [row for row, _, reason in rejects if reason == "broken_row"] == sorted(broken + wide)
    people = {n // 2 for n in range(1, rows + 1) if n % 9973 and n % 7919 and n % 6997}
    assert manifest["rows"]["written"] == len(people)
    assert manifest["rows"]["read"] == rows


def test_a_disk_that_is_full_leaves_nothing(room: Room, many: Path) -> None:
    # a file may not grow as if its disk were full
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(AudienceNotWritten) as caught:
            Preparation(many, EMAIL, profile="google", folder=room.folder).run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    room.says_nothing(str(caught.value))
    assert "example.com" not in str(caught.value)
    assert not list(room.folder.iterdir())
    room.holds_nothing_private()
