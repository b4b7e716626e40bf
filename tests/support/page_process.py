"""Runs a page in a process with an Airflow of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from airflow_home import make_home
from dag_running import ROOT, environment
from page_running import LONGEST

from airflow_provider_activation.sandbox import Sandbox
from scripts.pages import Block

PIP = {"PIP_NO_INDEX": "1", "PIP_DRY_RUN": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
"""What pages install is here already, or the block fails."""


def page_environment(home: Path, folder: Path, sandbox: Sandbox) -> dict[str, str]:
    """The environment of who follows a page in a folder."""
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    support = os.pathsep.join(map(str, (ROOT, ROOT / "tests" / "support")))
    return environment(
        home,
        sandbox.connections,
        **PIP,
        AIRFLOW__CORE__DAGS_FOLDER=str(folder / "dags"),
        PYTHONPATH=support,
        PATH=search,
        NO_COLOR="1",
        PAGES_ROOT=str(ROOT),
    )


def run_apart(page: Path, chosen: Iterable[Block], place: Path, sandbox: Sandbox) -> list[str]:
    """Run blocks of a page in a process of its own; returns what failed.

    :param place: an empty folder.
    """
    home, folder = place / "home", place / "work"
    make_home(home)
    folder.mkdir()
    lines = [block.line for block in chosen]
    told = json.dumps({"page": str(page), "lines": lines, "connections": sandbox.connections})
    done = subprocess.run(
        [sys.executable, "-m", "page_running"],
        input=told,
        env=page_environment(home, folder, sandbox),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LONGEST * max(1, len(lines)),
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    failures: list[str] = json.loads(done.stdout.splitlines()[-1])
    return failures
