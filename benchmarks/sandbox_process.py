"""The sandbox in a process of its own, with as many LiveRamp segments as are asked for.

Hears ``{"segments": n}``, then names of the sandbox's methods with arguments; says what they return.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

from airflow_provider_activation.sandbox import Sandbox
from airflow_provider_activation.sandbox.core.app import Application
from airflow_provider_activation.sandbox.liveramp.seeds import SEGMENTS
from benchmarks.children import hear, keep_stdout_for_the_parent, say

FIRST_SEGMENT = 5100000001
STEP = 100_000.0
"""Seconds a job or a delivery stays in each of its states, unless the parent lets the time pass."""
LONG = 1_000_000
"""Seconds a token is good for."""


class CountingSandbox(Sandbox):
    """Counts what its books say, and empties them: they are long enough for people, not for a bench."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._counted: Counter[str] = Counter()

    def asked(self) -> list[tuple[str, int]]:
        """How often it was asked what so far; ids are left out."""
        for request in self._ask(_taken):
            path = re.sub(r"[0-9]{4,}", "*", request["path"])
            self._counted[f"{request['method']} {path}"] += 1
        return list(self._counted.items())


def _taken(application: Application) -> list[dict[str, Any]]:
    requests = application.recorder.as_json()
    application.recorder.clear()
    return requests


def main() -> None:
    """Serve until the parent has gone."""
    keep_stdout_for_the_parent()
    wanted = hear()["segments"]
    ids = [str(FIRST_SEGMENT + number) for number in range(wanted)]
    example = next(segment for segment in SEGMENTS.values() if segment.type == "ONBOARDING")
    SEGMENTS.update({segment_id: replace(example, id=segment_id) for segment_id in ids})
    options = {"consent": "auto", "step_seconds": STEP, "token_seconds": LONG}
    with CountingSandbox(port=0, **options) as sandbox:
        say({"url": sandbox.url, "connections": sandbox.connections, "segments": ids})
        while (question := hear()) is not None:
            name, arguments = question
            say(getattr(sandbox, name)(**arguments))


if __name__ == "__main__":
    main()
