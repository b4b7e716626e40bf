"""`scripts.run_dag` with the HTTP libraries' logs on, which Airflow silences and its users may not."""

from __future__ import annotations

import logging
import sys

from scripts.run_dag import main

if __name__ == "__main__":
    for name in ("httpx", "httpcore", "airflow_provider_activation"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.addHandler(logging.StreamHandler(sys.stdout))
    sys.exit(main(sys.argv[1]))
