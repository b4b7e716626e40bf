"""Run all example DAGs against one sandbox, twice, and check what they did: ``make demo-all``.

First all waits are deferred, as the examples say, then all stay on the worker. At the end the example that
starts by itself does so, on an Airflow with all its processes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from scripts import components
from scripts.demo import last_error, no_person, no_secret, say, shown_check
from scripts.local import (
    CLIENTS,
    ROOT,
    Failure,
    RunningSandbox,
    airflow_environment,
    get_json,
    migrate,
    running_sandbox,
)
from scripts.machine_speed import scaled
from scripts.outcome import Check, State, since, table, things
from scripts.postgresql import NotInstalled
from scripts.ui import free_port, wait_until_up
from scripts.warehouse import running_warehouse

HOME = ROOT / ".airflow-demo-all"
EXAMPLES = (
    "syndicate_audience",
    "acoustic_exchange_export",
    "delta_projects_activity",
    "dataddo_flow",
    "liveramp_distribution",
    "reauthorize_connections",
    "many_clients",
    "warehouse_audience",
)
WATCHES, MAKES_READY = "start_when_ready", "acoustic_exchange_export"
FETCHES_ITSELF = 20003
"""The endpoint of the sandbox for which a job becomes READY_FOR_DOWNLOAD."""
LONGEST = 240.0
"""Seconds on a quiet machine that anything here may take."""
TRIGGER_RAN = "[DAG TEST] Trigger completed"
"""What Airflow logs when the trigger of a deferred task has ended."""

DAY, WEEK = "[0-9]{4}-[01][0-9]-[0-3][0-9]", "[0-9]{4}-W[0-5][0-9]"
MARK = r" \[af:[0-9a-f]{12}\]"
"""The submission key behind a name."""
DIGEST = re.compile("[0-9a-f]{64}")
TEMPLATE_LEFT = re.compile(r"\{\{ |\{%|%[GVYmd]|GGGG|YYYY")
"""What a template or a directive that was not rendered looks like."""


def _rows(query: str, *values: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{HOME / 'airflow.db'}?mode=ro", uri=True, timeout=20)) as database:
        return database.execute(query, values).fetchall()


def _runs() -> list[tuple[str, str, str]]:
    """Each run so far: its DAG, its state, and when it ended."""
    return _rows("select dag_id, state, coalesce(end_date, '') from dag_run order by id")


def _last_state(dag_id: str) -> str:
    states = [state for dag, state, _ in _runs() if dag == dag_id]
    return states[-1] if states else "not run"


def run_all(environment: Mapping[str, str], log: Path, *, deferrable: bool) -> Iterator[Check]:
    """Run the examples one after the other, each to its end."""
    before, began, told = len(_runs()), time.monotonic(), 0
    start = log.stat().st_size
    command = [sys.executable, "-m", "scripts.run_dag", *EXAMPLES, *(["--deferrable"] if deferrable else [])]
    with log.open("a") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        while told < len(EXAMPLES):
            is_over = process.poll() is not None or time.monotonic() - began > scaled(LONGEST)
            for dag_id, state, end in _runs()[before + told :]:
                if not (end or is_over):
                    break
                yield Check(
                    f"{dag_id} succeeds ({time.monotonic() - began:.0f} s)", state == "success", state
                )
                told += 1
            if is_over:
                break
            time.sleep(0.3)
    finally:
        if process.poll() is None and told < len(EXAMPLES):
            process.kill()
        process.wait()
    yield from (Check(f"{dag_id} succeeds", False, "not run") for dag_id in EXAMPLES[told:])
    with log.open(errors="replace") as output:
        output.seek(start)
        triggers = output.read().count(TRIGGER_RAN)
    how = "waits are deferred" if deferrable else "no wait is deferred"
    yield Check(f"{how}: {triggers} triggers ran", (triggers > 0) == deferrable, f"{triggers}")


def _exactly(number: int, items: list[dict[str, Any]], what: str, **patterns: str) -> Check:
    """Check that there are so many items, and that the named fields of each match the patterns."""
    found = [", ".join(str(item[name]) for name in patterns) or str(item["id"]) for item in items]
    are_so = all(
        re.fullmatch(pattern, str(item[name])) for item in items for name, pattern in patterns.items()
    )
    return Check(
        f"exactly {number} {what}", len(items) == number and are_so, f"{len(items)}: {'; '.join(found)}"
    )


def checks(state: State, runs: int) -> Iterator[Check]:
    """What came to be at the services after so many runs of each example, by name and content."""
    everything, liveramp = state["acoustic-exchange"], state["liveramp"]
    delta, dataddo = state["delta-projects"], state["dataddo"]
    acoustic = {kind: [item for item in items if "tenant" not in item] for kind, items in everything.items()}

    # what exists is taken by the next run
    names = "Win-back|Lapsed customers|From the warehouse"
    yield _exactly(3, acoustic["segments"], f"segments offered: {names}", name=names)
    yield _exactly(1, liveramp["oAuthConnectionAttempts"], "request for consent", status="AUTHORIZED")
    yield _exactly(1, liveramp["integrationConnections"], "integration connection")
    names = "Win-back|Weekly audiences"
    yield _exactly(2, liveramp["distributionManagers"], f"distribution managers: {names}", name=names)
    yield _exactly(3, liveramp["segmentConfigs"], "segments in distribution", segmentID="500000000[12]")
    yield _exactly(1, dataddo["services"], "authorised service", status="True")
    labels = {"sources": "Snapchat (Insights|daily)", "flows": "GDS Flow|Snapchat daily to Data Studio"}
    for kind, label in labels.items():
        yield _exactly(2, dataddo[kind], f"{kind}, each run {runs} time(s)", label=label, runs=str(runs))

    # each run makes its own
    jobs = acoustic["jobs"]
    yield _exactly(
        4 * runs, jobs, "export jobs, complete and not empty", status="COMPLETE", records="[1-9].*"
    )
    yield _under_two_profiles(jobs)
    yield from _uploads(jobs, acoustic["endpoints"])
    yield from _of_tenants([job for job in everything["jobs"] if "tenant" in job], runs)
    activities = delta["activities"]
    yield _exactly(2 * runs, activities, "activities, all enabled", enabled="True")
    made = [activity for activity in activities if activity["name"].startswith("Win-back")]
    day = {"name": f"Win-back {DAY}{MARK}", "orderId": "WIN-BACK-[0-9]{8}"}
    yield _exactly(runs, made, "of them named after a day", **day)
    made = [activity for activity in activities if activity["name"].startswith("Week")]
    week = {"name": f"Week {WEEK}{MARK}", "orderId": "WEEKLY-[0-9]{4}W[0-5][0-9]"}
    yield _exactly(runs, made, "of them named after a week, such as 2026-W48", **week)

    delivered = {one["segmentID"] for one in liveramp["deliveries"] if one["status"] == "DELIVERED"}
    yield Check("each segment was delivered", delivered == {"5000000001", "5000000002"}, str(delivered))

    left = sorted(text for text in _texts(state) if TEMPLATE_LEFT.search(text))
    yield Check("no template and no directive is left as it stands", not left, "; ".join(left))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for part in value.values():
                yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)


def _uploads(jobs: list[dict[str, Any]], endpoints: list[dict[str, Any]]) -> Iterator[Check]:
    """Check the columns and a digest of what was uploaded."""
    registered = {
        column["name"]
        for endpoint in endpoints
        for database in ((endpoint["registration"] or {}).get("marketingDatabasesDefinition") or {}).get(
            "marketingDatabases", []
        )
        for column in (*database["identifiers"], *database["attributes"])
    }
    headers = [job["upload"]["header"] for job in jobs if job["upload"]]
    yield Check(
        f"each upload has the registered columns alone: {', '.join(sorted(registered))}",
        len(headers) == len(jobs) and all(set(header) <= registered for header in headers),
        str(headers),
    )
    first = [dict(zip(job["upload"]["header"], job["upload"]["firstRecord"], strict=True)) for job in jobs]
    wrong = [row for row in first if not DIGEST.fullmatch(row["email_sha256"])]
    yield Check("each address is a digest", not wrong, str(wrong))


def _under_two_profiles(jobs: list[dict[str, Any]]) -> Check:
    """Check that as many people came from the warehouse under both profiles, and with other digests."""
    found = {
        (job["destinationSegmentName"].split()[2], job["records"], job["upload"]["sha256"])
        for job in jobs
        if job["destinationSegmentName"].startswith("Warehouse")
    }
    columns = [set(column) for column in zip(*found, strict=True)]
    return Check(
        "one audience from the warehouse, under two profiles",
        [len(column) for column in columns] == [2, 1, 2],
        str(sorted(found)),
    )


def _of_tenants(jobs: list[dict[str, Any]], runs: int) -> Iterator[Check]:
    """Check that each client's account has its own audience, and no other's."""
    what = f"export jobs of {CLIENTS} clients, complete and not empty"
    yield _exactly(CLIENTS * runs, jobs, what, status="COMPLETE", records="[1-9].*")
    received = {(job["tenant"], job["upload"]["sha256"]) for job in jobs if job["upload"]}
    counted = [len({one[at] for one in received}) for at in (0, 1)]
    yield Check(
        "each client has one audience, and no two have the same",
        counted == [CLIENTS, CLIENTS] and len(received) == CLIENTS,
        f"{counted[1]} audiences at {counted[0]} accounts",
    )


def _until(what: str, condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + scaled(seconds)
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(f"{what} did not happen within {scaled(seconds):.0f} s.")
        time.sleep(0.5)


def starts_by_itself(environment: Mapping[str, str], sandbox: RunningSandbox, log: Path) -> Check:
    """Run an Airflow with all its processes until the watching DAG has started and ended by itself."""
    port = free_port()
    # the tasks use the Airflow of this home, which the runs before have filled
    real = {**environment, **components.settings(port), "AIRFLOW__CORE__PARALLELISM": "4"}
    running: dict[str, subprocess.Popen[bytes]] = {}

    def run(*module: str) -> None:
        with log.open("a") as out:
            command = [sys.executable, "-m", *module]
            subprocess.run(command, env=real, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=True)

    def watches() -> bool:
        requests = get_json(f"{sandbox.url}/sandbox/requests")
        return any("/jobs/" in request["path"] for request in requests[polls:])

    try:
        for name, options in components.COMPONENTS.items():
            running[name] = components.start(real, HOME / f"{name}.log", name, *options)
        wait_until_up(running, f"http://127.0.0.1:{port}", HOME)
        _until(
            "The reading of the DAG files",
            lambda: bool(_rows("select 1 from dag where dag_id = ?", WATCHES)),
            60,
        )
        polls = len(get_json(f"{sandbox.url}/sandbox/requests"))
        run("airflow", "dags", "unpause", WATCHES)
        # what is ready at the first look is no news
        _until("The first look at the jobs", watches, 90)
        # its own schedule would begin another run before this one
        conf = json.dumps({"destination_endpoint_id": FETCHES_ITSELF})
        run("scripts.run_dag", MAKES_READY, "--conf", conf)
        _until(f"The end of {WATCHES}", lambda: _last_state(WATCHES) in ("success", "failed"), LONGEST)
    except (Failure, subprocess.CalledProcessError) as failure:
        return Check(f"{WATCHES} starts by itself", False, str(failure))
    finally:
        components.stop(running, scaled(30))
    state = _last_state(WATCHES)
    return Check(f"{WATCHES} starts by itself and succeeds", state == "success", state)


def demo_all() -> bool:
    """Run everything, print it, and return whether all is as the DAGs mean it."""
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    log = HOME / "demo.log"
    began = time.monotonic()
    results: list[Check] = []

    def told(check: Check) -> None:
        results.append(check)
        shown_check(check)

    options = ("--consent", "auto", "--step-seconds", "0.5", "--tenants", str(CLIENTS))
    with running_warehouse() as warehouse, running_sandbox(HOME, *options) as sandbox:
        say(f"Airflow's own output goes to {log.relative_to(ROOT)}.")
        before = sandbox.state()
        environment = airflow_environment(HOME, sandbox) | warehouse
        migrate(environment, log)
        for runs, deferrable in enumerate((True, False), 1):
            say(f"\nAll examples, waits {'deferred' if deferrable else 'on the worker'}\n")
            for check in run_all(environment, log, deferrable=deferrable):
                told(check)
                if not check.holds:
                    for line in last_error(log):
                        say(f"  {line[:108]}")
            say(f"\nWhat came to be at the services, after {runs} run(s) of each\n")
            state = since(before, sandbox.state())
            for check in checks(state, runs):
                told(check)
        say("")
        for line in table(list(things(state))):
            say(line)
        say("\nThe DAG that waits for an event\n")
        told(starts_by_itself(environment, sandbox, log))
        told(no_secret(sandbox.secrets(), HOME))
        for check in no_person(since(before, sandbox.state()), HOME):
            told(check)
    failed = sum(not check.holds for check in results)
    say(f"\n{len(results) - failed} of {len(results)} as meant, in {time.monotonic() - began:.0f} s.")
    return not failed


def main() -> int:
    """Run the examples; the exit status tells whether all is as it should be."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.chdir(ROOT)
    try:
        return 0 if demo_all() else 1
    except (Failure, NotInstalled) as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
