"""What ``where`` may not do, and what the engine cannot reach: its run's columns and files only."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from audience_attacks import ADDRESS, Room, room, said_by
from audience_running import run

from airflow_provider_activation.audience.engine import Engine
from airflow_provider_activation.audience.where import read_where
from airflow_provider_activation.errors import AudienceNotWritten, InvalidArgument, UnfitAudience
from airflow_provider_activation.storage.place import Stopped

__all__ = ["room"]

PEOPLE = (
    "email,mobile,spent,since,country,Order\n"
    "a@example.com,+46701740605,10,2026-01-31,SE,x\n"
    "b@example.com,,20.5,2025-12-01,NO,y\n"
    "c@example.com,,none,2024-02-29,SE,z\n"
)

SUBQUERIES = (
    "email IN (SELECT email FROM source)",
    "EXISTS (SELECT 1)",
    "NOT EXISTS (FROM range(3))",
    "(SELECT true)",
    "(FROM range(3))",
    "(VALUES (true))",
    "(TABLE source)",
    "email = (SELECT max(email) FROM source)",
    "email = ANY (SELECT 'a')",
    "email <> ALL (SELECT 'a')",
    "ARRAY(SELECT 1) = [1]",
    "CASE WHEN (SELECT true) THEN true ELSE false END",
    "coalesce(email, (SELECT 'x')) = 'x'",
    "[(SELECT 1)] = [1]",
    "{'a': (SELECT 1)} = {'a': 1}",
    "TRY_CAST((SELECT content FROM read_text('/etc/hostname')) AS BOOLEAN)",
    "(WITH x AS (SELECT 1) SELECT true FROM x)",
    "email BETWEEN 'a' AND (SELECT 'z')",
    "spent IN (1, (SELECT 2))",
)
FILES = (
    "read_csv('/etc/passwd')",
    "email IN (SELECT * FROM read_csv('/etc/passwd'))",
    "(SELECT count(*) FROM '/etc/passwd') > 0",
    "read_text('/etc/passwd') = ''",
    "read_blob('/etc/passwd') IS NULL",
    "glob('/etc/*') IS NOT NULL",
    "email GLOB glob('/etc/*')",
    "query('SELECT 1')",
    "query_table('source')",
    "json_execute_serialized_sql('x')",
    "parquet_metadata('x') IS NULL",
    "sniff_csv('x') IS NULL",
    "duckdb_settings() IS NULL",
)
SURROUNDINGS = (
    "getenv('HOME') = ''",
    "GETENV('HOME') = ''",
    "\"getenv\"('HOME') = ''",
    "main.getenv('HOME') = ''",
    "system.main.getenv('HOME') = ''",
    "'HOME'.getenv() = ''",
    "getvariable('x') = 1",
    "current_setting('threads') = '1'",
    "current_database() = 'x'",
    "current_schema() = 'x'",
    "current_query() = 'x'",
    "version() = 'x'",
    "txid_current() > 0",
    "pg_backend_pid() > 0",
    "nextval('x') > 0",
    "setseed(0.5) IS NULL",
    "write_log('x') IS NULL",
    "error(email) IS NULL",
    "in_search_path('x', 'y')",
    "no_such_function(email)",
    "sleep_ms(1) IS NULL",
    "__internal_barrier(email) = ''",
    "pg_sleep(1) IS NULL",
    "ago(INTERVAL 1 DAY) IS NULL",
)
STATEMENTS = (
    "true; SELECT 1",
    ";",
    "true; COPY (SELECT 1) TO '/tmp/x'",
    "SELECT true",
    "FROM source",
    "COPY (SELECT 1) TO '/tmp/x'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA version",
    "SET threads = 1",
    "CREATE MACRO m() AS 1",
    "DROP TABLE source",
    "true) OR (true",
    "true)",
    "(true",
    "true) FROM read_csv('/etc/passwd') --",
    "true) --",
    "true); SELECT (1",
    "true) UNION SELECT (true",
    "true /*",
    "*/ true",
    "true ORDER BY 1",
    "true LIMIT 1",
    "true OFFSET 1",
    "true UNION SELECT true",
    "true UNION ALL FROM source",
    "true EXCEPT SELECT true",
    "true GROUP BY 1",
    "true GROUP BY ALL",
    "true HAVING true",
    "true QUALIFY true",
    "true USING SAMPLE 1",
    "true FROM source",
    "true FROM '/etc/passwd'",
    "true WHERE true",
    "true AS x",
    "true x",
    "x: true",
    "true, true",
    "DISTINCT true",
    "*",
    "source.*",
    "",
    "   ",
    "email = ",
    "email == = 'x'",
    "WHERE true",
    "email = 'unterminated",
    'email = "unterminated',
    "$$",
)
MANY_ROWS = (
    "COLUMNS(*) IS NOT NULL",
    "COLUMNS('e.*') = 'x'",
    "*COLUMNS(*) IS NULL",
    "COLUMNS(c -> c LIKE 'e%') = 'x'",
    "row_number() OVER () < 3",
    "lag(email) OVER (ORDER BY email) IS NULL",
    "sum(1) OVER (PARTITION BY email) > 1",
    "count(*) > 1",
    "count(*) FILTER (WHERE true) > 1",
    "max(email) = 'a'",
    "list(email) IS NULL",
    "string_agg(email) = ''",
    "unnest([true, false])",
    "GROUPING(email) = 1",
)
UNSTEADY = (
    "random() < 0.5",
    "now() > TIMESTAMP '2020-01-01'",
    "today() > DATE '2020-01-01'",
    "get_current_timestamp() IS NOT NULL",
    "age(TIMESTAMP '2020-01-01') > INTERVAL 1 DAY",
    "uuid() IS NOT NULL",
    "gen_random_uuid() IS NOT NULL",
    "uuidv7() IS NOT NULL",
)
LAMBDAS_AND_PARAMETERS = (
    "list_filter([1], x -> x = 1) = [1]",
    "list_filter([1], lambda x: x = 1) = [1]",
    "[x for x in [1]] = [1]",
    "[1].list_transform(lambda x: getenv('HOME')) = ['x']",
    "$1",
    "email = $1",
    "email = ?",
    "email = $name",
    "#1 = 'x'",
    "DEFAULT",
)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        yield connection


@pytest.mark.parametrize(
    "where",
    [*SUBQUERIES, *FILES, *SURROUNDINGS, *STATEMENTS, *MANY_ROWS, *UNSTEADY, *LAMBDAS_AND_PARAMETERS],
)
def test_what_is_not_one_expression_over_columns_is_refused(
    connection: duckdb.DuckDBPyConnection, where: str
) -> None:
    with pytest.raises(InvalidArgument, match="where"):
        read_where(connection, where)


@pytest.mark.parametrize(
    "where",
    [SUBQUERIES[0], FILES[0], SURROUNDINGS[0], STATEMENTS[0], MANY_ROWS[0], UNSTEADY[0], "x -> x", "$1"],
)
def test_where_is_refused_before_the_source_is_opened(room: Room, where: str) -> None:
    message = room.refused(InvalidArgument, str(room.sources / "is not there.csv"), where=where)
    assert "where" in message
    assert "is not there" not in message


@pytest.mark.parametrize("where", [1, True, ["true"], {"a": 1}, b"true"])
def test_where_is_a_text(room: Room, where: object) -> None:
    assert "where" in room.refused(InvalidArgument, str(room.sources / "is not there.csv"), where=where)


secret_frame = [{"email": ADDRESS}]


@pytest.mark.parametrize(
    "where",
    [
        "secret_frame IS NULL",
        "elsewhere = 1",
        "rowid = 1",
        "r = 1",
        "filename = ''",
        "current_user = 'x'",
        "current_timestamp IS NOT NULL",
        "CURRENT_DATE > DATE '2020-01-01'",
        "localtimestamp IS NOT NULL",
        "true\x00",
    ],
)
def test_only_columns_of_the_source_have_a_name(room: Room, where: str) -> None:
    elsewhere = 1
    assert elsewhere
    assert "has no column" in room.refused(UnfitAudience, room.file(PEOPLE), where=where)


@pytest.mark.parametrize("where", ["source.email = 'a'", "a.b.c = 1", "email.x = 1", "rows.email = ''"])
def test_columns_are_named_without_a_table(room: Room, where: str) -> None:
    assert "where" in room.refused(InvalidArgument, str(room.sources / "is not there.csv"), where=where)


EXPRESSIONS = {
    "country = 'SE'": 2,
    "COUNTRY = 'SE'": 2,
    "\"country\" = 'SE' AND \"Order\" <> 'x'": 1,
    "\"order\" = 'x'": 1,
    "CASE WHEN country = 'SE' THEN true ELSE false END": 2,
    "TRY_CAST(spent AS DOUBLE) > 15": 1,
    "country IN ('NO', 'DK')": 1,
    "country NOT IN ('NO', 'DK')": 2,
    "email LIKE 'a%' OR email ILIKE 'B%'": 2,
    "since BETWEEN '2025-01-01' AND '2026-12-31'": 2,
    "CAST(since AS DATE) + INTERVAL 1 YEAR >= DATE '2026-06-01'": 2,
    "date_diff('day', since::DATE, DATE '2026-02-01') < 100": 2,
    "mobile IS NULL": 2,
    "mobile IS NOT NULL AND NOT (country = 'NO')": 1,
    "email <> '-- no comment' AND email <> '/* nor this */' AND email <> ';'": 3,
    "regexp_matches(email, '^[ab]@')": 2,
    "lower(trim(country)) = 'se'": 2,
    "country || '' = 'SE'": 2,
    "country\n  = 'SE'\n": 2,
    "length(email) = 13 AND substr(email, 1, 1) = 'c'": 1,
    "coalesce(TRY_CAST(spent AS INTEGER), 0) % 2 = 0": 2,
    "country IS DISTINCT FROM 'SE'": 1,
    "year(since::DATE) = 2026": 1,
    "CAST(since AS DATE) - 1 < DATE '2025-01-01'": 1,
    "nullif(country, 'NO') = 'SE'": 2,
    "if(country = 'NO', true, false)": 1,
    "split_part(email, '@', 2) = 'example.com'": 3,
    "date_trunc('year', since::DATE) = DATE '2026-01-01'": 1,
    "EXTRACT(month FROM since::DATE) IN (1, 2)": 2,
    "TRY_CAST(spent AS DOUBLE) * 2 + 1 - 1 > 30": 1,
}
"""Expressions that may stand inside another one, and how many of the three people they choose."""


@pytest.fixture(scope="module")
def chosen() -> Counter[str]:
    """How many people each of the expressions chooses, all of them in one run."""
    rows = [
        {**person, "at": f"{at}@example.com"}
        for person in csv.DictReader(PEOPLE.splitlines())
        for at in range(len(EXPRESSIONS))
    ]
    cases = " ".join(f"WHEN \"at\" = '{at}@example.com' THEN ({one})" for at, one in enumerate(EXPRESSIONS))
    names = ("email", "at")
    schema = {"columns": {name: {"kind": "email", "source": name} for name in names}}
    found = run(
        [{key: value or None for key, value in row.items()} for row in rows],
        schema,
        "uid2",
        where=f"CASE {cases} END",
    )
    return Counter(found.column("at"))


@pytest.mark.parametrize(("at", "where"), list(enumerate(EXPRESSIONS)))
def test_an_expression_over_columns_chooses_rows(chosen: Counter[str], at: int, where: str) -> None:
    assert chosen[f"{at}@example.com"] == EXPRESSIONS[where]


@pytest.mark.parametrize(
    "where",
    [
        "true;",
        "true WINDOW w AS ()",
        "true -- a comment ends nothing",
        "true /* nor this */",
        "true",
        "'true'",
        "1",
    ],
)
def test_an_expression_that_is_true_leaves_nobody_out(room: Room, where: str) -> None:
    manifest = room.prepare(room.file(PEOPLE), where=where)
    assert manifest["rows"]["written"] == 3
    assert manifest["rows"]["left_out"] == 0


def test_a_where_that_is_not_known_leaves_the_row_out(room: Room) -> None:
    manifest = room.prepare(room.file(PEOPLE), where="mobile LIKE '+46%'")
    assert manifest["rows"]["written"] == 1
    assert manifest["rows"]["left_out"] == 2


@pytest.mark.parametrize(
    "where",
    [
        "CAST(email AS INTEGER) = 1",
        "email = 1",
        "strptime(email, '%Y') IS NULL",
        "email",
        "CAST(email AS DATE) IS NULL",
    ],
)
def test_an_expression_that_fails_at_one_value_quotes_nobody(room: Room, where: str) -> None:
    source = room.file(f"email\na@example.com\n{ADDRESS}\n")
    message = room.refused(UnfitAudience, source, where=where)
    assert "expression" in message
    assert "example.com" not in message


@pytest.mark.parametrize(
    "where", ["email + 1 = 2", "email::no_such_type IS NULL", "[1] = email", "ATTACH '/tmp/x.db'"]
)
def test_an_expression_that_is_wrong_for_any_row_is_told(room: Room, where: str) -> None:
    assert "expression" in room.refused(UnfitAudience, room.file(f"email\n{ADDRESS}\n"), where=where)


def test_a_deep_expression_ends(room: Room) -> None:
    where = "(" * 3000 + "true" + ")" * 3000
    assert "where" in room.refused(InvalidArgument, str(room.sources / "is not there.csv"), where=where)


def test_a_long_expression_works(room: Room) -> None:
    names = ", ".join(f"'{number}@example.com'" for number in range(20_000))
    assert room.prepare(room.file(PEOPLE), where=f"email NOT IN ({names})")["rows"]["written"] == 3


@pytest.mark.parametrize(
    "column", ["read_csv('/etc/passwd')", "email) FROM x --", 'a"b', "(SELECT 1)", "*", "a;b", "-- c"]
)
def test_a_column_that_looks_like_sql_is_a_name(room: Room, column: str) -> None:
    quoted = column.replace('"', '""')
    source = room.file(f'"{quoted}",email\nx@example.com,y@example.com\n')
    schema = {"columns": {column: {"kind": "email", "source": column, "hash": "sha256"}}}
    manifest = room.prepare(source, schema, where=f"\"{quoted}\" = 'x@example.com'", order_by=column)
    assert manifest["columns"] == [column]
    assert manifest["rows"]["written"] == 1


@pytest.mark.parametrize("name", ["../outside", "a/b", "/absolute", "", ".", "..", "a\x00b"])
def test_the_name_of_the_file_stays_in_the_folder(room: Room, name: str) -> None:
    room.refused(InvalidArgument, room.file(PEOPLE), name=name)
    assert {path.name for path in room.folder.parent.iterdir()} == {"sources", "audiences", "temporary"}


@pytest.mark.parametrize("path", ["https://example.com/a.csv", "s3://bucket/a.csv", "/etc/*.csv", "*.csv"])
def test_no_source_is_fetched_or_globbed(room: Room, path: str) -> None:
    room.file(PEOPLE)
    room.refused(Exception, str(room.sources / path) if "://" not in path else path)


def test_a_name_that_is_a_pattern_is_refused(room: Room) -> None:
    room.file("email\nother@example.com\n", "people1.csv")
    source = room.file("email\na@example.com\n", "people[1].csv")
    assert "one file" in room.refused(InvalidArgument, source)


def test_a_file_with_a_quote_in_its_name_is_read(room: Room) -> None:
    source = room.file("email\na@example.com\n", "it's; DROP.csv")
    assert room.prepare(Path(source))["rows"]["written"] == 1


class Closed:
    """An engine that may reach one file, and another file beside it."""

    def __init__(self, folder: Path) -> None:
        self.allowed, self.beside = folder / "people.csv", folder / "beside.csv"
        for each in (self.allowed, self.beside):
            each.write_text(f"email\n{ADDRESS}\n")
        self.folder = folder
        self.engine = Engine(folder, [self.allowed])


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    made = Closed(tmp_path_factory.mktemp("closed"))
    yield made
    made.engine.close()


def test_an_engine_reads_its_file(closed: Closed) -> None:
    assert closed.engine.rows(f"SELECT count(*) FROM read_csv('{closed.allowed}')") == [(1,)]


@pytest.mark.parametrize(
    "sql",
    [
        "FROM read_csv('{beside}')",
        "FROM '{beside}'",
        "FROM read_csv(['{allowed}', '{beside}'])",
        "FROM read_csv('{folder}/*.csv')",
        "FROM read_csv('{allowed}/../beside.csv')",
        "FROM read_text('{beside}')",
        "FROM read_blob('/etc/hostname')",
        "FROM read_json('/proc/self/environ')",
        "FROM read_parquet('{beside}')",
        "FROM glob('{folder}/*')",
        "FROM read_csv('https://127.0.0.1:9/x.csv')",
        "FROM read_csv('s3://bucket/x.csv')",
        "COPY (SELECT 1) TO '{folder}/new.csv'",
        "COPY (SELECT 1) TO '{beside}'",
        "COPY (SELECT 1) TO '/dev/stdout'",
        "EXPORT DATABASE '{folder}/new'",
        "ATTACH '{folder}/new.db'",
        "ATTACH '{folder}/new.db' AS new (TYPE sqlite)",
        "IMPORT DATABASE '{folder}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "LOAD '{beside}'",
        "INSTALL h3 FROM community",
        "SET enable_external_access = true",
        "SET allowed_paths = ['{beside}']",
        "SET allowed_directories = ['{folder}']",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "SET python_enable_replacements = true",
        "SET autoinstall_known_extensions = true",
        "SET threads = 64",
        "SET memory_limit = '64GB'",
        "SET TimeZone = 'Europe/Stockholm'",
        "SET temp_directory = '{folder}'",
        "PRAGMA threads = 64",
        "CREATE SECRET (TYPE s3)",
        "SELECT getenv('HOME')",
        "FROM secret_frame",
        "FROM elsewhere",
    ],
)
def test_an_engine_reaches_nothing_else(closed: Closed, sql: str) -> None:
    elsewhere = secret_frame
    assert elsewhere
    before = {path: path.read_bytes() for path in closed.folder.iterdir() if path.is_file()}
    statement = sql.format(folder=closed.folder, allowed=closed.allowed, beside=closed.beside)
    with pytest.raises((UnfitAudience, AudienceNotWritten)) as caught:
        closed.engine.rows(statement)
    assert ADDRESS not in said_by(caught.value)
    assert {path: path.read_bytes() for path in closed.folder.iterdir() if path.is_file()} == before


def test_an_engine_follows_no_link_beside_its_file(closed: Closed) -> None:
    link = closed.folder / "link.csv"
    link.symlink_to(closed.beside)
    try:
        with pytest.raises((UnfitAudience, AudienceNotWritten)):
            closed.engine.rows(f"FROM read_csv('{link}')")
    finally:
        link.unlink()


def test_an_error_of_the_engine_quotes_no_value(closed: Closed) -> None:
    with pytest.raises(UnfitAudience) as caught:
        closed.engine.rows(f"SELECT CAST(email AS INTEGER) FROM read_csv('{closed.allowed}')")
    assert ADDRESS not in said_by(caught.value)


def test_a_stopped_engine_runs_nothing(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.stop()
    with pytest.raises(Stopped):
        engine.rows("SELECT 1")
    engine.close()
