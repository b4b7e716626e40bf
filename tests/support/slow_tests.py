"""Which tests ``make test`` leaves to ``make test-all``, and in what order and company they run there."""

from __future__ import annotations

SLOW = {
    "live": "live",
    "dags": "live",
    "docs/test_pages_live.py": "live",
    "log/test_good_runs.py": "live",
    "browser": "browser",
    "fleet": "fleet",
    "stores": "stores",
    "chaos": "chaos",
    "contracts/test_contract_sandbox.py": "generated",
    "arguments/test_whole_walk.py": "generated",
    "audience/test_referee_whole.py": "generated",
    "adversary/test_adversary_identity_slow.py": "chaos",
    "adversary/test_adversary_size_slow.py": "measuring",
    "adversary/test_adversary_time_slow.py": "measuring",
    "benchmarks": "measuring",
    "test_sdist.py": "sdist",
}
"""Folders and files whose tests ``make test`` leaves to ``make test-all``, and their markers."""


LONGEST_FIRST = (
    "live/test_killed_tasks.py",
    "chaos/test_chaos.py",
    "adversary/test_adversary_identity_slow.py",
    "live",
    "dags",
    "docs/test_pages_live.py",
    "test_sdist.py",
)
"""Files and folders of slow tests that begin before all others: the last one to end has nobody beside it."""
EACH_ALONE = ("docs/test_pages_live.py", "log/test_good_runs.py")
"""Files whose tests share nothing: any process may run any of them."""


def is_in(path: str, place: str) -> bool:
    """Whether a path is that of a place, or within it."""
    return path == place or path.startswith(f"{place}/")


def place_in_order(path: str) -> int:
    """The smaller, the sooner the tests of a file begin."""
    places = (number for number, place in enumerate(LONGEST_FIRST) if is_in(path, place))
    return next(places, len(LONGEST_FIRST))
