"""The blocks of code of the documentation's pages: where each stands, and what is done with it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>.*)$")
DIRECTIVE = re.compile(r"<!-- (not run|from|picture):? ?(.*?) ?-->")
SAVED = re.compile(r"\bSave \w+ as `([^`]+)`")
"""The sentence before a block that goes to a file: Save it as `dags/x.py`:"""
RUNS_A_DAG = re.compile(r"^airflow dags test (\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code.

    :param line: of the fence that begins it.
    :param directive: ``not run``, ``from`` or ``picture``, or nothing.
    :param said: what the directive says: a reason or a path.
    :param intro: the paragraph right before it.
    :param before: the block before it on the page.
    """

    page: Path
    line: int
    language: str
    code: str
    directive: str
    said: str
    intro: str
    before: Block | None = field(repr=False)

    def __str__(self) -> str:
        return f"{self.name}:{self.line}"

    @property
    def name(self) -> str:
        """The page's path in the repository."""
        return self.page.relative_to(ROOT).as_posix() if ROOT in self.page.parents else self.page.name

    @cached_property
    def kind(self) -> str:
        """What is done with it; the language if nothing is done with all blocks of this language."""
        if self.directive:
            return self.directive
        if self.language.startswith("{"):
            return "site"
        match self.language:
            case "python" if "@dag" in self.code or re.search(r"\bDAG\(", self.code):
                return "dag"
            case "json" if '"conn_type"' in self.code:
                return "connection"
            case "text" if self.before and self.before.kind in ("python", "dag", "shell"):
                return "output"
            case "python" | "shell":
                return self.language
            case _ if self.saved_as:
                return "file"
        return self.language or "no language"

    @cached_property
    def saved_as(self) -> str | None:
        """The file that the sentence before it names."""
        found = SAVED.search(self.intro)
        return found[1] if found else None

    @cached_property
    def placed(self) -> str:
        """The code with empty lines before it, so that errors name lines of the page."""
        return "\n" * self.line + self.code

    @property
    def stands_in_its_file(self) -> bool:
        """Whether an excerpt is whole lines of the file that it names."""
        return f"\n{self.code}" in f"\n{(ROOT / self.said).read_text()}"

    @cached_property
    def dag_id(self) -> str:
        """The id of the DAG that it makes: as it is given, or the name of the function under ``@dag``."""
        given = re.search(r"""\b(?:DAG|dag)\(\s*(?:dag_id=)?["']([\w.-]+)["']""", self.code)
        found = given or re.search(r"^@dag\b.*?^def (\w+)", self.code, re.MULTILINE | re.DOTALL)
        return found[1] if found else f"line_{self.line}"

    @cached_property
    def runs(self) -> str | None:
        """The DAG that a shell block runs to its end."""
        found = RUNS_A_DAG.search(self.code) if self.kind == "shell" else None
        return found[1] if found else None

    @cached_property
    def connections(self) -> dict[str, str]:
        """The connections that it shows, by id; the one of a JSON block has none."""
        if self.kind == "connection":
            return {"": self.code}
        if self.kind != "shell" or "AIRFLOW_CONN_" not in self.code:
            return {}
        words = shlex.split(self.code.replace("\\\n", " "), comments=True)
        pairs = (word.partition("=") for word in words if word.startswith("AIRFLOW_CONN_"))
        return {name.removeprefix("AIRFLOW_CONN_").lower(): value for name, _, value in pairs}


def all_pages(root: Path = ROOT) -> list[Path]:
    """README, the other pages beside it, and those in ``docs``."""
    return [*sorted(root.glob("*.md"), reverse=True), *sorted((root / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in their order."""
    return list(_blocks(page))


def blocks_of(page: Path, kind: str) -> list[Block]:
    """The blocks of a kind, in their order."""
    return [block for block in _blocks(page) if block.kind == kind]


def _blocks(page: Path) -> Iterator[Block]:
    lines = page.read_text().splitlines()
    before, start, end, opened = None, 0, 0, None
    for number, line in enumerate(lines):
        found = FENCE.match(line)
        if found is None:
            continue
        if opened is None:
            opened, start = found, number
        elif found["fence"].startswith(opened["fence"]) and not found["info"].strip():
            code = "\n".join(one.removeprefix(opened["indent"]) for one in lines[start + 1 : number])
            directive, intro = _intro(lines[end:start])
            language = opened["info"].split()[0] if opened["info"].strip() else ""
            said = (directive[1], directive[2]) if directive else ("", "")
            before = Block(page, start + 1, language, f"{code}\n", *said, intro, before)
            yield before
            opened, end = None, number + 1
    if opened is not None:
        raise ValueError(f"{page.name}:{start + 1}: the block has no end")


def _intro(lines: list[str]) -> tuple[re.Match[str] | None, str]:
    """The directive right before a block, and the paragraph before that."""
    directive = DIRECTIVE.fullmatch(lines[-1].strip()) if lines else None
    text = "\n".join(lines[:-1] if directive else lines).rstrip()
    return directive, re.split(r"\n\s*\n", text)[-1].strip()


def difference(expected: str, printed: str) -> str | None:
    """The first line of an output that was not printed as it stands; nothing if all were.

    A line ``...`` stands for any lines, ``...`` within a line for any text.
    """
    wanted = [line.rstrip() for line in expected.rstrip().splitlines()]
    found = [line.rstrip() for line in printed.rstrip().splitlines()]
    deepest = 0

    def fits(at: int, there: int) -> bool:
        nonlocal deepest
        while at < len(wanted):
            deepest = max(deepest, at)
            if wanted[at].strip() == "...":
                return any(fits(at + 1, later) for later in range(there, len(found) + 1))
            if there == len(found) or not _same(wanted[at], found[there]):
                return False
            at, there = at + 1, there + 1
        deepest = max(deepest, at)
        return there == len(found)

    if fits(0, 0):
        return None
    return wanted[deepest] if deepest < len(wanted) else "the end"


def _same(wanted: str, found: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in wanted.split("..."))
    return re.fullmatch(pattern, found) is not None
