"""Run the suite: ``python -m tests.chaos``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

# Airflow reads these when it is imported, so they are set before anything else.
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-home-"))
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

if __name__ == "__main__":
    from .runner import main

    sys.exit(main())
