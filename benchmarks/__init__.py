"""What waits, calls and imports cost, with peers beside them in the same run: ``python -m benchmarks``."""
