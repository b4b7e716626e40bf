"""Shows after a run what the checks against the contracts rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Of each operation, how many answers there were and how many of them were successes."""
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
        for operation, successes, statuses in sorted(checked):
            terminalreporter.line(
                f"{operation}: {successes} of {sum(statuses.values())} succeeded, {statuses}"
            )
    successes, answers = sum(item[1] for item in checked), sum(sum(item[2].values()) for item in checked)
    terminalreporter.line(f"{len(checked)} operations, {answers} answers, {successes} of them successes")
