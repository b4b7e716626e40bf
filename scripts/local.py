"""A sandbox and the environment of an Airflow that uses it, both on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

from scripts.machine_speed import scaled

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE_DAGS = ROOT / "example_dags"

CLIENTS = 5
"""How many the example of many clients has in its table."""
POOL = ("acoustic_exchange", "4", "Tasks that may call Acoustic Exchange at a time")
"""The pool of that example: name, slots, description."""

# A proxy that is meant for the internet must not be asked for this machine.
_direct = build_opener(ProxyHandler({}))


class Failure(Exception):
    """Something that the person at the terminal must read; no traceback is of use."""


def get_json(url: str) -> Any:
    """Read JSON from an address on this machine."""
    with _direct.open(url, timeout=scaled(10)) as answer:
        return json.load(answer)


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox in a process of its own."""

    url: str
    connections: Mapping[str, Mapping[str, Any]]

    def state(self) -> dict[str, Any]:
        """What each service holds now."""
        state: dict[str, Any] = get_json(f"{self.url}/sandbox/state")
        return state

    def secrets(self) -> set[str]:
        """What must not be seen anywhere."""
        found: set[str] = set()
        for connection in self.connections.values():
            found.add(str(connection["password"]))
            found.add(str(connection.get("extra", {}).get("refresh_token", "")))
        return found - {""}


@contextmanager
def running_sandbox(home: Path, *options: str) -> Iterator[RunningSandbox]:
    """Run the sandbox on a free port until the block ends.

    :param home: where its log goes, an existing folder.
    :param options: more options of ``python -m airflow_provider_activation.sandbox``.
    """
    log = home / "sandbox.log"
    with tempfile.TemporaryDirectory() as folder, log.open("w") as out:
        file = Path(folder) / "connections.json"
        command = [sys.executable, "-m", "airflow_provider_activation.sandbox", "--port", "0"]
        process = subprocess.Popen(
            [*command, "--connections", file, *options],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us, and we end it when nobody needs it any more
        )
        try:
            deadline = time.monotonic() + scaled(30)
            while not file.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise Failure(f"The sandbox did not start:\n{log.read_text()[-2000:]}")
                time.sleep(0.05)
            connections = json.loads(file.read_text())
            host = str(connections["dataddo_default"]["host"])
            yield RunningSandbox(host.removesuffix("/dataddo"), connections)
        finally:
            process.terminate()
            try:
                process.wait(scaled(10))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def airflow_environment(home: Path, sandbox: RunningSandbox) -> dict[str, str]:
    """The environment of an Airflow in a folder of its own, with the sandbox's connections."""
    # The person's own Airflow has no say in this one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    for conn_id, connection in sandbox.connections.items():
        environment[f"AIRFLOW_CONN_{conn_id.upper()}"] = json.dumps(connection)
    for name in ("NO_PROXY", "no_proxy"):
        environment[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1", "localhost"]))
    return environment | {
        # Airflow starts parts of itself by the name "airflow"
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLE_DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONUNBUFFERED": "1",
    }


def migrate(environment: Mapping[str, str], log: Path) -> None:
    """Make Airflow's database, or bring it up to date."""
    if _airflow(environment, log, "db", "migrate"):
        raise Failure(f"Airflow's database could not be made:\n{log.read_text()[-2000:]}")


def make_pool(environment: Mapping[str, str], log: Path) -> None:
    """Make the pool without which a scheduler starts no task of the example of many clients."""
    if _airflow(environment, log, "pools", "set", *POOL):
        raise Failure(f"The pool could not be made:\n{log.read_text()[-2000:]}")


def _airflow(environment: Mapping[str, str], log: Path, *command: str) -> int:
    with log.open("a") as out:
        return subprocess.run(
            [sys.executable, "-m", "airflow", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        ).returncode
