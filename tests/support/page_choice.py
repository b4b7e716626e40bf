"""Which test runs which blocks of the documentation."""

from __future__ import annotations

from pathlib import Path

from page_running import RUN, SLOW

from scripts.pages import ROOT, Block, all_pages, blocks

CHECKED = (*RUN, "connection", "from", "picture", "site")
"""The kinds of blocks that `tests/docs` checks, pictures, and what only the maker of the site reads."""
CLAIMED = {
    ("docs/start.md", "all"): "scripts/newcomer.py",
    ("docs/audiences.md", "python"): "tests/audience/test_page.py",
    ("docs/audiences.md", "yaml"): "tests/audience/test_page.py",
    ("docs/recipes/many-clients.md", "csv"): "tests/test_many_clients.py",
    ("docs/recipes/many-clients.md", "json"): "tests/test_many_clients.py",
    ("docs/safe-activation.md", "dag"): "tests/live/test_safe_activation_page.py",
    ("docs/safe-activation.md", "shell"): "tests/live/test_safe_activation_page.py",
    ("docs/safe-activation.md", "sql"): "tests/live/test_safe_activation_page.py",
}
"""Who else runs all blocks of a kind of a page, with their outputs."""
NOT_RUN = 5
"""How many blocks may say that they are not run, all pages together."""

PAGES = all_pages()


def claimed(block: Block) -> str | None:
    """The file that runs a block in place of `tests/docs`."""
    if block.kind == "output":
        assert block.before is not None
        return claimed(block.before)
    return CLAIMED.get((block.name, block.kind)) or CLAIMED.get((block.name, "all"))


def of_kind(*kinds: str) -> list[Block]:
    """The blocks of some kinds on all pages, those that are claimed left out."""
    return [block for page in PAGES for block in blocks(page) if block.kind in kinds and not claimed(block)]


def pages(*, slow: bool) -> dict[Path, list[Block]]:
    """The pages with what of them is run in order: those that need an Airflow, or the others."""
    found: dict[Path, list[Block]] = {}
    for block in of_kind(*RUN):
        found.setdefault(block.page, []).append(block)
    return {page: run for page, run in found.items() if slow == any(block.kind in SLOW for block in run)}


def name(page: Path) -> str:
    """How a test calls a page."""
    return page.relative_to(ROOT).as_posix()
