"""What a DAG run does, read from Airflow's SQLite database while it runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

ENDED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Task:
    """A task instance, as the database has it now."""

    name: str
    state: str | None
    seconds: float | None
    result: str | None

    @property
    def ended(self) -> bool:
        """Whether it will not run any more."""
        return self.state in ENDED


def _seconds(start: str | None, end: str | None) -> float | None:
    if start is None or end is None:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def _plain(value: str | None) -> str | None:
    """An XCom on one line: fields with their values, without those that are empty."""
    return None if value is None else _line(json.loads(value)) or None


def _line(value: Any) -> str:
    match value:
        case dict():
            return ", ".join(f"{key} {_line(part)}" for key, part in value.items() if part not in EMPTY)
        case list():
            return "; ".join(map(_line, value))
        case None:
            return ""
    return str(value)


class Progress:
    """Follows the one DAG run in a database."""

    def __init__(self, database: Path) -> None:
        self._database = f"file:{database}?mode=ro"
        self._ended: set[str] = set()
        self.tasks: list[Task] = []

    def look(self) -> Iterator[Task]:
        """Read all tasks and yield those that have ended since the last look."""
        with closing(sqlite3.connect(self._database, uri=True, timeout=5)) as database:
            rows = database.execute(
                "select i.task_id, i.state, i.start_date, i.end_date, x.value from task_instance i"
                " left join xcom x on x.dag_id = i.dag_id and x.run_id = i.run_id and x.task_id = i.task_id"
                " and x.map_index = i.map_index and x.key = 'return_value'"
                " order by i.end_date is null, i.end_date, i.task_id"
            ).fetchall()
        self.tasks = [
            Task(name, state, _seconds(start, end), _plain(value)) for name, state, start, end, value in rows
        ]
        for task in self.tasks:
            if task.ended and task.name not in self._ended:
                self._ended.add(task.name)
                yield task

    def xcoms(self, key: str) -> dict[str, Any]:
        """The XComs of a key, by their tasks, in the order in which these ended."""
        with closing(sqlite3.connect(self._database, uri=True, timeout=5)) as database:
            rows = database.execute(
                "select x.task_id, x.value from xcom x join task_instance i on i.dag_id = x.dag_id and"
                " i.run_id = x.run_id and i.task_id = x.task_id and i.map_index = x.map_index"
                " where x.key = ? order by i.end_date",
                (key,),
            ).fetchall()
        return {name: json.loads(value) for name, value in rows}

    def asset_events(self) -> int:
        """How many events of assets there are."""
        with closing(sqlite3.connect(self._database, uri=True, timeout=5)) as database:
            (number,) = database.execute("select count(*) from asset_event").fetchone()
        return int(number)

    @property
    def running(self) -> list[str]:
        """The tasks that are at work or wait."""
        return [task.name for task in self.tasks if task.state in {"running", "deferred", "queued"}]
