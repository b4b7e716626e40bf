"""Writes down what a task logs, as a person reads it, and compares it with a text that is committed.

With ``GOLDEN_LOGS=write`` in the environment the texts are written anew: read each of them before you
commit it.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, Self

import structlog
from airflow.providers.common.compat.sdk import AirflowSkipException
from airflow.sdk import BaseOperator
from task_running import Task

from airflow_provider_activation.sandbox import Sandbox

FOLDER = Path(__file__).parents[1] / "log"
OF_THE_TEST = ("outside of the Task Runner", "shall not contain '_'")
"""In what Airflow says because a test runs the task; the second, of connections, Airflow 3.1 alone."""
CHANGING = (
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\baf:[0-9A-Za-z]+", "af:<key>"),
    (r"\b[0-9a-f]{24}\b", "<id>"),
    (r"-[0-9a-f]{12}(\.rejects)?\.csv", r"-<run>\1.csv"),
    (r"\bkey [0-9a-f]{12}\b", "key <key>"),
    (r"\(received \d+ bytes, expected \d+\)", "(received <n> bytes, expected <n>)"),
    (r"run duration of [\d.]+ seconds", "run duration of <duration>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?", "<time>"),
    (r"(localhost|127\.0\.0\.1):\d+", "<host>"),
    (r"\b(after|in|within|last) \d+(\.\d+)? (s|min|h)(econds)?\b", r"\1 <duration>"),
    (r"\(\d+ times in", "(<n> times in"),
    (r"\d+(\.\d+)? s\)", "<duration>)"),
    (r"at most [\d.]+ (s|min|h|days)", "at most <duration>"),
    # a connection that the service drops ends in one of two ways, as the system comes to see it
    (
        r"ReadError: \[Errno \d+\] Connection reset by peer",
        "RemoteProtocolError: Server disconnected without sending a response",
    ),
)
"""What no two runs have in common."""


class Lines(logging.Handler):
    """What tasks log, through Airflow's task logger, which is structlog's, and Python's."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    @contextmanager
    def listening(self) -> Iterator[Self]:
        """Listen until the block ends."""
        package, processors = (
            logging.getLogger("airflow_provider_activation"),
            structlog.get_config()["processors"],
        )
        kept, level = list(processors), package.level
        # in place: loggers that exist already have this list
        processors[:] = [self._take]
        package.addHandler(self)
        package.setLevel(logging.INFO)
        try:
            yield self
        finally:
            processors[:] = kept
            package.removeHandler(self)
            package.setLevel(level)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")

    def _take(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> NoReturn:
        text = str(event["event"])
        if arguments := event.get("positional_args"):
            text %= arguments
        if method != "debug" and not any(one in text for one in OF_THE_TEST):
            self.lines.append(f"{method.upper()} {text}")
        raise structlog.DropEvent


class GoldenLogs(Lines):
    """What the tasks of one test log, compared with committed texts.

    :param folder: a folder whose name is left out of the texts.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        super().__init__()
        self._sandbox, self._folder = sandbox, folder

    def run(self, golden: str, operator: Callable[[], BaseOperator] | Task, tries: int = 1) -> Any:
        """Run a task and compare what it logs with a text.

        :param golden: the text's name in `FOLDER`.
        :param tries: how many tries the task has; all of them but the last one may fail.
        """
        task = operator if isinstance(operator, Task) else Task(operator)
        lines: list[str] = []
        result = None
        for number in range(1, tries + 1):
            lines += [f"-- try {number}"] if tries > 1 else []
            self.lines.clear()
            try:
                result = task.run()
            except AirflowSkipException as skipped:
                end = f"SKIPPED {skipped}"
            except Exception as error:
                end = f"ERROR {type(error).__name__}: {error}"
            else:
                end = "SUCCESS"
            lines += [*self.lines, end]
        lines.insert(0, self._heading(task))
        compare(Path(FOLDER, f"{golden}.txt"), self._lasting("\n".join(lines)) + "\n")
        return result

    @staticmethod
    def _heading(task: Task) -> str:
        if task.operator is None:
            return "== refused when the DAG is parsed"
        return f"== {type(task.operator).__name__}, task {task.operator.task_id}"

    def _lasting(self, text: str) -> str:
        for secret in self._sandbox.secrets.values():
            assert str(secret) not in text, "a secret is in the log"
        return lasting(text, self._folder)


def lasting(text: str, folder: Path) -> str:
    """What a log has in common with that of another run.

    :param folder: a folder whose name is left out.
    """
    text = text.replace(str(folder), "<folder>")
    # how often a sensor polls in which state is a matter of speed
    text = re.sub(r"^INFO .*: ([A-Z_]+|no delivery of .* yet)\.( \[.*\])?\n", "", text, flags=re.MULTILINE)
    for pattern, placeholder in CHANGING:
        text = re.sub(pattern, placeholder, text)
    return text


LOGGER = r"(?:airflow\.task\.\w+\.)?(airflow_provider_activation[\w.]+)"
LOGGED = re.compile(rf"^\S+Z \[(info|warning|error) *\] (.*) \[{LOGGER}\]")


def lines_of_tasks(output: str, folder: Path) -> str:
    """What the tasks of this package logged on a real Airflow, sorted; each line ends with its logger."""
    found = [match.groups() for line in output.splitlines() if (match := LOGGED.match(line))]
    text = "".join(f"{level.upper()} {text} [{name.rpartition('.')[2]}]\n" for level, text, name in found)
    text = re.sub(r"manual__\S+\.csv", "<run>.csv", lasting(text, folder))
    return "".join(sorted(re.sub(r"\d{4}-\d\d-\d\d", "<day>", text).splitlines(keepends=True)))


def compare(golden: Path, logged: str) -> None:
    """Compare a log with a text that is committed, or write the text."""
    if os.environ.get("GOLDEN_LOGS") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(logged)
    wanted = golden.read_text() if golden.exists() else ""
    differences = difflib.unified_diff(
        wanted.splitlines(), logged.splitlines(), str(golden.name), "logged", lineterm=""
    )
    assert wanted == logged, "\n".join(differences)
