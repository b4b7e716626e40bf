"""Broken lines of ``hooks/``."""

from __future__ import annotations

from scripts.sabotage.entry import Sabotage

SABOTAGES = (
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
        "hooks/trial.py",
        "    settings = replace(settings, max_retries=0)\n",
        "",
        "tests/hooks/test_trial.py",
    ),
    Sabotage(
        "hooks/trial.py",
        "    thread.join(0.95 * SECONDS)\n",
        "    thread.join(80 * SECONDS)\n",
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
        "hooks/base.py",
        "        if self._transport is None or self._transport.pid != os.getpid():\n",
        "        if self._transport is None:\n",
        "tests/adversary/test_adversary_processes.py",
    ),
    Sabotage(
        "hooks/trial.py",
        "    if settings.require_suppression:\n",
        "    if False:\n",
        "tests/hooks/test_require_suppression.py -k button",
    ),
)
