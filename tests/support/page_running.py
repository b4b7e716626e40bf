"""Runs the blocks of a page in their order, in one folder, and tells which failed.

As a program it is told the page, the lines of the blocks to run and the sandbox's connections as JSON on
standard input, and prints the failures as JSON. DAGs can be run only there: Airflow reads its home when it is
imported.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import shlex
import sys
import traceback
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from page_connections import Connections, usable

from scripts.machine_speed import scaled
from scripts.page_shell import TAIL, Said, Shell, compared
from scripts.pages import Block, blocks

LONGEST = scaled(240.0)
"""Seconds that one block may take."""
NO_EXTRA = "does not provide the extra"
"""What pip says of a misspelt extra, and goes on."""
RUN = ("python", "dag", "shell", "output", "file")
"""The kinds of blocks that are run in their order."""
SLOW = {"dag", "shell"}
"""Those of them that need an Airflow or take long."""


class PageRun:
    """Somebody who follows a page.

    :param folder: an empty folder to work in.
    :param connections: the sandbox's.
    """

    def __init__(self, page: Path, folder: Path, connections: Connections) -> None:
        self.failures: list[str] = []
        self._folder, self._connections = folder, connections
        self._module = ModuleType(f"page_{page.stem.replace('-', '_')}")
        self._shell: Shell | None = None
        self._printed: str | Said | None = None
        self._failed = False
        self._run_by_shell: set[str | None] = set()

    @property
    def names(self) -> dict[str, Any]:
        """What the blocks of Python have made."""
        return vars(self._module)

    def run(self, chosen: Collection[Block]) -> list[str]:
        """Run these blocks; returns what failed, each with page and line."""
        sys.modules[self._module.__name__] = self._module
        self._run_by_shell = {block.runs for block in chosen}
        try:
            # what a shell has exported is known to Python until the end of the page
            with mock.patch.dict(os.environ):
                for block in chosen:
                    self._run(block)
        finally:
            del sys.modules[self._module.__name__]
            if self._shell is not None:
                self._shell.__exit__()
        return self.failures

    def _run(self, block: Block) -> None:
        if block.kind == "output":
            self._compare(block)
            return
        self._printed, self._failed = None, False
        if block.saved_as and block.kind != "dag":
            file = self._folder / block.saved_as
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.code)
        elif block.kind == "python":
            self._python(block)
        elif block.kind == "dag":
            self._dag(block)
        elif block.kind == "shell":
            self._in_shell(block)

    def _fail(self, place: object, why: str) -> None:
        self.failures.append(f"{place}: {why}")
        self._failed = True

    def _compare(self, block: Block) -> None:
        if self._failed:
            return  # the block before it, which is told
        wrong = "the block before it is not run" if self._printed is None else compared(block, self._printed)
        if wrong:
            self._fail(block, wrong)

    def _python(self, block: Block) -> None:
        printed = io.StringIO()
        try:
            with redirect_stdout(printed):
                exec(compile(block.placed, block.name, "exec", dont_inherit=True), self.names)
        except (Exception, SystemExit) as error:
            self._fail(f"{block.name}:{_line(error, block.name) or block.line}", _said(error))
        else:
            self._printed = printed.getvalue()

    def _dag(self, block: Block) -> None:
        file = self._folder / (block.saved_as or f"dags/{block.dag_id}.py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.code)
        if block.dag_id in self._run_by_shell:
            return
        log = Path(os.environ["AIRFLOW_HOME"], f"line_{block.line}.log")
        try:
            with _printed_to(log):
                failed = _unfinished(file)
        except (Exception, SystemExit) as error:
            line = _line(error, str(file))
            self._fail(f"{block.name}:{block.line + line if line else block.line}", _said(error))
            return
        self._printed = log.read_text()
        if failed:
            self._fail(block, f"the DAG is not green: {failed}\n{self._printed[-TAIL:]}")
            self._printed = None

    def _in_shell(self, block: Block) -> None:
        if self._shell is None:
            self._shell = Shell(self._folder, os.environ)
        if all(line.startswith(("make ", "#")) for line in block.code.splitlines() if line):
            # what they make is made by make test-all
            said = self._shell.run_text(f'(cd "$PAGES_ROOT"; export MAKEFLAGS=n; {block.code})', LONGEST)
        else:
            said = self._shell.run(block, LONGEST)
        if said.failed or NO_EXTRA in said.everything:
            self._fail(block, f"a command failed:\n{said.everything[-TAIL:]}")
            # bash has ended, or begins again
            self._shell.__exit__()
            self._shell = None
            return
        self._printed = said
        shown = {
            f"AIRFLOW_CONN_{name.upper()}": usable(value, self._connections)
            for name, value in block.connections.items()
        }
        os.environ.update(self._shell.environment | shown)
        for name, value in shown.items():
            self._shell.run_text(f"export {name}={shlex.quote(value)}", LONGEST)


def _line(error: BaseException, file: str) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if frame.filename == file), None)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


@contextmanager
def _printed_to(log: Path) -> Iterator[None]:
    """Lead all that this process prints into a file."""
    sys.stdout.flush()
    kept = [os.dup(stream) for stream in (1, 2)]
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    try:
        yield
    finally:
        sys.stdout.flush()
        for stream, old in zip((1, 2), kept, strict=True):
            os.dup2(old, stream)
        for one in (file, *kept):
            os.close(one)


def _unfinished(file: Path) -> str:
    """Run the DAGs that a file makes; returns what of them is not green."""
    from airflow.sdk.definitions._internal.contextmanager import DagContext

    from airflow_provider_activation.waits import pace
    from scripts.run_dag import FIRST_LOOK_AFTER, hasten

    pace.FIRST_LOOK_AFTER = FIRST_LOOK_AFTER
    name = file.stem
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(file.parent))
    DagContext.autoregistered_dags = set()
    DagContext.current_autoregister_module_name = name
    try:
        spec.loader.exec_module(module)
    finally:
        DagContext.current_autoregister_module_name = None
        sys.path.remove(str(file.parent))
    dags = [dag for dag, _ in DagContext.autoregistered_dags]
    failed = [] if dags else ["there is none"]
    for dag in dags:
        hasten(dag, deferrable=None)
        run: Any = dag.test()
        failed += [
            f"{one.task_id} is {one.state}" for one in run.get_task_instances() if one.state == "failed"
        ] or ([] if run.state == "success" else [f"the run is {run.state}"])
    return ", ".join(failed)


def main() -> None:
    """Run a page as it is told on standard input."""
    told: Mapping[str, Any] = json.load(sys.stdin)
    page = Path(told["page"])
    chosen = [block for block in blocks(page) if block.line in told["lines"]]
    failures = PageRun(page, Path.cwd(), told["connections"]).run(chosen)
    print(f"\n{json.dumps(failures)}", flush=True)


if __name__ == "__main__":
    main()
