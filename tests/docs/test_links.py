"""Links between the pages lead to files and headings that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from page_choice import PAGES, name

from scripts.pages import blocks

LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


def prose(page: Path) -> str:
    """A page without its blocks of code, in which nothing is a link or a heading."""
    lines = page.read_text().splitlines()
    for block in blocks(page):
        # the block's lines, and its two fences
        last = block.line + block.code.count("\n") + 1
        lines[block.line - 1 : last] = [""] * (last - block.line + 1)
    return "\n".join(lines)


def anchors(page: Path) -> set[str]:
    """What headings are called in addresses, as GitHub and MyST do."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for path, anchor in LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page))):
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            broken.append(f"{path}#{anchor}" if anchor else path)
    assert not broken, f"{name(page)} has links that lead nowhere: {broken}"
