"""Break guarded lines of the package in a copy, one after the other, and see that tests notice.

Each entry of ``SABOTAGES`` names a file, a text in it, what replaces it, and the tests that must turn red. A
sabotage that leaves its tests green, or whose text is not in the file, fails this check.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from scripts.machine_speed import scaled

ROOT = Path(__file__).parent.parent
PACKAGE = "airflow_provider_activation"

AT_A_TIME = 2
LONGEST = 180.0
"""Seconds on a quiet machine for the tests of one sabotage."""
SOME_TESTS_FAILED = 1
"""Pytest's exit status; another one means that the tests could not run."""


@dataclass(frozen=True)
class Sabotage:
    """One broken line.

    :param file: the file, seen from the package.
    :param guarded: a text that is in the file once.
    :param broken: what replaces it.
    :param tests: tests that must fail, as arguments of pytest.
    """

    file: str
    guarded: str
    broken: str
    tests: str


SABOTAGES = (
    Sabotage(
        "storage/place.py",
        "            self._path.hardlink_to(part)\n",
        "            part.replace(self._path)\n",
        "tests/storage/test_create.py -k created_once",
    ),
    Sabotage(
        "storage/place.py",
        "if not (self._path.exists() and self._path.samefile(part)):",
        "if True:",
        "tests/storage/test_create.py -k answer_was_lost",
    ),
    Sabotage(
        "storage/place.py",
        "        if error.errno not in _NO_LINKS:\n                raise\n",
        "        if error.errno:\n                raise\n",
        "tests/storage/test_create.py -k whole_content_or_not",
    ),
    Sabotage(
        "storage/store.py",
        """self._at_once(path, "xb", lambda""",
        """self._at_once(path, "wb", lambda""",
        "tests/stores/test_ledger_on_stores.py -k created_once",
    ),
    Sabotage(
        "storage/store.py",
        "        if found != content:\n            raise there(told)\n",
        "        raise failure\n",
        "tests/stores/test_ledger_on_stores.py -k answer_was_lost",
    ),
    Sabotage(
        "storage/store.py",
        "            self._connect_anew()\n",
        "            pass\n",
        "tests/stores/test_ledger_on_stores.py -k lost_at_the_name",
    ),
    Sabotage(
        "storage/store.py",
        "        files.invalidate_cache(path)\n"
        "        with suppress(TypeError):\n"
        "            return getattr(files, ask)(path, refresh=True, **how)\n",
        "",
        "tests/stores/test_ledger_on_stores.py -k as_they_are_now",
    ),
    Sabotage(
        "storage/sftp.py",
        "await channel.link(part, path)",
        "await channel.posix_rename(part, path)",
        "tests/stores/test_ledger_on_stores.py -k created_once",
    ),
    Sabotage(
        "storage/sftp.py",
        "await channel.rename(part, path)",
        "await channel.posix_rename(part, path)",
        "tests/stores/test_ledger_on_stores.py -k without_links",
    ),
    Sabotage(
        "audience/guard.py",
        "(shrink := (before - sent) / before) > self.max_shrink",
        "(shrink := (before - sent) / before) and sent < before * (1 - self.max_shrink)",
        "tests/audience/test_guard.py -k exactly_at",
    ),
    Sabotage(
        "audience/guard.py",
        "            if not before:\n",
        "            if before is None:\n",
        "tests/audience/test_guard.py -k beyond_a_limit",
    ),
    Sabotage(
        "operators/audience/delete.py",
        'for state in ("failed", "upstream_failed"):',
        'for state in ("failed",):',
        "tests/operators/audience/test_delete.py -k TestFailuresBefore",
    ),
    Sabotage(
        "operators/audience/delete.py",
        "waiting += one.upstream_list if one.is_teardown else []",
        "",
        "tests/operators/audience/test_delete.py -k TestFailuresBefore",
    ),
    Sabotage(
        "operators/audience/delete.py",
        """asked["map_index"] = ti.map_index""",
        "pass",
        "tests/operators/audience/test_delete.py -k TestFailuresBefore",
    ),
    Sabotage(
        "operators/audience/delete.py",
        """{"on_failure_fail_dagrun": True, **given}""",
        "given",
        "tests/operators/audience/test_delete.py -k TestFailuresBefore",
    ),
    Sabotage(
        "audience/ledger.py",
        "            except AlreadyThere:\n                return None\n",
        "            except AlreadyThere:\n                return record\n",
        "tests/audience/test_ledger_races.py -k one_of_many_runs",
    ),
    Sabotage(
        "audience/ledger.py",
        "earlier_than is None or one.run.run_after < earlier_than",
        "earlier_than is None or one.run.run_after <= earlier_than",
        "tests/audience/test_ledger.py -k compared_with",
    ),
    Sabotage(
        "audience/ledger.py",
        "(found := look.receipt_of(facts.key, facts.run.run_after)) and found.number > after",
        "found := None",
        "tests/audience/test_ledger.py -k one_receipt_for_each",
    ),
    Sabotage(
        "audience/ledger.py",
        "        # refuses two of one number\n        self._look()\n",
        "",
        "tests/audience/test_ledger_races.py -k refused_there",
    ),
    Sabotage(
        "audience/ledger.py",
        "        if (record.audience, record.destination) != self._pair:",
        "        if False:",
        "tests/audience/test_ledger_refusals.py -k another_pair",
    ),
    Sabotage(
        "audience/ledger.py",
        "        if record.number != number:",
        "        if False:",
        "tests/audience/test_ledger_refusals.py -k not_its_name",
    ),
    Sabotage(
        "audience/ledger.py",
        "            if not left:\n",
        "            if False:\n",
        "tests/audience/test_ledger_refusals.py -k test_a_gap",
    ),
    Sabotage(
        "audience/receipt.py",
        "if type(version) is int and version > VERSION:",
        "if False:",
        "tests/audience/test_ledger_refusals.py -k later_release",
    ),
    Sabotage(
        "audience/activation.py",
        "after=self._earlier(), least",
        "least",
        "tests/audience/test_activation.py -k deleted_run",
    ),
    Sabotage(
        "actions/items.py",
        "                memory.withdraw(refusal(error))\n",
        "                pass\n",
        "tests/actions/test_items_in_books.py -k nothing_was_taken",
    ),
    Sabotage(
        "actions/items.py",
        "if missing and not arrived and refusals",
        "if False and refusals",
        "tests/actions/test_items_in_books.py -k nothing_was_taken",
    ),
    Sabotage(
        "actions/items.py",
        "arrived = [key for key in there if not known or action.name(key) in sent]",
        "arrived: list[K] = []",
        "tests/actions/test_items_in_books.py -k earlier_call",
    ),
    Sabotage(
        "operators/sending.py",
        "                activation.check_guard()\n",
        "",
        "tests/operators/acoustic_exchange/test_receipts.py -k says_that_the_guard",
    ),
    Sabotage(
        "audience/activation.py",
        "            error.retry_helps = True\n",
        "",
        "tests/audience/test_activation.py -k not_given_up",
    ),
    Sabotage(
        "audience/activation.py",
        "        if number == (self._compared_with or 0):\n",
        "        if True:\n",
        "tests/audience/test_activation.py -k once_more",
    ),
    Sabotage(
        "audience/warehouse.py",
        "not _TABLE.fullmatch(table)",
        "not _TABLE.match(table)",
        "tests/audience/test_warehouse.py -k no_warehouse",
    ),
    Sabotage(
        "audience/warehouse.py",
        "    with suppress(Exception):\n        if _is_there",
        "    with suppress(Exception):\n        if not _is_there",
        "tests/audience/test_warehouse.py -k came_in_between",
    ),
    Sabotage(
        "__main__.py",
        "with redirect_stdout(io.StringIO()):",
        "if True:",
        "tests/stores/test_ledger_on_stores.py -k a_task_and_a_person",
    ),
    Sabotage(
        "api/call.py",
        "except OSError as error:\n            raise self._broken_off",
        "except ZeroDivisionError as error:\n            raise self._broken_off",
        "tests/adversary/test_adversary_uploads.py -k after_it_was_checked",
    ),
    Sabotage(
        "transport/refusals.py",
        "text = in_place_of_a_file(text)",
        "pass",
        "tests/adversary/test_adversary_files.py -k nobody_is_quoted",
    ),
    Sabotage(
        "transport/quoting.py",
        "LEFT_OUT if _is_digest(run[0]) else run[0]",
        "run[0]",
        "tests/adversary/test_adversary_uploads.py -k nobody_is_quoted",
    ),
    Sabotage(
        "transport/quoting.py",
        "except (OSError, EOFError, zlib.error):",
        "except (OSError, EOFError):",
        "tests/adversary/test_adversary_uploads.py -k no_gzip_quotes_nobody",
    ),
    Sabotage(
        "storage/arrivals.py",
        "if isinstance(place, OnWorker) and place.path.is_dir() and not place.path.is_symlink():",
        "if False:",
        "tests/adversary/test_adversary_files.py -k in_the_place_of_a_file",
    ),
    Sabotage(
        "api/call.py",
        "if not piece or FileState.of(file) != state:",
        "if not piece:",
        "tests/operators/acoustic_exchange/test_files.py -k changed_file",
    ),
    Sabotage(
        "audience/manifest.py",
        'if sha256_of(path) != manifest["sha256"]:',
        "if False:",
        "tests/operators/acoustic_exchange/test_files.py -k another_file",
    ),
    Sabotage(
        "transport/refusals.py",
        "if call.file is not None and text:",
        "if False:",
        "tests/operators/acoustic_exchange/test_files.py -k quotes_a_row",
    ),
    Sabotage(
        "storage/arrivals.py",
        "                new.append(place)\n",
        "                pass\n",
        "tests/storage/test_arrivals.py",
    ),
    Sabotage(
        "tasks.py",
        "        self.refuse_unfit_arguments()\n",
        "",
        "tests/arguments/test_walk.py -k DeltaProjectsUpdate",
    ),
    Sabotage(
        "arguments.py",
        '    if not isinstance(value, bool):\n        raise ValueError(f"{name} must be True or False, or',
        '    if False:\n        raise ValueError(f"{name} must be True or False, or',
        "tests/arguments/test_kinds.py",
    ),
    Sabotage(
        "arguments.py",
        "FLAG = Kind(flag, rendered=rendered_flag)\n",
        "FLAG = Kind(flag, rendered=rendered_flag, templated=False)\n",
        "tests/arguments/test_reading.py",
    ),
    Sabotage(
        "arguments.py",
        'if "-" not in stripped.partition("T")[0]:',
        "if not stripped:",
        "tests/arguments/test_kinds.py",
    ),
    Sabotage(
        "operators/base.py",
        "        self.log.info(self.gate.message(self.summary(result)))\n",
        "",
        "tests/log/test_good_runs.py -k LiveRampWithdraw",
    ),
    Sabotage(
        "errors.py",
        '            "Sent": self._what_was_sent,\n',
        "",
        "tests/log/test_failures.py -k an_import_that_was_lost",
    ),
    Sabotage(
        "api/liveramp/distribution.py",
        "        retry_helps=not failed.keys() <= {*final},\n",
        "",
        "tests/log/test_failures.py -k no_such_segment",
    ),
    Sabotage(
        "api/call.py",
        " and not _UNFIT_FOR_A_SEGMENT.search(text)\n",
        "\n",
        "tests/api/test_call.py",
    ),
    Sabotage(
        "api/steps.py",
        "        if not str(error).startswith(_REFUSED_BY_ASYNCIO):\n            raise\n",
        "        raise\n",
        "tests/api/test_steps.py",
    ),
    Sabotage(
        "transport/exchange.py",
        "may = not failed.sent or call.safety is not Safety.ONCE",
        "may = True",
        "tests/transport/test_transport_safety.py",
    ),
    Sabotage(
        "redaction.py",
        "return spellings.hidden_in(text)",
        "return text",
        "tests/transport/test_transport_secrets.py",
    ),
    Sabotage(
        "redaction.py",
        "                    return self._hidden_in_escaped(text)\n",
        "                    return text\n",
        "tests/gate/test_spellings.py",
    ),
    Sabotage(
        "gate.py",
        "                _forget_locals(each)\n",
        "                pass\n",
        "tests/gate/test_canaries.py",
    ),
    Sabotage(
        "operators/base.py",
        "        result = self.gate(result)\n",
        "",
        "tests/operators/acoustic_exchange",
    ),
    Sabotage(
        "hooks/connection.py",
        'extra="forbid"',
        'extra="ignore"',
        "tests/hooks/test_connections.py",
    ),
    Sabotage(
        "hooks/address.py",
        '    return "/".join(part for part in (address, tail.strip("/"), path) if part)',
        '    return "/".join(part for part in (address, tail.strip("/")) if part)',
        "tests/hooks/test_connection_forms.py",
    ),
    Sabotage(
        "hooks/address.py",
        "    if own_port and port and own_port != port:\n",
        "    if False:\n",
        "tests/hooks/test_addresses.py",
    ),
    Sabotage(
        "hooks/connection.py",
        'texts["password"].rstrip("\\r\\n"),',
        'texts["password"].strip(),',
        "tests/hooks/test_connection_forms.py",
    ),
    Sabotage(
        "hooks/connection.py",
        "        if isinstance(raw, str) and (fault := _fault_of_json(raw)):\n",
        '        if fault := "":\n',
        "tests/hooks/test_connection_forms.py",
    ),
    Sabotage(
        "hooks/connection.py",
        "    there = sorted(model.model_fields)\n",
        "    there: list[str] = []\n",
        "tests/hooks/test_connection_forms.py",
    ),
    Sabotage(
        "transport/settings.py",
        'if url.scheme == "http" and not settings.allow_http else None',
        "if False else None",
        "tests/hooks/test_addresses.py",
    ),
    Sabotage(
        "transport/authorities.py",
        'FILES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")',
        'FILES = ("SSL_CERT_FILE",)',
        "tests/transport/test_transport_causes.py",
    ),
    Sabotage(
        "transport/exchange.py",
        "                may = may and not (failed.cause and failed.cause.of_connection)\n",
        "",
        "tests/transport/test_transport_causes.py",
    ),
    Sabotage(
        "transport/causes.py",
        "    if speaks_of_key or (status == 401 and not speaks_of_permission):\n",
        "    if status == 401:\n",
        "tests/transport/test_transport_causes.py",
    ),
    Sabotage(
        "redaction.py",
        "shortest: int = SHORT)",
        "shortest: int = 1)",
        "tests/gate/test_spellings.py",
    ),
    Sabotage(
        "hooks/trial.py",
        "    settings = replace(settings, max_retries=0)\n",
        "",
        "tests/hooks/test_trial.py",
    ),
    Sabotage(
        "hooks/trial.py",
        "    thread.join(0.95 * SECONDS)\n",
        "    thread.join(8 * SECONDS)\n",
        "tests/hooks/test_trial_adversary.py",
    ),
    Sabotage(
        "hooks/acoustic_exchange.py",
        'Check(of_level, f"its level {level}", wrong)',
        'Check(self.test_call(), "")',
        "tests/hooks/test_trial.py",
    ),
    Sabotage(
        "hooks/base.py",
        '        return {**self.__dict__, "_transport": None}',
        "        return {**self.__dict__}",
        "tests/hooks/test_copies.py",
    ),
    Sabotage(
        "actions/base.py",
        "    memory.intend(noun, before=before, given_up=given_up)\n    try:",
        "    try:",
        "tests/actions/test_protocol.py",
    ),
    Sabotage(
        "actions/base.py",
        "certain=False)] if may_be",
        "certain=True)] if may_be",
        "tests/actions/test_tidied_texts.py",
    ),
    Sabotage(
        "actions/base.py",
        " or carries_another(text, key):",
        ":",
        "tests/actions/test_tidied_texts.py",
    ),
    Sabotage(
        "actions/base.py",
        "            memory.acknowledged(noun, before=before, given_up=given_up)\n",
        "            pass\n",
        "tests/actions/test_doubt.py",
    ),
    Sabotage(
        "actions/memory.py",
        "            self._fence()\n",
        "            pass\n",
        "tests/actions/test_doubt.py",
    ),
    Sabotage(
        "actions/base.py",
        "LOOKS_AFTER_DOUBT = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)",
        "LOOKS_AFTER_DOUBT: tuple[float, ...] = ()",
        "tests/actions/test_doubt.py",
    ),
    Sabotage(
        "actions/dataddo.py",
        'str(known.label or ""), self.if_exists == "fail"',
        'str(known.label or ""), self.if_exists != "create"',
        "tests/operators/dataddo",
    ),
    Sabotage(
        "actions/proof.py",
        "if name not in asked.texts and not _is_met(asked, name, wanted, shown)",
        "if False",
        "tests/actions/test_proof.py",
    ),
    Sabotage(
        "actions/proof.py",
        "        return wanted is shown[name]\n",
        "        return True\n",
        "tests/actions/test_proof.py",
    ),
    Sabotage(
        "actions/proof.py",
        "NotAsAsked if asked.was_made else Refused",
        "Refused",
        "tests/actions/test_proof.py",
    ),
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
    # of each kind that the adversary knows, one
    Sabotage(
        "transport/attempt.py",
        "left = self._until - time.monotonic()",
        "left = self._seconds",
        "tests/adversary/test_adversary_time.py",
    ),
    Sabotage(
        "transport/body.py",
        "most = LARGEST_BODY if",
        "most = inf if",
        "tests/adversary/test_adversary_size.py",
    ),
    Sabotage(
        "waits/probe.py",
        "        again, self._refused = self._refused and not renewed, True\n",
        "        again = True\n",
        "tests/adversary/test_adversary_polls.py",
    ),
    Sabotage(
        "api/rows.py",
        "        except (ValueError, RecursionError) as error:\n",
        "        except ZeroDivisionError as error:\n",
        "tests/adversary/test_adversary_rows.py",
    ),
    Sabotage(
        "gate.py",
        "redacted = redact(value, shortest=LONG)",
        "redacted = value",
        "tests/adversary/test_adversary_gate.py",
    ),
    Sabotage(
        "hooks/base.py",
        "        if self._transport is None or self._transport.pid != os.getpid():\n",
        "        if self._transport is None:\n",
        "tests/adversary/test_adversary_processes.py",
    ),
    Sabotage(
        "arguments.py",
        "not 0 < duration <= most or duration < least",
        "not 0 < duration",
        "tests/adversary/test_adversary_numbers.py",
    ),
    Sabotage(
        "errors.py",
        'own_fields = ("candidates", "why", "looked_for", "looks", "looked_seconds")',
        "own_fields = ()",
        "tests/stored/test_stored_names.py",
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
        "operators/base.py",
        "                may_be_gone = True\n",
        "                pass\n",
        "tests/operators/dataddo/test_build_and_delete.py",
    ),
    Sabotage(
        "storage/arrivals.py",
        "        path.mkdir(mode=0o700, exist_ok=True)\n",
        "        pass\n",
        "tests/operators/acoustic_exchange/test_jobs.py",
    ),
    Sabotage(
        "../example_dags/delta_projects_activity.py",
        "strftime('%G-W%V')",
        "format('GGGG-[W]WW')",
        "tests/test_examples.py",
    ),
    Sabotage(
        "../example_dags/winback_audience.py",
        'Email("email").sha256()',
        'Email("name").sha256()',
        "tests/test_examples.py",
    ),
    Sabotage(
        "retry_policy.py",
        "if not exception.retry_helps:",
        "if exception.retry_helps:",
        "tests/retries",
    ),
    Sabotage(
        "api/models.py",
        "    str: text_of,\n",
        "    str: _unread,\n",
        "tests/api/test_inputs.py",
    ),
    Sabotage(
        "api/models.py",
        "    datetime: _timestamp,\n",
        "    datetime: _unread,\n",
        "tests/api/test_inputs.py",
    ),
    Sabotage(
        "api/models.py",
        "checked.model_copy(",
        "cls.model_validate({**read, **changes}) or checked.model_copy(",
        "tests/api/test_inputs.py",
    ),
    Sabotage(
        "api/liveramp/segments.py",
        "tuple(row for row in page.items if row.segment_id in wanted)",
        "page.items",
        "tests/hooks/test_liveramp.py",
    ),
    Sabotage(
        "transport/exchange.py",
        "spelled.get(name, name)",
        "name",
        "tests/hooks/test_liveramp.py",
    ),
    Sabotage(
        "api/dataddo/sources.py",
        " and connector_id not in WITHOUT_AUTHORIZER:",
        ":",
        "tests/api/dataddo/test_inputs.py",
    ),
    Sabotage(
        "api/dataddo/values.py",
        " if value is not None or name not in never_null",
        "",
        "tests/api/dataddo/test_inputs.py",
    ),
    Sabotage(
        "api/acoustic_exchange/segments.py",
        " and not fits_a_path(self.id_string):",
        " and False:",
        "tests/api/acoustic_exchange/test_loose_inputs.py",
    ),
    Sabotage(
        "api/delta_projects/activities.py",
        "activity.flight_stop <= datetime.now(UTC)",
        "False",
        "tests/api/delta_projects",
    ),
    Sabotage(
        "api/liveramp/segments.py",
        "taxonomy_sync_status: str | None = Field(default=None, ",
        "taxonomy_sync_status: str = Field(",
        "tests/contracts/test_contract_answers.py",
    ),
    Sabotage(
        "audience/drivers.py",
        "        self.connection.read_only = True\n",
        "",
        "tests/stores/test_sql_postgresql.py -k changes_nothing",
    ),
    Sabotage(
        "audience/drivers.py",
        "SSCursor",
        "Cursor",
        "tests/audience/test_sql.py -k without_holding_all",
    ),
    Sabotage(
        "audience/drivers.py",
        "codes = [type(error).__name__]",
        "codes = [str(error)]",
        "tests/audience/test_sql.py -k an_error_means",
    ),
    Sabotage(
        "audience/sql.py",
        "            with suppress(Exception):\n                connection.close()\n",
        "            pass\n",
        "tests/audience/test_sql.py -k is_closed",
    ),
    Sabotage(
        "audience/typed.py",
        "reduce(_wider, kinds, self._kind)\n",
        "reduce(_wider, kinds, self._kind) if self.is_empty else self._kind\n",
        "tests/audience/test_sql.py -k in_any_order",
    ),
    Sabotage(
        "audience/engine.py",
        "SET enable_external_access=false; ",
        "",
        "tests/audience/test_closed.py -k an_engine",
    ),
    Sabotage(
        "audience/where.py",
        'if kind not in _PLAIN or expression["type"]',
        'if expression["type"]',
        "tests/audience/test_closed.py -k refused",
    ),
    Sabotage(
        "audience/sources.py",
        "rejects_limit=0",
        "rejects_limit=1",
        "tests/audience/test_bad_input.py -k broken",
    ),
    Sabotage(
        "audience/lists.py",
        "one.rows, one.unreadable = reading.total, unread + reading.broken\n",
        "one.rows, one.unreadable = reading.total, unread\n",
        "tests/audience/test_bad_input.py -k list",
    ),
    Sabotage(
        "audience/pieces.py",
        "    piece.unlink(missing_ok=True)\n    return os.open(piece, os.O_CREAT | os.O_EXCL | os.O_WRONLY",
        "    return os.open(piece, os.O_CREAT | os.O_WRONLY",
        "tests/audience/test_run.py -k piece",
    ),
    Sabotage(
        "audience/pieces.py",
        "fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "pass",
        "tests/audience/test_run.py -k are_not_taken",
    ),
    Sabotage(
        "audience/engine.py",
        "            raise _clean(failure[0], doing)\n",
        "            raise failure[0]\n",
        "tests/audience/test_closed.py -k quotes",
    ),
    Sabotage(
        "storage/store.py",
        "        self._connection()\n        with suppress(ImportError):",
        "        with suppress(ImportError):",
        "tests/stores/test_places.py -k is_not_there_is_refused",
    ),
    Sabotage(
        "storage/store.py",
        "            target.closed = True\n",
        "            target.close()\n",
        "tests/storage tests/stores/test_places.py -k ends_early",
    ),
    Sabotage(
        "storage/store.py",
        "_version(before) != _version(self._info(inside)) or ",
        "",
        "tests/stores/test_places.py -k changes_while",
    ),
    Sabotage(
        "storage/store.py",
        ' or got != before["size"]',
        "",
        "tests/stores/test_places.py -k not_whole",
    ),
    Sabotage(
        "storage/sftp.py",
        "        return ()\n",
        "        return None\n",
        "tests/stores/test_places.py -k nobody_knows",
    ),
    Sabotage(
        "storage/place.py",
        "    if not conn_id or ",
        "    if ",
        "tests/storage -k place",
    ),
    Sabotage(
        "audience/preparation.py",
        "                            (self._folder / name).delete()\n",
        "                            pass\n",
        "tests/stores/test_audience_on_stores.py -k earlier_try",
    ),
    Sabotage(
        "operators/audience/prepare.py",
        "self.suppress = mappings(suppress)",
        "self.suppress = suppress",
        "tests/operators/audience/test_prepare_arguments.py -k objects",
    ),
    Sabotage(
        "operators/audience/prepare.py",
        "            kwargs[name] = mappings(kwargs[name])\n",
        "            pass\n",
        "tests/operators/audience/test_prepare_arguments.py -k take_objects",
    ),
    Sabotage(
        "audience/schema.py",
        'given = ", ".join(f"{name}={value!r}" for name, value in self.as_mapping().items())',
        "given = object.__repr__(self)",
        "tests/operators/audience/test_prepare_arguments.py -k stored_alike",
    ),
    Sabotage(
        "operators/audience/prepare.py",
        'profile.get("name") == ACOUSTIC and "registration" not in profile',
        'profile.get("name") == ACOUSTIC',
        "tests/operators/audience/test_prepare_arguments.py -k parsed",
    ),
    Sabotage(
        "operators/audience/prepare.py",
        "            if not is_template(self.schema):\n",
        "            if False:\n",
        "tests/operators/audience/test_prepare_arguments.py -k parsed",
    ),
    Sabotage(
        "operators/audience/common.py",
        "    __call__ = Gate.inside\n",
        "",
        "tests/operators/audience/test_prepare.py -k counts",
    ),
    Sabotage(
        "operators/audience/prepare.py",
        "/{ti.run_id}/{ti.map_index}",
        "/{ti.map_index}",
        "tests/operators/audience/test_prepare.py -k each_run",
    ),
    Sabotage(
        "operators/audience/prepare.py",
        "/{ti.run_id}/{ti.map_index}",
        "/{ti.run_id}",
        "tests/operators/audience/test_prepare.py -k mapped",
    ),
    Sabotage(
        "operators/audience/prepare.py",
        "        self._is_killed = True\n",
        "",
        "tests/operators/audience/test_prepare.py -k killed_",
    ),
    Sabotage(
        "operators/audience/prepare.py",
        "        if self._preparation is not None:\n            self._preparation.stop()\n",
        "        pass\n",
        "tests/operators/audience/test_prepare.py -k ends_soon",
    ),
    Sabotage(
        "actions/acoustic_exchange.py",
        '        error.advice += f" Or: {_GIVE',
        '        _ = f" Or: {_GIVE',
        "tests/operators/audience/test_prepare.py -k Acoustic",
    ),
    Sabotage(
        "arguments.py",
        "            return ast.literal_eval(value.strip())\n",
        "            pass\n",
        "tests/operators/audience/test_delete.py -k pulled",
    ),
    Sabotage(
        "audience/manifest.py",
        'not {"version", "host"} <= fields.keys()',
        "False",
        "tests/operators/audience/test_delete.py -k of_ours",
    ),
    Sabotage(
        "audience/manifest.py",
        "if path.is_symlink() or not path.is_file():",
        "if False:",
        "tests/operators/audience/test_delete.py -k plain_file",
    ),
    Sabotage(
        "audience/manifest.py",
        '    if manifest["host"] != socket.gethostname():\n',
        "    if False:\n",
        "tests/operators/audience/test_delete.py -k Hosts",
    ),
    Sabotage(
        "audience/manifest.py",
        "        if not there or is_another:\n",
        "        if not there:\n",
        "tests/operators/audience/test_delete.py -k Hosts",
    ),
    Sabotage(
        "transport/exchange.py",
        "        self._refuse_unproven_audience(call)\n",
        "",
        "tests/transport/test_transport_suppression.py -k no_audience",
    ),
    Sabotage(
        "api/call.py",
        "(self.sends_audience or self.file is not None)",
        "self.sends_audience",
        "tests/transport/test_transport_suppression.py -k nobody_says",
    ),
    Sabotage(
        "api/liveramp/segments.py",
        "sends_audience=True, ",
        "",
        "tests/transport/test_transport_suppression.py -k marks_are",
    ),
    Sabotage(
        "audience/manifest.py",
        "and rows > unreadable >= 0",
        "and rows > 0",
        "tests/operators/test_require_suppression.py -k lacks_something",
    ),
    Sabotage(
        "audience/manifest.py",
        'if (made_in := manifest.get("run")) != run:',
        'if not (made_in := manifest.get("run")):',
        "tests/operators/test_require_suppression.py -k lacks_something",
    ),
    Sabotage(
        "operators/sending.py",
        "        if lacks:\n",
        "        if False:\n",
        "tests/operators/test_require_suppression.py -k a_path",
    ),
    Sabotage(
        "hooks/trial.py",
        "    if settings.require_suppression:\n",
        "    if False:\n",
        "tests/hooks/test_require_suppression.py -k button",
    ),
    Sabotage(
        "audience/check.py",
        "            check_file(path, manifest)\n",
        "            pass\n",
        "tests/operators/audience/test_check.py -k another_file",
    ),
    Sabotage(
        "audience/check.py",
        "before=ledger.last_receipt(earlier_than=run.run_after),",
        "before=latest,",
        "tests/operators/audience/test_check.py -k last_earlier",
    ),
    Sabotage(
        "audience/check.py",
        "(intent.run.dag_id, intent.run.run_id) != (run.dag_id, run.run_id)",
        "intent.run.run_id != run.run_id",
        "tests/operators/audience/test_check.py -k of_another_dag",
    ),
    Sabotage(
        "audience/check.py",
        'return re.sub(r"([!-/:-@\\[-`{-~])", r"\\\\\\1", text)',
        "return text",
        "tests/operators/audience/test_asking.py -k markdown",
    ),
    Sabotage(
        "operators/audience/check.py",
        'if found.latest != asked["latest"]:',
        "if False:",
        "tests/operators/audience/test_asking.py -k has_sent",
    ),
    Sabotage(
        "operators/audience/check.py",
        'if found.digest != asked["question"]:',
        "if False:",
        "tests/operators/audience/test_asking.py -k ChangedMeanwhile",
    ),
    Sabotage(
        "operators/audience/check.py",
        "        if not is_asked:\n",
        "        if False:\n",
        "tests/operators/audience/test_asking.py -k keeps",
    ),
    Sabotage(
        "operators/audience/check.py",
        "if chosen != [SEND]:",
        "if SEND not in chosen:",
        "tests/operators/audience/test_asking.py -k no_approval",
    ),
    Sabotage(
        "operators/audience/check.py",
        'if "error" in event or not name:',
        'if "error" in event:',
        "tests/operators/audience/test_asking.py -k of_nobody",
    ),
    Sabotage(
        "operators/audience/check.py",
        "            raise self._unanswered() from None\n",
        "            raise\n",
        "tests/operators/audience/test_asking.py -k no_triggerer",
    ),
    Sabotage(
        "operators/audience/check.py",
        'found.before is None and self.first_run == "fail"',
        'self.first_run == "fail"',
        "tests/operators/audience/test_check.py -k FirstRun",
    ),
    Sabotage(
        "airflow_compat.py",
        'return is_same and may_answer == sorted(user["id"] for user in users)',
        "return is_same",
        "tests/operators/audience/test_asking.py -k keeps",
    ),
    Sabotage(
        "arguments.py",
        '        read["rejects"]["counts"] = {',
        "        _ = {",
        "tests/operators/audience/test_check.py -k comes_back",
    ),
    Sabotage(
        "../docs/audiences.md",
        "3 gzip\n",
        "2 gzip\n",
        "tests/audience/test_page.py -k block",
    ),
    Sabotage(
        "../docs/audiences.md",
        "| `broken_row` | the row",
        "| `broken` | the row",
        "tests/audience/test_page.py -k reason",
    ),
    Sabotage(
        "audience/__init__.py",
        "from airflow_provider_activation.audience.prepare import",
        "import phonenumbers  # noqa: F401\n\nfrom airflow_provider_activation.audience.prepare import",
        "tests/test_packaging.py -k no_engine",
    ),
    Sabotage(
        "sandbox/acoustic_exchange/service.py",
        "return self._tenant(request).routes",
        "return self.routes",
        "tests/sandbox/acoustic_exchange/test_tenants.py -k endpoints_of_its_own",
    ),
    Sabotage(
        "sandbox/acoustic_exchange/service.py",
        "Tenant(name, number, settings, traits, job_ids)",
        "Tenant(name, number, settings, traits, itertools.count(FIRST_JOB_ID))",
        "tests/sandbox/acoustic_exchange/test_tenants.py -k job_of_another",
    ),
    Sabotage(
        "../example_dags/many_clients.py",
        "            acoustic_exchange_conn_id=acoustic_exchange_conn_id,\n        )\n        delete",
        '            acoustic_exchange_conn_id="acoustic_exchange_tenant_01",\n        )\n        delete',
        "tests/test_many_clients.py -k of_fifty",
    ),
    Sabotage(
        "../example_dags/many_clients.py",
        '    for column in ("client", "acoustic_exchange_conn_id", "source"',
        '    for column in ("client", "source"',
        "tests/test_many_clients.py -k mixes",
    ),
    Sabotage(
        "../docs/recipes/many-clients.md",
        "    chain(activate.expand_kwargs(clients), report(clients))\n",
        "    chain(activate.expand(clients), report(clients))\n",
        "tests/docs/test_pages.py -k excerpt",
    ),
    Sabotage(
        "transport/exchange.py",
        "if call.safety is not Safety.READ and call is not",
        "if False and call is not",
        "tests/operators/test_simulated_gates.py -k no_call_that_changes",
    ),
    Sabotage(
        "storage/place.py",
        '        refuse_change(f"write {self}")\n        name, failed',
        "        name, failed",
        "tests/operators/test_simulated_gates.py -k no_writer",
    ),
    Sabotage(
        "audience/preparation.py",
        "        return self._simulation is not None\n",
        "        return False\n",
        "tests/operators/test_simulated_gates.py -k preparing_leaves_nothing",
    ),
    Sabotage(
        "rehearsal.py",
        "    operator.outlets = []\n",
        "",
        "tests/operators/test_simulated.py -k DataddoCreateService",
    ),
    Sabotage(
        "tasks.py",
        "elif not (self.simulate or self.takes_simulated_ids):",
        "elif False:",
        "tests/arguments/test_simulated_ids.py -k real_task",
    ),
    Sabotage(
        "tasks.py",
        'if name == "simulate" or simulated_id(value) is None:',
        "if simulated_id(value) is None:",
        "tests/arguments/test_simulated_ids.py -k flag_that_is_none",
    ),
    Sabotage(
        "actions/base.py",
        "if simulated_id(vars(action)) is None:",
        "if True:",
        "tests/operators/test_simulated.py -k DataddoBuildFlow",
    ),
    Sabotage(
        "actions/base.py",
        "    memory.intend(noun, before=before, given_up=given_up)\n"
        "    try:\n        response = await create\n",
        "    try:\n        response = await create\n"
        "        memory.intend(noun, before=before, given_up=given_up)\n",
        "tests/operators/acoustic_exchange/test_receipts.py -k intent_before",
    ),
    Sabotage(
        "actions/base.py",
        "        memory.withdraw(refusal(error))\n",
        "",
        "tests/operators/acoustic_exchange/test_receipts.py -k refused_call",
    ),
    Sabotage(
        "operators/sending.py",
        "activation.withdraw(why, self.hook.hook_name)",
        "activation.receipt(self.hook.hook_name, {})",
        "tests/operators/acoustic_exchange/test_receipts.py -k failed_job",
    ),
    Sabotage(
        "audience/activation.py",
        "self._after = sys.maxsize if first_try else 0",
        "self._after = sys.maxsize",
        "tests/operators/acoustic_exchange/test_receipts.py -k whenever_a_worker",
    ),
    Sabotage(
        "operators/sending.py",
        "        self._refuse_simulated_check()\n",
        "",
        "tests/operators/acoustic_exchange/test_receipts.py -k let_pass",
    ),
    Sabotage(
        "actions/memory.py",
        'return {"lost": True} if self._books.may_have_sent() else {}',
        "return {}",
        "tests/adversary/test_adversary_safe.py -k clearing_closes",
    ),
    Sabotage(
        "actions/memory.py",
        "(self._books is None or self._books.may_have_sent())",
        "True",
        "tests/adversary/test_adversary_safe.py -k refusal_is_no_success",
    ),
    Sabotage(
        "audience/activation.py",
        "found.at >= self._began",
        "False",
        "tests/adversary/test_adversary_safe.py -k resumed_twice",
    ),
    Sabotage(
        "audience/activation.py",
        "        if number < (self._compared_with or 0):\n",
        "        if False:\n",
        "tests/adversary/test_adversary_ledger.py -k check_has_seen",
    ),
    Sabotage(
        "audience/ledger.py",
        "            if look.last < least:\n",
        "            if False:\n",
        "tests/adversary/test_adversary_ledger.py -k intent_is_gone",
    ),
    Sabotage(
        "audience/ledger.py",
        "                next(records, None)\n",
        "                pass\n",
        "tests/audience/test_ledger.py -k newest_is_read_first",
    ),
    Sabotage(
        "audience/receipt.py",
        "    if len(read) < len(pairs):\n",
        "    if False:\n",
        "tests/audience/test_ledger_refusals.py -k there_twice",
    ),
    Sabotage(
        "audience/manifest.py",
        "    if read != became:\n",
        "    if False:\n",
        "tests/adversary/test_adversary_safe.py -k rows_that_somebody",
    ),
    Sabotage(
        "operators/acoustic_exchange/jobs.py",
        "if result is not None and api.Job.model_validate(result).state in api.FAILED:",
        "if False:",
        "tests/adversary/test_adversary_safe.py -k not_waited_for",
    ),
    Sabotage(
        "waits/acoustic_exchange.py",
        "without_marks(str(job.error_details))",
        "job.error_details",
        "tests/adversary/test_adversary_safe.py -k services_that_quote",
    ),
    Sabotage(
        "simulation.py",
        "[*value.keys(), *value.values()]",
        "value.values()",
        "tests/adversary/test_adversary_safe.py -k a_name_in_a_mapping",
    ),
    Sabotage(
        "audience/sources.py",
        "WHERE error_type = 'UNQUOTED VALUE' AND",
        "WHERE false AND",
        "tests/audience/test_bad_input.py -k swallows",
    ),
    Sabotage(
        "operators/base.py",
        "__supports_durable_execution",
        "__supports_durability",
        "tests/test_packaging.py -k durable",
    ),
    Sabotage(
        "actions/proof.py",
        'if asked.is_reused else "clearing the task makes another"',
        'if False else "clearing the task makes another"',
        "tests/actions/test_proof.py",
    ),
    Sabotage(
        "../docs/recipes/event-driven.md",
        'job_category="SEGMENT_EXPORT", target_statuses',
        'job_category="IMPORT", target_statuses',
        "tests/docs/test_pages.py",
    ),
    Sabotage(
        "../docs/troubleshooting.md",
        "(reliability.md#errors)",
        "(reliability.md#mistakes)",
        "tests/docs/test_links.py",
    ),
    Sabotage(
        "../.airflow-registry.yaml",
        "display-name: ",
        "display-names: ",
        "tests/test_task_pages.py -k registry",
    ),
)


def main() -> int:
    """Carry out all sabotages, some at a time; returns 1 if one of them went unnoticed."""
    unnoticed = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_A_TIME) as workers:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(AT_A_TIME):
            copy = Path(folder) / f"copy_{number}"
            _copy_to(copy)
            copies.put(copy)
        for sabotage, outcome in zip(SABOTAGES, workers.map(partial(_try, copies), SABOTAGES), strict=True):
            unnoticed += not outcome.noticed
            verdict = "noticed" if outcome.noticed else "NOT NOTICED"
            print(f"{verdict:12} {sabotage.file:28} {outcome.seconds:5.1f} s  {sabotage.tests}", flush=True)
            if not outcome.noticed:
                print(outcome.said, flush=True)
    print(f"{len(SABOTAGES) - unnoticed} of {len(SABOTAGES)} sabotages were noticed.")
    return 1 if unnoticed else 0


@dataclass(frozen=True)
class Outcome:
    """What came of a sabotage.

    :param said: what the tests said, or why they were not run.
    """

    noticed: bool
    said: str
    seconds: float


def _try(copies: SimpleQueue[Path], sabotage: Sabotage) -> Outcome:
    copy, started = copies.get(), time.monotonic()
    try:
        noticed, said = _is_noticed(sabotage, copy)
    finally:
        copies.put(copy)
    return Outcome(noticed, said, time.monotonic() - started)


def _is_noticed(sabotage: Sabotage, copy: Path) -> tuple[bool, str]:
    file = copy / PACKAGE / sabotage.file
    whole = file.read_text()
    if whole.count(sabotage.guarded) != 1:
        return False, f"{sabotage.guarded!r} is not in the file once."
    file.write_text(whole.replace(sabotage.guarded, sabotage.broken))
    try:
        # to load schemathesis, or to show how two long texts differ, takes longer than most of these tests
        options = ["-q", "-x", "--no-header", "--assert=plain", "-p", "no:schemathesis"]
        command = [sys.executable, "-m", "pytest", *options, *sabotage.tests.split()]
        environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        run = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=scaled(LONGEST)
        )
    except subprocess.TimeoutExpired:
        return False, f"the tests did not end within {scaled(LONGEST):.0f} s."
    finally:
        file.write_text(whole)
    return run.returncode == SOME_TESTS_FAILED, run.stdout[-3000:]


def _copy_to(copy: Path) -> None:
    """Copy the files that belong to the project."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)


if __name__ == "__main__":
    sys.exit(main())
