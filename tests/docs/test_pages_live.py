"""The pages whose DAGs and commands need an Airflow: each is followed from its first block to its last."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_choice import name, pages
from page_process import run_apart

from airflow_provider_activation.sandbox import Sandbox

SLOW = pages(slow=True)


@pytest.mark.parametrize("page", SLOW, ids=name)
def test_a_page(page: Path, tmp_path: Path) -> None:
    with Sandbox(port=0, consent="auto", step_seconds=0.1) as sandbox:
        failures = run_apart(page, SLOW[page], tmp_path, sandbox)
    assert not failures, "\n".join(failures)
