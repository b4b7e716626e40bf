"""Broken lines of ``actions/``."""

from __future__ import annotations

from scripts.sabotage.entry import Sabotage

SABOTAGES = (
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
        "actions/acoustic_exchange.py",
        '        error.advice += f" Or: {_GIVE',
        '        _ = f" Or: {_GIVE',
        "tests/operators/audience/test_prepare.py -k Acoustic",
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
        "actions/proof.py",
        'if asked.is_reused else "clearing the task makes another"',
        'if False else "clearing the task makes another"',
        "tests/actions/test_proof.py",
    ),
)
