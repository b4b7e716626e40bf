"""Every block of code of the documentation is run; here are those that need no Airflow of their own."""

from __future__ import annotations

from pathlib import Path

import page_connections
import pytest
from page_choice import CHECKED, CLAIMED, NOT_RUN, PAGES, claimed, name, of_kind, pages
from page_running import PageRun

from airflow_provider_activation.sandbox import Sandbox
from scripts.pages import ROOT, Block, blocks, blocks_of

FAST = pages(slow=False)
WITH_CONNECTIONS = [block for block in of_kind("connection", "shell") if block.connections]


def test_every_block_is_run_by_a_test() -> None:
    left = [
        f"{block}: {block.kind}"
        for page in PAGES
        for block in blocks(page)
        if block.kind not in (*CHECKED, "not run") and not claimed(block)
    ]
    assert not left, "nothing runs these blocks, see CONTRIBUTING.md:\n" + "\n".join(left)


def test_few_blocks_are_not_run_and_say_why() -> None:
    said = {str(block): block.said for page in PAGES for block in blocks_of(page, "not run")}
    assert all(said.values()), said
    assert len(said) <= NOT_RUN, said


def test_who_claims_blocks_takes_them() -> None:
    for (page, kind), file in CLAIMED.items():
        if not (ROOT / page).exists():
            continue
        taken = [block for block in blocks(ROOT / page) if kind in ("all", block.kind)]
        text = (ROOT / file).read_text()
        assert taken, f"{page} has no {kind} any more"
        assert Path(page).name in text, f"{file} does not name {page}"
        assert kind == "all" or "claimed(" in text or f'"{kind}"' in text, f"{file} takes no {kind} of {page}"


@pytest.mark.parametrize("block", of_kind("from"), ids=str)
def test_an_excerpt_stands_in_its_file(block: Block) -> None:
    assert block.stands_in_its_file, f"{block}: not in {block.said}"


@pytest.mark.parametrize("block", WITH_CONNECTIONS, ids=str)
def test_a_connection_is_read_and_makes_a_call(block: Block, sandbox: Sandbox) -> None:
    for value in block.connections.values():
        try:
            page_connections.use(value, sandbox.connections)
        except Exception as error:
            pytest.fail(f"{block}: {type(error).__name__}: {error}", pytrace=False)
        assert sandbox.requests or page_connections.shown(value)["conn_type"] in page_connections.OF_OTHERS


@pytest.mark.parametrize("page", FAST, ids=name)
def test_a_page(page: Path, tmp_path: Path, connections: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failures = PageRun(page, tmp_path, connections.connections).run(FAST[page])
    assert not failures, "\n".join(failures)
