"""Writes the tables of ``docs/audiences.md`` that say what the profiles are. Run by ``make coverage``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from made_parts import with_part

from airflow_provider_activation.audience.profiles import PROFILES, Hashes, Profile

PAGE = Path(__file__).resolve().parents[2] / "docs" / "audiences.md"
BEGIN = "<!-- made by `make coverage` -->\n"
END = "<!-- end of what is made -->\n"
KINDS = {
    "email": "e-mails",
    "phone": "phones",
    "device_id": "device ids",
    "name": "names",
    "postal": "postal",
}
"""The kinds of columns for which profiles differ, and what their documents call them."""


def tables() -> str:
    """A table for each profile, in Markdown."""
    return "".join(f"\n### `{profile.name}`\n\n{_table(profile)}" for profile in PROFILES.values()) + "\n"


def _table(profile: Profile) -> str:
    lines = [("what", "here", "document"), ("---", "---", "---"), *_rows(profile)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _rows(profile: Profile) -> Iterator[tuple[str, str, str]]:
    documents = dict(profile.documents)
    for kind, name in KINDS.items():
        says = documents.pop(name, "")
        allowed = profile.hashes.get(kind)
        yield name, ways(allowed) if allowed else "refused", says if allowed else ""
    yield "least rows", f"{profile.min_rows:,}", documents.pop("rows", "")
    yield "digests", profile.digest, documents.pop("digest", "")
    quoted = "every field quoted" if profile.quote_all else "fields quoted where needed"
    packed = "gzip" if profile.compression == "gzip" else "not compressed"
    yield "file", f"`{profile.delimiter}` between fields, {quoted}, {packed}", documents.pop("file", "")
    for name, says in documents.items():
        yield name, "", says


def ways(hashes: Hashes) -> str:
    """How values may leave, in words."""
    return ", ".join(how or "plain" for how in hashes)


def page(text: str) -> str:
    """The page with the tables as they should be."""
    return with_part(text, BEGIN, END, tables())


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
