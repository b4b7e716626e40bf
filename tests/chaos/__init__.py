"""The chaos suite: a fault at every point of every call that must be made at most once, judged by the
sandbox's own books. Run it with ``python -m tests.chaos``; ``docs/proof.md`` says what it shows."""
