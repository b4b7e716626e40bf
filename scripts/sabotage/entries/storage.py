"""Broken lines of ``storage/``."""

from __future__ import annotations

from scripts.sabotage.entry import Sabotage

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
        "storage/arrivals.py",
        "if isinstance(place, OnWorker) and place.path.is_dir() and not place.path.is_symlink():",
        "if False:",
        "tests/adversary/test_adversary_files.py -k in_the_place_of_a_file",
    ),
    Sabotage(
        "storage/arrivals.py",
        "                new.append(place)\n",
        "                pass\n",
        "tests/storage/test_arrivals.py",
    ),
    Sabotage(
        "storage/arrivals.py",
        "        path.mkdir(mode=0o700, exist_ok=True)\n",
        "        pass\n",
        "tests/operators/acoustic_exchange/test_jobs.py",
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
        "storage/place.py",
        '        refuse_change(f"write {self}")\n        name, failed',
        "        name, failed",
        "tests/operators/test_simulated_gates.py -k no_writer",
    ),
)
