"""What Airflow's pages say before anything runs: the provider, and a DAG that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest
from airflow_pages import import_error, row
from listening import beyond_loopback

from airflow_provider_activation import __version__
from airflow_provider_activation.get_provider_info import get_provider_info

if TYPE_CHECKING:
    from real_browser import Visitor

pytest.importorskip("playwright", reason="make test-browser installs it")


def test_the_provider_is_listed_with_its_version(visitor: Visitor) -> None:
    info = get_provider_info()
    listed = row(visitor.open("/providers"), info["package-name"])
    listed.wait_for()
    cells = listed.get_by_role("cell").all_inner_texts()
    assert cells == [info["package-name"], __version__, info["description"].rstrip(".")]


def test_a_wrong_argument_is_named_with_what_to_do(visitor: Visitor) -> None:
    said = import_error(visitor.open("/"), "wrong_dag.py")
    assert "InvalidArgument: enabled must be True or False" in said
    assert "'perhaps'" in said
    assert "What to do: Correct the task's arguments" in said


def test_a_wrong_argument_is_named_with_its_task_and_line(visitor: Visitor) -> None:
    said = import_error(visitor.open("/"), "wrong_dag.py")
    assert "Task: 'enable_activity', DeltaProjectsUpdateActivityOperator" in said
    assert "DeltaProjectsUpdateActivityOperator(" in said


def test_nothing_listens_beyond_loopback(visitor: Visitor) -> None:
    visitor.open("/")
    started = [process.pid for process in psutil.Process().children(recursive=True)]
    assert any("chromium" in process.name() for process in map(psutil.Process, started))
    assert beyond_loopback(started) == []
