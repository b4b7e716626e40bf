"""The four services, faked for development: stateful, strict, on loopback.

Start it with ``python -m airflow_provider_activation.sandbox``, or inside a test::

    from airflow_provider_activation.sandbox import Sandbox

    with Sandbox(port=0, consent="auto", step_seconds=0.05) as sandbox:
        print(sandbox.url)

Everything here is written from the vendors' documents alone and shares no code with the client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_activation.sandbox.core.server import Sandbox

__all__ = ["Sandbox"]


def __getattr__(name: str) -> Any:
    # Imported on first use only: a package scan must not pay for a web server.
    if name == "Sandbox":
        from airflow_provider_activation.sandbox.core.server import Sandbox

        return Sandbox
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
