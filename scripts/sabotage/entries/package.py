"""Broken lines of the sandbox, and of files that are in no room of the package."""

from __future__ import annotations

from scripts.sabotage.entry import Sabotage

SABOTAGES = (
    Sabotage(
        "__main__.py",
        "with redirect_stdout(io.StringIO()):",
        "if True:",
        "tests/stores/test_ledger_on_stores.py -k a_task_and_a_person",
    ),
    Sabotage(
        "redaction.py",
        "in self._redactors.copy():",
        "in self._redactors:",
        "tests/gate/test_many_threads.py",
    ),
    Sabotage(
        "redaction.py",
        "(redactor, self._redactors.discard)",
        "(redactor)",
        "tests/gate/test_many_threads.py",
    ),
    Sabotage(
        "tasks.py",
        "if before is not None and before[0] is value:",
        "if before is not None and before[0] == value:",
        "tests/operators/test_arguments.py",
    ),
    Sabotage(
        "tasks.py",
        "for name in names & defaults.keys() if name not in kwargs",
        "for name in names & defaults.keys()",
        "tests/operators/test_arguments.py",
    ),
    Sabotage(
        "tasks.py",
        "        if type(self).__init__ is of_base:\n            return wrapped(self, **kwargs)\n",
        "",
        "tests/operators/test_arguments.py",
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
        "errors.py",
        '            "Sent": self._what_was_sent,\n',
        "",
        "tests/log/test_failures.py -k an_import_that_was_lost",
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
        "redaction.py",
        "without_contacts(_HEADER.sub(_without_value, redacted))",
        "without_contacts(redacted)",
        "tests/transport/test_transport_secrets.py -k no_log_of_a_call",
    ),
    Sabotage(
        "redaction.py",
        "without_contacts(_HEADER.sub(_without_value, redacted))",
        "_HEADER.sub(_without_value, redacted)",
        "tests/transport/test_transport_secrets.py -k what_is_no_answer",
    ),
    Sabotage(
        "redaction.py",
        "shortest: int = SHORT)",
        "shortest: int = 1)",
        "tests/gate/test_spellings.py",
    ),
    Sabotage(
        "gate.py",
        "redacted = redact(value, shortest=LONG)",
        "redacted = value",
        "tests/adversary/test_adversary_gate.py",
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
        "arguments.py",
        "            return ast.literal_eval(value.strip())\n",
        "            pass\n",
        "tests/operators/audience/test_delete.py -k pulled",
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
        "simulation.py",
        "[*value.keys(), *value.values()]",
        "value.values()",
        "tests/adversary/test_adversary_safe.py -k a_name_in_a_mapping",
    ),
)
