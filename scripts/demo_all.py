"""Run all example DAGs against one sandbox, twice, and check what they did: ``make demo-all``.

First all of them wait on the worker, then all are deferred. At the end the one that starts by itself does
so, on an Airflow with all its processes.
"""

from __future__ import annotations

import csv
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
from scripts.demo import last_error, no_secret, say, shown_check
from scripts.local import (
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
from scripts.ui import free_port, wait_until_up

HOME = ROOT / ".airflow-demo-all"
EXAMPLES = (
    "syndicate_audience",
    "acoustic_exchange_export",
    "delta_projects_activity",
    "dataddo_flow",
    "liveramp_distribution",
    "reauthorize_connections",
)
WATCHES, MAKES_READY = "start_when_ready", "acoustic_exchange_export"
FETCHES_ITSELF = 20003
"""The endpoint of the sandbox for which a job becomes READY_FOR_DOWNLOAD."""
LONGEST_RUN = 240.0
"""Seconds on a quiet machine."""
COLUMNS = ["email_sha256", "last_purchase"]
"""What the endpoint has registered."""


def _rows(query: str, *values: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{HOME / 'airflow.db'}?mode=ro", uri=True, timeout=20)) as database:
        return database.execute(query, values).fetchall()


def _last_state(dag_id: str) -> str:
    found = _rows("select state from dag_run where dag_id = ? order by id desc limit 1", dag_id)
    return found[0][0] if found else "not run"


def run_all(environment: Mapping[str, str], log: Path, *, deferrable: bool) -> Iterator[Check]:
    """Run the examples one after the other, each to its end."""
    for dag_id in EXAMPLES:
        began = time.monotonic()
        command = [sys.executable, "-m", "scripts.run_dag", dag_id, *(["--deferrable"] if deferrable else [])]
        with log.open("a") as out:
            subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=scaled(LONGEST_RUN),
            )
        state = _last_state(dag_id)
        how = "deferred" if deferrable else "on the worker"
        yield Check(f"{dag_id} succeeds, {how} ({time.monotonic() - began:.0f} s)", state == "success", state)


def _named(items: list[dict[str, Any]], name: str, pattern: str) -> list[str]:
    return [item[name] for item in items if re.fullmatch(pattern, item[name])]


def _just(found: list[Any], number: int, what: str) -> Check:
    return Check(f"{what}: {number}", len(found) == number, f"{len(found)}: {found}")


def checks(state: State, runs: int) -> Iterator[Check]:
    """What came to be at the services after so many runs of each example, by name and content."""
    acoustic, liveramp = state["acoustic-exchange"], state["liveramp"]
    delta, dataddo = state["delta-projects"], state["dataddo"]
    activities = delta["activities"]
    yield _just(_named(acoustic["segments"], "name", "Win-back|Lapsed customers"), 2, "segments offered")
    jobs = [job for job in acoustic["jobs"] if job["status"] == "COMPLETE" and job["records"]]
    yield _just([job["jobId"] for job in jobs], 2 * runs, "export jobs that are complete, with records")
    # the submission key stands behind each name
    marked = r" \[apa:\w+\]"
    names = _named(activities, "name", rf"Win-back \d{{4}}-\d\d-\d\d{marked}")
    yield _just(names, runs, "activities named after a day")
    names = _named(activities, "name", rf"Week \d{{4}}-W[0-5]\d{marked}")
    yield _just(names, runs, "activities named after a week")
    yield _just(
        [one for one in activities if one["enabled"]], 2 * runs, "activities enabled, no other is there"
    )
    yield Check("no other activity is there", len(activities) == 2 * runs, f"{len(activities)} activities")
    # what exists is taken by the next run
    yield _just(liveramp["oAuthConnectionAttempts"], 1, "requests for consent")
    yield _just(liveramp["integrationConnections"], 1, "integration connections")
    managers = _named(liveramp["distributionManagers"], "name", "Win-back|Weekly audiences")
    yield _just(managers, 2, "distribution managers")
    configs = [(one["distributionManagerID"], one["segmentID"]) for one in liveramp["segmentConfigs"]]
    yield _just(sorted(set(configs)), len(configs), "segments in distribution, none twice")
    yield _just(dataddo["services"], 1, "authorised services")
    yield _just(_named(dataddo["sources"], "label", "Snapchat (Insights|daily)"), 2, "sources")
    yield _just([flow["id"] for flow in dataddo["flows"]], 2, "flows")
    ran = {item["runs"] for kind in ("sources", "flows") for item in dataddo[kind]}
    yield Check(f"each source and flow ran once a run: {runs}", ran == {runs}, str(ran))


def files_hold_what_is_registered() -> Check:
    """Check the columns and the digests of each audience file."""
    wrong = []
    files = sorted((HOME / "audiences").glob("*.csv"))
    for path in files:
        with path.open(newline="") as file:
            reader = csv.DictReader(file)
            good = all(re.fullmatch("[0-9a-f]{64}", row["email_sha256"]) for row in reader)
        if reader.fieldnames != COLUMNS or not good or "@" in path.read_text():
            wrong.append(path.name)
    what = f"all {len(files)} audience files hold digests and registered columns only"
    return Check(what, bool(files) and not wrong, ", ".join(wrong))


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

    def airflow(*command: str) -> None:
        with log.open("a") as out:
            arguments = [sys.executable, "-m", "airflow", *command]
            subprocess.run(arguments, env=real, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=True)

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
        airflow("dags", "unpause", WATCHES)
        # what is ready at the first look is no news
        _until("The first look at the jobs", watches, 90)
        airflow("dags", "unpause", MAKES_READY)
        conf = json.dumps({"destination_endpoint_id": FETCHES_ITSELF})
        airflow("dags", "trigger", MAKES_READY, "--conf", conf)
        _until(f"The end of {WATCHES}", lambda: _last_state(WATCHES) in ("success", "failed"), LONGEST_RUN)
    except Failure as failure:
        return Check(f"{WATCHES} starts by itself", False, str(failure)[:500])
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

    with running_sandbox(HOME, "--consent", "auto", "--step-seconds", "0.5") as sandbox:
        say(f"Airflow's own output goes to {log.relative_to(ROOT)}.")
        before = sandbox.state()
        environment = airflow_environment(HOME, sandbox)
        migrate(environment, log)
        for runs, deferrable in enumerate((False, True), 1):
            say(f"\nAll examples, run {runs}\n")
            for check in run_all(environment, log, deferrable=deferrable):
                told(check)
                if not check.holds:
                    for line in last_error(log):
                        say(f"  {line[:108]}")
            say(f"\nWhat came to be at the services in {runs} run(s) of each\n")
            state = since(before, sandbox.state())
            for check in checks(state, runs):
                told(check)
        say("")
        for line in table(list(things(state))):
            say(line)
        say("\nThe DAG that waits for an event\n")
        told(starts_by_itself(environment, sandbox, log))
        told(files_hold_what_is_registered())
        told(no_secret(sandbox.secrets(), HOME))
    failed = sum(not check.holds for check in results)
    say(f"\n{len(results) - failed} of {len(results)} as meant, in {time.monotonic() - began:.0f} s.")
    return not failed


def main() -> int:
    """Run the examples; the exit status tells whether all is as it should be."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.chdir(ROOT)
    try:
        return 0 if demo_all() else 1
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
