"""Broken lines of ``waits/``, of triggers and sensors, and of the retry policy."""

from __future__ import annotations

from scripts.sabotage.entry import Sabotage

SABOTAGES = (
    Sabotage(
        "waits/probe.py",
        "self.odd_answers > MOST_ODD_ANSWERS:",
        "self.odd_answers > 0:",
        "tests/waits/test_waits.py",
    ),
    Sabotage(
        "waits/probe.py",
        "body=last.said)",
        "body=None)",
        "tests/waits/test_waits.py",
    ),
    Sabotage(
        "triggers/wait.py",
        "min(pace.FIRST_LOOK_AFTER, max(0.0, self.deadline - time.time()))",
        "0.0",
        "tests/waits/test_first_looks.py",
    ),
    Sabotage(
        "waits/probe.py",
        "        again, self._refused = self._refused and not renewed, True\n",
        "        again = True\n",
        "tests/adversary/test_adversary_polls.py",
    ),
    Sabotage(
        "triggers/wait.py",
        ', "deadline", "cancel_on_kill")',
        ', "deadline")',
        "tests/stored/test_stored_names.py",
    ),
    Sabotage(
        "sensors/base.py",
        "raise AirflowSensorTimeout(str(error)) from None",
        "raise",
        "tests/sensors",
    ),
    Sabotage(
        "retry_policy.py",
        "if not exception.retry_helps:",
        "if exception.retry_helps:",
        "tests/retries",
    ),
    Sabotage(
        "waits/acoustic_exchange.py",
        "without_marks(str(job.error_details))",
        "job.error_details",
        "tests/adversary/test_adversary_safe.py -k services_that_quote",
    ),
)
