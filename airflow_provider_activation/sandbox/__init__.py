"""Fakes of the four services for development. They are stateful and strict, and listen on loopback.

Start the sandbox with ``python -m airflow_provider_activation.sandbox``, or in a test::

    from airflow_provider_activation.sandbox import Sandbox

    with Sandbox(port=0, consent="auto", step_seconds=0.05) as sandbox:
        print(sandbox.url)
        sandbox.misbehave("drop_after", service="dataddo", method="POST", path="/services")
        sandbox.habit("list_lag", service="delta-projects", seconds=5)

A misbehaviour concerns single requests, a habit all requests of a service. The front page lists all of them.
The sandbox follows the vendors' documents and shares no code with the client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_activation.sandbox.services import Sandbox

__all__ = ["Sandbox"]


def __getattr__(name: str) -> Any:
    # Imported on first use: a package scan must not load a web server.
    if name == "Sandbox":
        from airflow_provider_activation.sandbox.services import Sandbox

        return Sandbox
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
