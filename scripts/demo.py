"""Run the example DAG on a real Airflow against the sandbox, and check what it did: ``make demo``."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from scripts.local import ROOT, Failure, airflow_environment, migrate, running_sandbox
from scripts.outcome import WIDTH, Check, State, checks, since, table, things
from scripts.progress import Progress, Task

DAG = "syndicate_audience"
HOME = ROOT / ".airflow-demo"
PURCHASES = ROOT / "example_dags" / "data" / "CDNOW_sample.txt"
TASK_WIDTH = 40
OWN = 2
"""How many tasks of the DAG are the user's own."""
INACTIVE_DAYS = 180
"""The default of the DAG's param."""
PERSON = re.compile(rb"customer[-.][0-9]{4,5}@|customer [0-9]{4,5}\b|\+46 70 [0-9]{3}", re.IGNORECASE)
"""What the shop's customers are called, wherever it must not be."""

WORDS = {"success": "ok", "failed": "FAILED", "upstream_failed": "not run"}
COLOURS = {"ok": "32", "FAILED": "31", "skipped": "33"}
COLOURED = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
LOG_LINE = re.compile(r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


def say(line: str = "") -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


def _word(word: str, width: int = 8) -> str:
    padded = word.ljust(width)
    return f"\x1b[{COLOURS.get(word, '0')}m{padded}\x1b[0m" if COLOURED else padded


def _shown(text: str, room: int) -> str:
    text = " ".join(text.replace(f"{ROOT}/", "").split())
    return text if len(text) <= room else text[: room - 3] + "..."


def _task_line(task: Task) -> str:
    state = task.state or "no state"
    word = WORDS.get(state, state)
    seconds = "" if task.seconds is None else f"{task.seconds:.1f} s"
    start = f"{_word(word)} {seconds:>7}  {task.name.ljust(TASK_WIDTH)}"
    return f"{start} {_shown(task.result or '', WIDTH - 19 - TASK_WIDTH)}".rstrip()


def run_dag(
    environment: Mapping[str, str], log: Path, *, deferrable: bool, simulate: bool = False
) -> list[Task]:
    """Run the DAG, print each task as it ends, and return all of them."""
    conf = ["--conf", json.dumps({"simulate": True})] if simulate else []
    progress = Progress(HOME / "airflow.db")
    with log.open("a") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.run_dag", DAG, *(["--deferrable"] if deferrable else []), *conf],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            while True:
                over = process.poll() is not None
                ended = list(progress.look())
                if COLOURED:
                    sys.stdout.write("\r\x1b[K")  # takes away the line of what runs
                for task in ended:
                    say(_task_line(task))
                if over:
                    return progress.tasks
                if COLOURED:
                    sys.stdout.write(
                        _shown(f"running  {', '.join(progress.running) or 'Airflow starts'}", WIDTH)
                    )
                    sys.stdout.flush()
                time.sleep(0.3)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(10)


def last_error(log: Path) -> list[str]:
    """The end of the last traceback in a log, or the end of the log."""
    lines = log.read_text(errors="replace").splitlines()
    starts = [number for number, line in enumerate(lines) if "Traceback (most recent call last)" in line]
    if not starts:
        return lines[-15:]
    block = lines[starts[-1] : starts[-1] + 1]
    for line in lines[starts[-1] + 1 :]:
        if LOG_LINE.match(line):
            break
        if line.strip(" ^~"):
            block.append(line)
    return block[-12:]


def audience_size() -> int:
    """How many customers the audience must have, counted without the package."""
    last: dict[str, str] = {}
    for line in PURCHASES.read_text().splitlines():
        _, customer, day, *_ = line.split()
        last[customer] = max(day, last.get(customer, day))
    before = f"{date(1998, 6, 30) - timedelta(days=INACTIVE_DAYS):%Y%m%d}"
    # who has unsubscribed is not in it
    return sum(day < before and not customer.endswith("7") for customer, day in last.items())


def no_person(state: State, home: Path = HOME) -> Iterator[Check]:
    """Check that no address, name or phone is outside the folder of audiences, and none is left in it."""
    left = sorted(file.name for file in (home / "audiences").rglob("*") if file.is_file())
    yield Check("no file of an audience is left", not left, ", ".join(left))
    people = [
        str(file.relative_to(home))
        for file in home.rglob("*")
        if file.is_file() and (home / "audiences") not in file.parents and PERSON.search(file.read_bytes())
    ]
    told = json.dumps(state).encode()
    jobs = state["acoustic-exchange"]["jobs"]
    uploads = [job[way] for job in jobs for way in ("upload", "refusedUpload") if job[way]]
    plain = [upload["plainValues"] for upload in uploads]
    if PERSON.search(told) or any(plain):
        people.append(f"what the services received: {plain}")
    yield Check("no address, name or phone in any log, database or request", not people, ", ".join(people))


def no_secret(secrets: set[str], home: Path = HOME) -> Check:
    """Check that no log and no database holds a credential."""
    kept = [file for file in home.rglob("*") if file.is_file() and file.name != "sandbox.log"]
    leaking = []
    for file in kept:
        content = file.read_bytes()
        if any(secret.encode() in content for secret in secrets):
            leaking.append(str(file.relative_to(home)))
    return Check("no credential in any log or in Airflow's database", not leaking, ", ".join(leaking))


def receipts(records: int, home: Path = HOME) -> Iterator[Check]:
    """Check that the ledger has one receipt, of what was sent."""
    ledger = sorted((home / "ledger").rglob("*.json"))
    found = [json.loads(file.read_text()) for file in ledger]
    told = ", ".join(f"{one['kind']} of {one['rows']['sent']} rows" for one in found) or "nothing"
    sent = [one["rows"]["sent"] for one in found if one["kind"] == "receipt"]
    yield Check(f"the ledger has one receipt, of {records} rows", sent == [records], told)


def shown_check(check: Check) -> None:
    """Print a check, and what was found if it does not hold."""
    say(f"{_word('ok' if check.holds else 'FAILED')} {check.expected}")
    if not check.holds:
        say(f"         found: {_shown(check.found, WIDTH - 16)}")


def require_suppression(environment: dict[str, str], conn_id: str) -> None:
    """Have a connection refuse an audience from which nobody was suppressed."""
    name = f"AIRFLOW_CONN_{conn_id.upper()}"
    connection = json.loads(environment[name])
    connection["extra"] = {**connection.get("extra", {}), "require_suppression": True}
    environment[name] = json.dumps(connection)


@dataclass(frozen=True)
class Ran:
    """A run of the DAG that is over.

    :param before: what the services held before it.
    :param after: what they hold now.
    :param secrets: what must not be seen anywhere.
    """

    tasks: list[Task]
    before: State
    after: State
    secrets: set[str]

    @property
    def succeeded(self) -> Check:
        """Whether all tasks did."""
        unfinished = [task.name for task in self.tasks if task.state != "success"]
        holds = bool(self.tasks) and not unfinished
        return Check(f"all {len(self.tasks)} tasks succeeded", holds, ", ".join(unfinished))


def run_from_nothing(how: str, *, deferrable: bool, simulate: bool = False) -> Ran:
    """Start a sandbox and an Airflow that know nothing, run the DAG, and print the last error if it failed.

    :param how: how it is run, in words.
    """
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    log = HOME / "demo.log"
    with running_sandbox(HOME, "--consent", "auto", "--step-seconds", "0.5") as sandbox:
        say(f"The sandbox of the four services is at {sandbox.url}/ while this runs.")
        say(f"Airflow's own output goes to {log.relative_to(ROOT)}.")
        before = sandbox.state()
        environment = airflow_environment(HOME, sandbox)
        require_suppression(environment, "acoustic_exchange_default")
        say("Making Airflow's database ...")
        migrate(environment, log)
        say(f"Running {DAG}{how} ...\n")
        tasks = run_dag(environment, log, deferrable=deferrable, simulate=simulate)
        ran = Ran(tasks, before, sandbox.state(), sandbox.secrets())
    if not ran.succeeded.holds:
        say("\nThe last error:\n")
        for line in last_error(log):
            say(f"  {line[: WIDTH - 2]}")
    return ran


def simulation(deferrable: bool) -> bool:
    """Run everything simulated, print what would be done, and return whether nothing was."""
    began = time.monotonic()
    ran = run_from_nothing(", simulated", deferrable=deferrable, simulate=True)
    progress = Progress(HOME / "airflow.db")
    say("\nWhat the DAG would do\n")
    would = progress.xcoms("would")
    for name, told in would.items():
        lines = [line for one in told for line in textwrap.wrap(one, WIDTH - 4 - TASK_WIDTH)]
        for number, line in enumerate(lines):
            say(f"  {('' if number else name).ljust(TASK_WIDTH)}  {line}")
    say("\nWhat a simulation must leave alone\n")
    changed = [name for name in ran.after if ran.after[name] != ran.before[name]]
    kept = [str(file.relative_to(HOME)) for file in (HOME / "ledger").rglob("*")]
    events = progress.asset_events()
    all_say = len(would) == len(ran.tasks) - OWN
    results = [
        ran.succeeded,
        Check("each task of the package says what it would do", all_say, str(would)),
        Check("the services hold what they held before", not changed, ", ".join(changed)),
        Check("the ledger has no record", not kept, ", ".join(kept)),
        Check("no asset event", not events, str(events)),
        no_secret(ran.secrets),
        *no_person(ran.after),
    ]
    return concluded(results, began)


def concluded(results: Sequence[Check], began: float) -> bool:
    """Print all checks, and return whether all hold."""
    for check in results:
        shown_check(check)
    failed = sum(not check.holds for check in results)
    say(f"\n{len(results) - failed} of {len(results)} as meant, in {time.monotonic() - began:.0f} s.")
    return not failed


def demo(deferrable: bool) -> bool:
    """Run everything, print it, and return whether all is as the DAG meant."""
    began = time.monotonic()
    ran = run_from_nothing(", waits deferred" if deferrable else "", deferrable=deferrable)
    state = since(ran.before, ran.after)
    say("\nWhat came to be at the services\n")
    for line in table(list(things(state))):
        say(line)
    say("\nWhat the DAG meant\n")
    results = [
        ran.succeeded,
        *checks(state, audience_size()),
        *receipts(audience_size()),
        no_secret(ran.secrets),
        *no_person(state),
    ]
    return concluded(results, began)


def main() -> int:
    """Run the demo; the exit status tells whether all is as it should be."""
    parser = argparse.ArgumentParser(prog="python -m scripts.demo", description=__doc__)
    parser.add_argument("--deferrable", action="store_true", help="let all waits be deferred")
    parser.add_argument("--simulate", action="store_true", help="change nothing, and say what would be done")
    options = parser.parse_args()
    # so that the sandbox is stopped also then
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run = simulation if options.simulate else demo
        return 0 if run(options.deferrable) else 1
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
