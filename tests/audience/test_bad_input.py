"""Sources that are not what was said of them: a typed error or a count, and never a person in either."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from typing import Any

import pyarrow
import pytest
from audience_attacks import ADDRESS, NUMBER, Room, room

from airflow_provider_activation.errors import AudienceNotWritten, InvalidArgument, UnfitAudience

__all__ = ["room"]

PHONE = {"columns": {"phone": {"kind": "phone", "source": "phone", "hash": "sha256"}}}
TEXT = {
    "columns": {
        "email": {"kind": "email", "source": "email", "hash": "sha256"},
        "note": {"kind": "attribute", "source": "note"},
    }
}
GOOD = "email,note\na@example.com,x\nb@example.com,y\n"


# what is no table as it was said to be


@pytest.mark.parametrize(
    "content",
    [
        f"email;note\n{ADDRESS};x\n",
        f"email\tnote\n{ADDRESS}\tx\n",
        f"{ADDRESS},x\nb@example.com,y\n",
        f"{ADDRESS}\n",
        f"\n\n{ADDRESS},x\n",
        f"mail,note\n{ADDRESS},x\n",
        f"e-mail {NUMBER},note\n{ADDRESS},x\n",
        f'"{ADDRESS},x\n',
        "\n",
        " \n",
        "\ufeff\n",
    ],
)
def test_a_file_without_the_column_is_told_without_its_first_row(room: Room, content: str) -> None:
    message = room.refused(UnfitAudience, room.file(content))
    assert "people.csv" in message
    assert "email" in message or "first row" in message


@pytest.mark.parametrize(
    "content", ["", "\ufeff", "email,note\n", "email,note", "email,note\r\n", '"email"\n']
)
def test_a_file_without_rows_is_unfit(room: Room, content: str) -> None:
    assert "people.csv" in room.refused(UnfitAudience, room.file(content))


def test_rows_may_be_none_where_that_is_allowed(room: Room) -> None:
    source = room.file("email\nnobody\n")
    assert room.prepare(source, min_rows=0)["rows"]["written"] == 0


@pytest.mark.parametrize(
    ("content", "source"),
    [
        ("email|note\na@example.com|x\n", {"delimiter": "|"}),
        ("email\tnote\na@example.com\tx\n", {"delimiter": "\t"}),
        ("email,note\n'a@example.com','x'\n", {"quote": "'"}),
        ("a@example.com,x\n", {"header": ["email", "note"]}),
        ("\ufeffemail,note\na@example.com,x\n", {}),
        ("\ufeffa@example.com,x\n", {"header": ["email", "note"]}),
        ('\ufeff"email","note"\n"a@example.com","x"\n', {}),
        ("email,note\r\na@example.com,x\r\n", {}),
        ("email,note\ra@example.com,x\r", {}),
        ("email,note\na@example.com,x", {}),
        ('email,note\r\n"a@example.com","x"', {}),
        ('"email","note"\na@example.com,x\n', {}),
        ('"e-mail\nof them",email,note\n1,a@example.com,x\n', {}),
    ],
)
def test_other_forms_of_csv_are_read(room: Room, content: str, source: dict[str, Any]) -> None:
    manifest = room.prepare({"path": str(room.file(content)), **source}, TEXT)
    assert manifest["rows"] == {
        "read": 1, "left_out": 0, "rejected": 0, "suppressed": 0, "duplicates": 0, "written": 1,
    }  # fmt: skip
    assert room.rows(manifest)[0][1] == "x"


@pytest.mark.parametrize(
    "content", ["email,note\r\n{},x\n", "email,note\n{},x\r\n", "email,note\n{},x\r\nb,c\n"]
)
def test_lines_that_end_in_different_ways_are_told(room: Room, content: str) -> None:
    assert "lines" in room.refused(UnfitAudience, room.file(content.format(ADDRESS)), TEXT)


def test_breaks_and_quotes_inside_of_values_come_out_as_they_went_in(room: Room) -> None:
    notes = ["a\nb", 'say "hi"', "c\r\nd", "e,f", "'", '"', "a;b\tc", "\\", '\\"', "''"]
    lines = [
        f'{number}@example.com,"{note.replace(chr(34), chr(34) * 2)}"\n' for number, note in enumerate(notes)
    ]
    manifest = room.prepare(room.file("email,note\n" + "".join(lines)), TEXT)
    assert sorted(row[1] for row in room.rows(manifest)) == sorted(notes)


# broken rows


@pytest.mark.parametrize(
    ("lines", "broken"),
    [
        (["a@x.se,1", f"{ADDRESS},2,3", "c@x.se,3"], [2]),
        (["a@x.se,1", ADDRESS, "c@x.se,3"], [2]),
        ([ADDRESS, "c@x.se,3"], [1]),
        (["a@x.se,1", ADDRESS], [2]),
        ([f"{ADDRESS},1,1", f"{ADDRESS}", "c@x.se,3", f"{ADDRESS},1,2,3,4", "d@x.se,4"], [1, 2, 4]),
        (['"a@x.se","1\n2\n3"', f"{ADDRESS},2,3", '"c@x.se","\n\n"', f"{ADDRESS}", "d@x.se,3"], [2, 4]),
        ([f'a@x.se,"1"{ADDRESS}', "b@x.se,2"], [1]),
        (["a@x.se,1", f'b@x.se,"1"{ADDRESS}', "b@x.se,2", f"{ADDRESS},2,3"], [2, 4]),
        (["a@x.se,1", "", f"{ADDRESS},2,3", "c@x.se,3"], [3]),
        (["a@x.se,1", "b@x.se,", ",", f"{ADDRESS},2,3"], [4]),
        ([f'{ADDRESS},2,"3', '4"', "c@x.se,3"], [1]),
    ],
)
def test_a_broken_row_is_counted_with_its_number(room: Room, lines: list[str], broken: list[int]) -> None:
    manifest = room.prepare(room.file("\n".join(["email,note", *lines]) + "\n"), TEXT)
    rejects = [row for row in room.rejects(manifest) if row[2] == "broken_row"]
    assert rejects == [(number, "", "broken_row") for number in broken]
    assert manifest["rejects"]["counts"][""]["broken_row"] == len(broken)


OPEN = f'"{ADDRESS}'
MANY = [f"m{number}@x.se,{number}" for number in range(60_000)]
"""More than the engine reads at once."""


@pytest.mark.parametrize(
    ("lines", "row"),
    [
        (["a@x.se,1", f"{OPEN},2", "c@x.se,3"], 2),
        (["a@x.se,1", f"b@x.se,{OPEN}"], 2),
        ([f"{OPEN},2", "c@x.se,3", '"d@x.se",4', "e@x.se,5"], 1),
        (["a@x.se,1", "", f"{OPEN},2", "b@x.se,", 'c@x.se,"3"'], 3),
        ([f"{ADDRESS},2,3", f"{OPEN},2", "c@x.se,3"], 2),
        (["a@x.se,1", f"{OPEN},2", *MANY], 2),
        ([*MANY, f"{OPEN},2", *MANY, '"c@x.se",3', *MANY], 60_001),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_quote_that_swallows_rows_is_refused(room: Room, lines: list[str], row: int, end: str) -> None:
    """What it swallows is counted nowhere: of a list, people would be sent to who are in it."""
    text = end.join(["email,note", *lines, ""])
    said = room.refused(UnfitAudience, room.file(text), TEXT)
    assert f"row {row} has a quote that is not closed" in said
    schema = {"columns": {"e": {"kind": "email", "source": "email"}}}
    suppress = [{"source": str(room.file(text, "list.csv")), "schema": schema}]
    said = room.refused(UnfitAudience, room.file(GOOD), suppress=suppress)
    assert f"list.csv: row {row} has a quote that is not closed" in said


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_value_behind_broken_rows_keeps_its_number(room: Room, named: bool, end: str) -> None:
    bad = {3, 4, 9, 10, 11, 30}
    lines = ["email,note"] if named else []
    for number in range(1, 41):
        if number in bad:
            lines.append("broken" if number % 2 else "much,too,much")
        elif number % 7 == 0:
            lines.append(f'no address,"{number}{end}{end}"')
        else:
            lines.append(f'a{number}@x.se,"b{end}c"')
    source = {"path": str(room.file(end.join(lines) + end)), "header": True if named else ["email", "note"]}
    manifest = room.prepare(source, TEXT)
    rejects = room.rejects(manifest)
    assert {row for row, _, reason in rejects if reason == "broken_row"} == bad
    assert {row for row, column, reason in rejects if (column, reason) == ("email", "not_an_address")} == {
        7, 14, 21, 28, 35,
    }  # fmt: skip
    assert manifest["rows"]["read"] == 40
    assert manifest["rows"]["written"] == 40 - len(bad) - 5


def test_a_broken_row_that_has_the_columns_wanted_is_still_broken(room: Room) -> None:
    manifest = room.prepare(room.file("email,note\na@x.se,1\nb@x.se\nc@x.se,1,2\nd@x.se,4\n"))
    assert manifest["rows"]["read"] == 4
    assert manifest["rows"]["written"] == 2
    assert room.rejects(manifest) == [(2, "", "broken_row"), (3, "", "broken_row")]


def test_broken_rows_count_also_where_where_leaves_rows_out(room: Room) -> None:
    content = "email,note\na@x.se,1\nbroken\nb@x.se,2\nnobody,1\nc@x.se,1,2\n"
    manifest = room.prepare(room.file(content), where="note = '1'")
    assert manifest["rows"] == {
        "read": 5, "left_out": 1, "rejected": 3, "suppressed": 0, "duplicates": 0, "written": 1,
    }  # fmt: skip
    assert (4, "email_sha256", "not_an_address") in room.rejects(manifest)


def test_rows_behind_a_wrong_quote_are_not_lost(room: Room) -> None:
    lines = "".join(f"{number}@x.se,x\n" for number in range(100))
    broken = f'email,note\na@x.se,"1"{ADDRESS}\n{lines}'
    manifest = room.prepare(room.file(broken), TEXT)
    assert manifest["rows"]["read"] == 101
    assert manifest["rows"]["written"] == 100
    listed = room.file(broken, "list.csv")
    suppress = [{"source": str(listed), "schema": {"columns": {"e": {"kind": "email", "source": "email"}}}}]
    manifest = room.prepare(room.file(f"email,note\n{lines}new@x.se,x\n"), suppress=suppress)
    assert manifest["rows"]["suppressed"] == 100
    assert manifest["suppression"][0]["unreadable"] == 1


def test_a_column_named_ordered_is_not_the_order(room: Room) -> None:
    schema = {
        "columns": {
            "email": {"kind": "email", "source": "r", "hash": "sha256"},
            "note": {"kind": "attribute", "source": "ordered"},
        }
    }
    source = room.file("r,ordered,since\na@x.se,older,1\na@x.se,newer,2\na@x.se,zzz,0\n")
    manifest = room.prepare(source, schema, order_by="since", where="r <> ordered")
    assert [row[1] for row in room.rows(manifest)] == ["newer"]


def test_rejects_can_be_made_fatal(room: Room) -> None:
    source = room.file(f"email,note\na@x.se,1\n{ADDRESS},2,3\n")
    assert "broken_row" in room.refused(UnfitAudience, source, fail_on_rejects=True)


def test_a_list_with_broken_rows_still_suppresses(room: Room) -> None:
    listed = room.file("email,note\nbroken\na@example.com,x\n", "list.csv")
    suppress = [{"source": str(listed), "schema": {"columns": {"e": {"kind": "email", "source": "email"}}}}]
    manifest = room.prepare(room.file(GOOD), suppress=suppress)
    assert manifest["rows"]["suppressed"] == 1


def test_a_list_whose_rows_are_broken_for_the_most_part_is_refused(room: Room) -> None:
    listed = room.file("email,note\n" + f"{ADDRESS}\n" * 5 + "c@example.com,x\n", "list.csv")
    suppress = [{"source": str(listed), "schema": {"columns": {"e": {"kind": "email", "source": "email"}}}}]
    assert "list.csv" in room.refused(UnfitAudience, room.file(GOOD), suppress=suppress)


@pytest.mark.parametrize(
    "content", ["", "email\n", f"{ADDRESS}\n", f"mail\n{ADDRESS}\n", f"email\n{NUMBER}\n"]
)
def test_a_list_that_says_nothing_is_refused(room: Room, content: str) -> None:
    listed = room.file(content, "list.csv")
    suppress = [{"source": str(listed), "schema": {"columns": {"e": {"kind": "email", "source": "email"}}}}]
    assert "list.csv" in room.refused(UnfitAudience, room.file(GOOD), suppress=suppress)


@pytest.mark.parametrize("length", [100_000, 3_000_000])
def test_a_very_long_row_is_read_or_counted(room: Room, length: int) -> None:
    manifest = room.prepare(
        room.file(f"email,note\na@x.se,1\nb@x.se,{'x' * length}\nc@x.se,3\nnobody,4\n"), TEXT
    )
    assert manifest["rows"]["read"] == 4
    assert (4, "email", "not_an_address") in room.rejects(manifest)
    counts = manifest["rejects"]["counts"]
    assert manifest["rows"]["written"] == 3 - counts[""].get("broken_row", 0)


@pytest.mark.parametrize("at", ["email", "note"])
def test_a_zero_byte_reaches_no_address(room: Room, at: str) -> None:
    row = f"{ADDRESS}\x00,1" if at == "email" else "b@x.se,1\x002"
    manifest = room.prepare(room.file(f"email,note\na@x.se,1\n{row}\nnobody,1\n"), TEXT)
    assert manifest["rows"]["read"] == 3
    assert (3, "email", "not_an_address") in room.rejects(manifest)
    assert manifest["rows"]["written"] == (1 if at == "email" else 2)


# encodings


def test_broken_utf_8_is_a_broken_row(room: Room) -> None:
    source = room.file(b"email,note\na@x.se,1\nb\xff\xfe" + ADDRESS.encode() + b",2\nnobody,3\nd@x.se,4\n")
    manifest = room.prepare(source, TEXT)
    assert manifest["rows"]["read"] == 4
    assert manifest["rows"]["written"] == 2
    assert [row[0] for row in room.rejects(manifest)] == [2, 3, 3]


def test_a_latin_1_file_is_not_read_as_utf_8(room: Room) -> None:
    source = room.file("email,note\na@x.se,å\nbö@x.se,2\nc@x.se,3\n".encode("latin-1"))
    manifest = room.prepare(source, TEXT)
    assert manifest["rejects"]["counts"] == {"": {"broken_row": 2}}


def test_a_latin_1_header_is_not_read_as_utf_8(room: Room) -> None:
    message = room.refused(UnfitAudience, room.file(f"email,höjd\n{ADDRESS},1\n".encode("latin-1")))
    assert "people.csv" in message
    assert "utf-8" in message


ENCODINGS = ("latin-1", "iso-8859-1", "cp1252", "utf-16", "utf-16-le", "utf-8-sig", "UTF8")


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        # one that DuckDB reads and one that Python decodes are packed here, the others in the slow tests
        pytest.param(encoding, packed, marks=[pytest.mark.generated] * (packed and not is_tried))
        for encoding in ENCODINGS
        for packed in (False, True)
        for is_tried in [encoding in ("latin-1", "cp1252")]
    ],
)
def test_a_declared_encoding_is_read(room: Room, encoding: str, packed: bool) -> None:
    content = "email,note\nå@example.com,blåbär\nnobody,x\n".encode(encoding)
    name = "people.csv.gz" if packed else "people.csv"
    source = {
        "path": str(room.file(gzip.compress(content) if packed else content, name)),
        "encoding": encoding,
    }
    manifest = room.prepare(source, TEXT)
    assert [row[1] for row in room.rows(manifest)] == ["blåbär"]
    assert (2, "email", "not_an_address") in room.rejects(manifest)


@pytest.mark.parametrize("encoding", ["utf-16", "ascii", "cp1252", "utf-32"])
def test_bytes_that_the_encoding_lacks_are_told(room: Room, encoding: str) -> None:
    content = f"email,note\na@x.se,1\n{ADDRESS},x".encode() + b"\x81\xff\xd8\n"
    source = {"path": str(room.file(content)), "encoding": encoding}
    assert "people.csv" in room.refused(UnfitAudience, source, TEXT)


@pytest.mark.parametrize("encoding", ["klingon", "rot13", "hex", "zip", "base64", "", 1, None, ["utf-8"]])
def test_an_encoding_that_is_none_is_refused(room: Room, encoding: object) -> None:
    source = {"path": str(room.file(GOOD)), "encoding": encoding}
    assert "encoding" in room.refused(InvalidArgument, source)


# compression


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("damage", ["truncated", "none", "empty", "flipped", "behind"])
def test_a_damaged_gzip_is_unfit(room: Room, kind: str, damage: str) -> None:
    row = f'{{"email": "{ADDRESS}"}}\n' if kind == "jsonl" else f"{ADDRESS}\n"
    whole = ("" if kind == "jsonl" else "email\n") + "".join(
        f"{number}{row}" if kind == "csv" else row for number in range(5000)
    )
    packed = gzip.compress(whole.encode())
    content = {
        "truncated": packed[: len(packed) // 2],
        "none": whole.encode(),
        "empty": b"",
        "flipped": packed[:200] + bytes(byte ^ 0xFF for byte in packed[200:260]) + packed[260:],
        "behind": packed[:-8] + b"\x00" * 8,
    }[damage]
    source = room.file(content, f"people.{kind}.gz")
    if damage == "behind":
        # DuckDB looks at no checksum; nothing is missing then
        try:
            room.prepare(source)
        except UnfitAudience:
            return
    else:
        assert f"people.{kind}.gz" in room.refused(UnfitAudience, source)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_file_packed_with_zstandard_is_read(room: Room, encoding: str) -> None:
    packed = pyarrow.compress("email,note\na@x.se,blåbär\n".encode(encoding), codec="zstd", asbytes=True)
    source = {"path": str(room.file(packed, "people.csv.zst")), "encoding": encoding}
    assert [row[1] for row in room.rows(room.prepare(source, TEXT))] == ["blåbär"]


@pytest.mark.parametrize("kind", ["csv", "cp1252", "jsonl"])
def test_what_is_no_zstandard_to_its_end_is_unfit(room: Room, kind: str) -> None:
    """DuckDB reads what is there of a file that is cut off, and says nothing."""
    rows = [f"{number}{ADDRESS}" for number in range(100_000)]
    lines = [f'{{"email": "{row}"}}' for row in rows] if kind == "jsonl" else ["email", *rows]
    packed = pyarrow.compress("\n".join(lines).encode(), codec="zstd", asbytes=True)
    suffix, given = (
        ("jsonl", {}) if kind == "jsonl" else ("csv", {"encoding": "utf-8" if kind == "csv" else kind})
    )
    for name, content in (("cut", packed[: len(packed) * 3 // 4]), ("none", b"email,note\n")):
        source = {"path": str(room.file(content, f"{name}.{suffix}.zst")), **given}
        assert f"{name}.{suffix}.zst" in room.refused(UnfitAudience, source)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_gzip_that_is_cut_anywhere_is_unfit_or_whole(room: Room, kind: str) -> None:
    rows = [f"{number}-{hash(number * 7919)}@example.com" for number in range(60)]
    lines = [f'{{"email": "{row}"}}' for row in rows] if kind == "jsonl" else ["email", *rows]
    packed = gzip.compress("\n".join(lines).encode())
    refused = 0
    for cut in (1, 4, 8, 9, 12, 20, 40, 80, 150, len(packed) // 2, len(packed) - 11):
        source = room.file(packed[:-cut], f"{cut}.{kind}.gz")
        try:
            assert room.prepare(source)["rows"]["read"] == 60
        except UnfitAudience:
            refused += 1
    assert refused >= 7


def test_gzip_without_its_suffix_is_read_where_it_is_said(room: Room) -> None:
    source = room.file(gzip.compress(GOOD.encode()), "people.dat")
    manifest = room.prepare({"path": str(source), "format": "csv", "compression": "gzip"})
    assert manifest["rows"]["written"] == 2
    assert "people.dat" in room.refused(UnfitAudience, {"path": str(source), "format": "csv"})


def test_two_gzip_members_are_one_file(room: Room) -> None:
    content = gzip.compress(b"email\na@x.se\n") + gzip.compress(b"b@x.se\n")
    assert room.prepare(room.file(content, "people.csv.gz"))["rows"]["written"] == 2


# names of columns


@pytest.mark.parametrize("header", ["email,email", "email,Email", "email,note,note", "email,a,A"])
def test_two_columns_of_one_name_are_refused_or_told_apart(room: Room, header: str) -> None:
    fields = ",".join(["a@example.com"] + ["x"] * header.count(","))
    assert "one name" in room.refused(UnfitAudience, room.file(f"{header}\n{fields}\n"))


NAMES = (
    "r",
    "R",
    "v0",
    "t0",
    "b0",
    "p0",
    "f0",
    "e0",
    "n0",
    "y0",
    "o0",
    "s0",
    "ordered",
    "lost",
    "line",
    "place",
    "again",
    "row",
    "column",
    "reason",
    "with blank",
    " led",
    "select",
    "ä",
    "😀",
    "a.b",
    "x'y",
    'q"r',
    "1",
    "NULL",
    "[a]",
)
"""What a column may be called; the engine's own tables use some of these."""


@pytest.mark.parametrize(
    "columns",
    # of two names that differ in their case a table has one
    [NAMES[1:], *(pytest.param((name,), marks=pytest.mark.generated, id=name) for name in NAMES)],
)
def test_any_name_of_a_column_works(room: Room, columns: Sequence[str]) -> None:
    quoted = [f'"{column.replace(chr(34), chr(34) * 2)}"' for column in columns]
    rows = [["b@x.se", "1", ""], ["nobody", "2", "+46701740000"], ["a@x.se", "3", "070"]]
    lines = [",".join([*[email] * len(columns), other, mobile]) for email, other, mobile in rows]
    source = room.file("\n".join([",".join([*quoted, "other", "mobile"]), *lines, ""]))
    emails = {column: {"kind": "email", "source": column, "hash": "sha256"} for column in columns}
    schema = {
        "columns": {
            **emails,
            "phone": {"kind": "phone", "source": "mobile", "hash": "sha256"},
            **{f"{column}2": {"kind": "attribute", "source": column} for column in columns},
        }
    }
    listed = room.file("email\na@x.se\n", "list.csv")
    suppress = [{"source": str(listed), "schema": {"columns": {"e": {"kind": "email", "source": "email"}}}}]
    where = " AND ".join(f"{column} <> 'x'" for column in quoted)
    manifest = room.prepare(source, schema, where=where, order_by=columns[0], suppress=suppress)
    assert manifest["columns"] == [*columns, "phone", *(f"{column}2" for column in columns)]
    assert manifest["rows"]["written"] == 2
    assert manifest["rows"]["suppressed"] == 1
    rejects = [(2, column, "not_an_address") for column in sorted(columns)]
    assert room.rejects(manifest) == [*rejects, (3, "phone", "no_country")]
    beside = "other" if {"r", "R"} & {*columns} else "r"
    frame = [
        {beside: str(number), "mobile": None, **dict.fromkeys(columns, email)}
        for number, email in enumerate(["a@x.se", "nobody"])
    ]
    assert room.rejects(room.prepare(frame, schema))[0] == (2, "", "no_identifier")


# values


def test_reasons_are_counted_and_nobody_is_quoted(room: Room) -> None:
    digest = "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514"
    nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    rows = [
        {"email": f"{ADDRESS} <x>", "phone": "0701740605", "digest": digest},
        {"email": digest, "phone": digest, "digest": nothing},
        {"email": f"{ADDRESS}@x", "phone": "+0000000000", "digest": digest[:40]},
        {"email": "test@test.com", "phone": "٠٧٠١٧٤٠٦٠٥", "digest": f"{digest}{digest}"},
        {"email": "", "phone": " ", "digest": f"x{digest[1:]}"},
        {"email": None, "phone": None, "digest": f"0x{digest}"},
    ]
    schema = {
        "columns": {
            "email": {"kind": "email", "source": "email", "hash": "sha256"},
            "phone": {"kind": "phone", "source": "phone", "hash": "sha256"},
            "digest": {"kind": "email", "source": "digest", "hashed": "sha256", "normalised": "google"},
        }
    }
    manifest = room.prepare(rows, schema)
    assert manifest["rejects"]["counts"] == {
        "": {"no_identifier": 4},
        "email": {"not_an_address": 2, "undeclared_digest": 1, "placeholder": 1},
        "phone": {"no_country": 1, "undeclared_digest": 1, "placeholder": 1, "not_a_phone": 1},
        "digest": {"digest_of_nothing": 1, "other_algorithm": 1, "not_a_digest": 2},
    }
    assert [row[2] for row in room.rows(manifest)] == [digest]


def test_what_is_hashed_is_not_hashed_again(room: Room) -> None:
    schema = {
        "columns": {"e": {"kind": "email", "source": "email", "hashed": "sha256", "normalised": "meta"}}
    }
    room.refused(InvalidArgument, [{"email": "x"}], schema)
    room.refused(
        InvalidArgument,
        [{"email": "x"}],
        {"columns": {"e": {**schema["columns"]["e"], "normalised": "google", "hash": "md5"}}},
    )


# files that cannot be read or written


@pytest.mark.parametrize(
    "path", ["missing.csv", ".", "missing/people.csv", "people.txt", "people", "people.xlsx"]
)
def test_a_source_that_is_no_file_is_told(room: Room, path: str) -> None:
    for name in ("people.txt", "people", "people.xlsx"):
        room.file(f"email\n{ADDRESS}\n", name)
    room.refused((UnfitAudience, InvalidArgument), str(room.sources / path))


@pytest.mark.parametrize("name", ["people.parquet", "people.jsonl", "people.csv"])
def test_a_file_that_is_something_else_is_unfit(room: Room, name: str) -> None:
    source = room.file(bytes(range(256)) * 40 + ADDRESS.encode(), name)
    assert name in room.refused(UnfitAudience, source)


@pytest.mark.parametrize(
    "folder", ["sources/people.csv", "sources/people.csv/below", "/proc/audience", "a\x00b"]
)
def test_a_folder_that_is_none_is_told(room: Room, folder: str) -> None:
    source = room.file(f"email\n{ADDRESS}\n")
    room.refused((AudienceNotWritten, InvalidArgument), source, folder=str(room.folder.parent / folder))


def test_a_source_that_changes_while_it_is_read_is_unfit(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_activation.audience.people import People

    source = room.file("email\na@x.se\n")
    write = People.write

    def changed(people: People, path: Any) -> int:
        written = write(people, path)
        source.write_text(f"email\n{ADDRESS}\n")
        return written

    monkeypatch.setattr(People, "write", changed)
    assert "changed" in room.refused(UnfitAudience, source)
    source.write_text("email\na@x.se\n")
    assert "changed" in room.refused(UnfitAudience, {"path": str(source), "encoding": "cp1252"})
