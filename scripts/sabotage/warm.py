"""A process of a copy that has loaded what tests need, and runs tests of the copy in a fork of itself.

It has loaded pytest, Airflow and other heavy packages. Of the project it has loaded nothing except itself and
what Airflow asks every provider for. First it prints which files these are. Then each line of its input is a
request in JSON: arguments of pytest, and how many seconds the tests may take. For each it forks. The fork
imports the project from the copy, as a Python of its own would do, and runs the tests. Each line of the
output is an ``Answer``.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, TextIO

PACKAGE = "airflow_provider_activation"
OF_THE_PROJECT = (PACKAGE, "benchmarks", "example_dags", "scripts", "tests")

HEAVY = (
    *("pytest", "hypothesis", "anyio.pytest_plugin", "xdist.plugin"),
    *("airflow.sdk", "airflow.triggers.base", "airflow.providers.common.sql.hooks.sql"),
    *("duckdb", "numpy", "phonenumbers"),
    *("starlette.applications", "python_multipart", "uvicorn.protocols.http.h11_impl"),
    *("asyncssh", "boto3", "moto.server", "s3fs", "sshfs"),
)
"""What a fork need not load again. What is not installed is left out. pyarrow would start a thread."""

OPTIONS = ("-q", "-x", "--no-header", "--assert=plain", "-p", "no:schemathesis", "-p", "no:cacheprovider")
"""To load schemathesis, or to show how two long texts differ, takes longer than most of these tests."""

OTHER_CODE = 70
"""The exit status of a fork that has found code of the project which is not in the copy."""
BROKE_DOWN = 71
"""The exit status of a fork in which something other than a test failed."""


@dataclass(frozen=True)
class Answer:
    """How the tests ended.

    :param status: pytest's exit status, or ``OTHER_CODE`` or ``BROKE_DOWN``; ``None`` if they did not end in
        time.
    :param said: the end of what they printed.
    """

    status: int | None
    said: str


class Warm:
    """The process, seen from the one that starts it.

    :param copy: the copy whose tests it runs. Nothing in it may change before ``loaded`` is known.
    :param folder: a folder for what the tests leave behind.
    :param heavy: the modules that it loads.
    """

    def __init__(self, copy: Path, folder: Path, heavy: Sequence[str]) -> None:
        # a fork knows only the thread that forked, so numpy must not start its own
        told = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
        # where it is set, a test whose server is missing fails, and that is not what may be noticed
        environment = {name: value for name, value in os.environ.items() if name != "CI"} | told
        command = [sys.executable, "-m", __spec__.name, str(folder), *heavy]
        self._process = subprocess.Popen(
            command, cwd=copy, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    @cached_property
    def loaded(self) -> list[str]:
        """The files of the copy that are loaded as soon as the process is ready."""
        files: list[str] = self._read()
        return files

    def run(self, tests: Sequence[str], seconds: float) -> Answer:
        """Run tests of the copy as it is now."""
        assert self._process.stdin
        print(json.dumps([list(tests), seconds]), file=self._process.stdin, flush=True)
        return Answer(**self._read())

    def end(self) -> None:
        """Let it end."""
        self._process.communicate()

    def _read(self) -> Any:
        assert self._process.stdout
        if not (line := self._process.stdout.readline()):
            raise RuntimeError("The process that runs the tests has ended; it printed why.")
        return json.loads(line)


def main(folder: Path, heavy: Sequence[str]) -> None:
    """Load what is heavy, and then answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    folders = _Folders(folder)
    folders.use()
    _load(heavy)
    folders.keep()
    # a fork need not look through what is loaded for garbage
    gc.collect()
    gc.freeze()
    print(json.dumps(sorted(_loaded())), file=answers, flush=True)
    for line in sys.stdin:
        tests, seconds = json.loads(line)
        print(json.dumps(asdict(_answer(tests, seconds, folders))), file=answers, flush=True)


class _Folders:
    """The home of Airflow, which it reads while it is loaded, and the temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.home, self.temporary, self._as_loaded = folder / "home", folder / "t", folder / "as_loaded"

    def use(self) -> None:
        self.home.mkdir(parents=True)
        self.temporary.mkdir()
        os.environ |= {"AIRFLOW_HOME": str(self.home), "TMPDIR": str(self.temporary)}
        os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"

    def keep(self) -> None:
        shutil.copytree(self.home, self._as_loaded)

    def reset(self) -> None:
        """Let both be as they were before tests used them."""
        for folder in (self.home, self.temporary):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._as_loaded, self.home)
        self.temporary.mkdir()


def _load(heavy: Sequence[str]) -> None:
    # an editable install leads to a project that is whole
    sys.path[:] = [place for place in sys.path if _in_copy(place) or not Path(place, PACKAGE).exists()]
    for name in heavy:
        if importlib.util.find_spec(name.partition(".")[0]):
            importlib.import_module(name)
    if threading.active_count() > 1 or len(list(Path("/proc/self/task").glob("*"))) > 1:
        raise RuntimeError(f"A module started a thread, which a fork would not have: {threading.enumerate()}")


def _loaded() -> list[str]:
    """The files of the project that are loaded, seen from the copy."""
    files = (getattr(module, "__file__", None) for name, module in sys.modules.items() if _is_ours(name))
    return [str(Path(file).relative_to(Path.cwd())) for file in files if file]


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in OF_THE_PROJECT


def _answer(tests: Sequence[str], seconds: float, folders: _Folders) -> Answer:
    with tempfile.TemporaryFile("w+", dir=folders.home.parent, errors="replace") as printed:
        if not (fork := os.fork()):
            _run_in_fork(tests, printed)
        try:
            ended = _has_ended(fork, seconds)
        finally:
            # with what the tests left running; the fork is not yet waited for, so no other process has its id
            with suppress(ProcessLookupError):
                os.killpg(fork, signal.SIGKILL)
            _, status = os.waitpid(fork, 0)
        folders.reset()
        printed.seek(0)
        return Answer(os.waitstatus_to_exitcode(status) if ended else None, printed.read()[-3000:])


def _has_ended(fork: int, seconds: float) -> bool:
    latest = time.monotonic() + seconds
    while not (ended := os.waitid(os.P_PID, fork, os.WEXITED | os.WNOWAIT | os.WNOHANG)):
        if time.monotonic() > latest:
            break
        time.sleep(0.02)
    return ended is not None


def _run_in_fork(tests: Sequence[str], printed: TextIO) -> None:
    """Run the tests and end this process, whatever happens."""
    status = BROKE_DOWN
    try:
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(printed.fileno(), 1)
        os.dup2(printed.fileno(), 2)
        status = _run(tests)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _run(tests: Sequence[str]) -> int:
    import pytest

    for name in [name for name in sys.modules if _is_ours(name)]:
        del sys.modules[name]
    importlib.invalidate_caches()
    sys.argv = ["pytest", *OPTIONS, *tests]
    found = importlib.util.find_spec(PACKAGE)
    status = int(pytest.main([*OPTIONS, *tests]))
    specs = [getattr(module, "__spec__", None) for name, module in sys.modules.items() if _is_ours(name)]
    if others := sorted(
        {place for spec in (found, *specs) for place in _places(spec) if not _in_copy(place)}
    ):
        print(f"Code of the project came from elsewhere: {others}")
        return OTHER_CODE
    return status


def _places(spec: ModuleSpec | None) -> list[str]:
    """Where the code of a module is; none if a test made it."""
    if spec is None:
        return []
    return [
        *(spec.submodule_search_locations or []),
        *([spec.origin] if spec.has_location and spec.origin else []),
    ]


def _in_copy(place: str) -> bool:
    return Path(place).resolve().is_relative_to(Path.cwd())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
