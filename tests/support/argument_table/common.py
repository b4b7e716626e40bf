"""What the rows of all services have in common."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import BaseNotifier

from argument_table.kinds import (
    DURATION,
    FLAG,
    LEFT_OUT,
    MODE,
    PLAIN_FLAG,
    WORD,
    Arguments,
    has,
    may,
)

FOLDER = Path(os.environ["AIRFLOW_HOME"], "argument_walk")
"""Where the files are that operators send and fetch."""


class Notifier(BaseNotifier):
    """Says nothing to nobody."""

    def notify(self, context: Any) -> None: ...


ON_UNCERTAIN = has(WORD, "adopt")
MAKES: Arguments = {"on_uncertain": ON_UNCERTAIN}
WAITS: Arguments = {
    "wait_for_completion": has(PLAIN_FLAG, False),
    "deferrable": has(PLAIN_FLAG, True),
    "poll_interval": has(DURATION, timedelta(minutes=2)),
    "timeout": has(DURATION, 3600),
}
CANCELS: Arguments = {"cancel_on_kill": may(FLAG, False)}
SIMULATES: Arguments = {"simulate": has(FLAG, True, False)}
"""What every operator and sensor takes."""
DELETES: Arguments = {"if_missing": has(WORD, "ignore")}
SENSES: Arguments = {
    "deferrable": has(PLAIN_FLAG, True),
    "poke_interval": may(DURATION, timedelta(minutes=2)),
    "poll_interval": may(DURATION, 90.5, beside={"poke_interval": LEFT_OUT}),
    "timeout": has(DURATION, 3600),
    "mode": has(MODE, "reschedule"),
}
WATCHES: Arguments = {
    "poll_interval": has(DURATION, 90.5),
    "report_existing": has(FLAG, True),
}
AT_ONCE: dict[str, Any] = {"wait_for_completion": False}
"""Nothing is waited for, so that a case ends at once."""
SOON: dict[str, Any] = {"timeout": 0.2, "poke_interval": 0.1}
"""What does not come at once never comes here."""
