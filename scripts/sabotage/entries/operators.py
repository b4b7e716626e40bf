"""Broken lines of ``operators/``."""

from __future__ import annotations

from scripts.sabotage.entry import Sabotage

SABOTAGES = (
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
        "operators/sending.py",
        "                activation.check_guard()\n",
        "",
        "tests/operators/acoustic_exchange/test_receipts.py -k says_that_the_guard",
    ),
    Sabotage(
        "operators/base.py",
        "        self.log.info(self.gate.message(self.summary(result)))\n",
        "",
        "tests/log/test_good_runs.py -k LiveRampWithdraw",
    ),
    Sabotage(
        "operators/base.py",
        "        result = self.gate(result)\n",
        "",
        "tests/operators/acoustic_exchange",
    ),
    Sabotage(
        "operators/base.py",
        "                may_be_gone = True\n",
        "                pass\n",
        "tests/operators/dataddo/test_build_and_delete.py",
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
        "operators/sending.py",
        "        if lacks:\n",
        "        if False:\n",
        "tests/operators/test_require_suppression.py -k a_path",
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
        "operators/sending.py",
        "activation.withdraw(why, self.hook.hook_name)",
        "activation.receipt(self.hook.hook_name, {})",
        "tests/operators/acoustic_exchange/test_receipts.py -k failed_job",
    ),
    Sabotage(
        "operators/sending.py",
        "        self._refuse_simulated_check()\n",
        "",
        "tests/operators/acoustic_exchange/test_receipts.py -k let_pass",
    ),
    Sabotage(
        "operators/acoustic_exchange/jobs.py",
        "if result is not None and api.Job.model_validate(result).state in api.FAILED:",
        "if False:",
        "tests/adversary/test_adversary_safe.py -k not_waited_for",
    ),
    Sabotage(
        "operators/base.py",
        "__supports_durable_execution",
        "__supports_durability",
        "tests/test_packaging.py -k durable",
    ),
)
