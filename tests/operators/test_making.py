"""What Airflow does to the classes of operators and sensors, which each parse of a DAG file pays for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest
from airflow.sdk import BaseOperator

from airflow_provider_activation.get_provider_info import get_provider_info


def classes() -> Iterator[type[BaseOperator]]:
    """Our operators and sensors and the bases of them."""
    for kind in ("operators", "sensors"):
        for entry in get_provider_info()[kind]:
            for module in entry["python-modules"]:
                importlib.import_module(module)
    found = [BaseOperator]
    for base in found:
        found += [kind for kind in base.__subclasses__() if kind not in found]
    yield from (kind for kind in found if kind.__module__.startswith("airflow_provider_activation."))


@pytest.mark.parametrize("kind", list(classes()), ids=lambda kind: kind.__name__)
def test_airflow_wraps_each_init_once(kind: type[BaseOperator]) -> None:
    # an `__init__` that is inherited past a base without one is wrapped once more
    wrapped = getattr(vars(kind).get("__init__"), "__wrapped__", None)
    assert not hasattr(wrapped, "__wrapped__")
