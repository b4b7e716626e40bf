"""The operators and sensors that Airflow is told of."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator

from airflow.sdk import BaseOperator

from airflow_provider_activation.get_provider_info import get_provider_info


def public_classes() -> Iterator[type[BaseOperator]]:
    """Each once, in the order of the modules."""
    for kind in ("operators", "sensors"):
        for entry in get_provider_info()[kind]:
            (name,) = entry["python-modules"]
            module = importlib.import_module(name)
            for found in vars(module).values():
                if (
                    inspect.isclass(found)
                    and issubclass(found, BaseOperator)
                    and _has_a_name_for_users(found)
                ):
                    yield found


def _has_a_name_for_users(found: type) -> bool:
    services = ("LiveRamp", "AcousticExchange", "DeltaProjects", "Dataddo")
    audiences = ("PrepareAudience", "CheckAudience", "DeleteAudience")
    return (
        found.__name__.startswith((*services, *audiences))
        and found.__name__.endswith(("Operator", "Sensor"))
        and not inspect.isabstract(found)
    )
