"""Writes ``.airflow-registry.yaml``, from which Airflow's registry of providers takes what it shows.

Run by ``make coverage``. `make test` fails when the file and the code do not agree.
"""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml
from task_pages import AUDIENCES, public_module, sentences, tasks, triggers

from airflow_provider_activation.get_provider_info import CONNECTION_TYPES, get_provider_info

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / ".airflow-registry.yaml"
HEAD = "# What Airflow's registry of providers shows. Made by `make coverage`.\n"
SERVICES = (*(one["connection-type"] for one in CONNECTION_TYPES), AUDIENCES)


def content() -> str:
    """The whole file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    info = get_provider_info()
    return HEAD + yaml.safe_dump(
        {
            "package-name": project["name"],
            "display-name": info["name"],
            "description": f"{project['description']}, with durable execution.",
            "docs-url": project["urls"]["Documentation"],
            "source-url": project["urls"]["Source"],
            "operators": list(_entries("operators")),
            "sensors": list(_entries("sensors")),
            "triggers": [_entry(found) for service in SERVICES for found in triggers(service)],
            "hooks": [
                {"module": one["hook-class-name"], "description": f"Call any endpoint of {one['hook-name']}."}
                for one in CONNECTION_TYPES
            ],
        },
        sort_keys=False,
        width=110,
    )


def _entries(kind: str) -> Iterator[dict[str, str]]:
    for service in SERVICES:
        yield from (_entry(found) for found in tasks(service, kind))


def _entry(kind: type) -> dict[str, str]:
    first = sentences(inspect.getdoc(kind) or "")[0]
    return {"module": f"{public_module(kind)}.{kind.__name__}", "description": first}


if __name__ == "__main__":
    FILE.write_text(content())
