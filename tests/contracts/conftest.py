"""Shows after a run what the checks of the sandbox against the contracts rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """How many answers there were, how many of them successes; with ``-v`` of each operation."""
    checked = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "answers" and report.when == "teardown"
    ]
    if not checked:
        return
    terminalreporter.section("answers checked against the contracts")
    if terminalreporter.verbosity > 0:
        for operation, successes, statuses in sorted(checked, key=lambda entry: str(entry[0])):
            terminalreporter.line(f"[{operation} {successes} successes, {dict(sorted(statuses.items()))}")
    answers = sum(sum(statuses.values()) for _, _, statuses in checked)
    successes = sum(successes for _, successes, _ in checked)
    terminalreporter.line(f"{len(checked)} operations, {answers} answers, {successes} of them successes")
