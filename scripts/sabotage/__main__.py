"""Carry out all sabotages, or those whose file or tests contain a text."""

from __future__ import annotations

import argparse
import sys

from scripts.sabotage.entries import SABOTAGES
from scripts.sabotage.running import outcomes


def main() -> int:
    """Carry out sabotages, and print what came of each; returns 1 if one of them went unnoticed."""
    parser = argparse.ArgumentParser(prog="python -m scripts.sabotage", description=__doc__)
    parser.add_argument("text", nargs="?", default="", help="only those whose file or tests contain it")
    text = parser.parse_args().text
    chosen = [one for one in SABOTAGES if text in one.file or text in one.tests]
    if not chosen:
        parser.error(f"no sabotage has {text!r} in its file or tests")
    unnoticed = 0
    for outcome in outcomes(chosen):
        unnoticed += not outcome.noticed
        verdict = "noticed" if outcome.noticed else "NOT NOTICED"
        sabotage = outcome.sabotage
        print(f"{verdict:12} {sabotage.file:28} {outcome.seconds:5.1f} s  {sabotage.tests}", flush=True)
        if not outcome.noticed:
            print(outcome.said, flush=True)
    print(f"{len(chosen) - unnoticed} of {len(chosen)} sabotages were noticed.")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
