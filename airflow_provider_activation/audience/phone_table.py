"""The phone numbers of a source that are not in E.164, each read once by the library, as a table."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pyarrow

from airflow_provider_activation.audience import phones
from airflow_provider_activation.audience.engine import TOLD_EVERY, Engine
from airflow_provider_activation.audience.normalise import name, trimmed
from airflow_provider_activation.audience.values import Value, fast_phone

log = logging.getLogger(__name__)

_BATCH = 10_000
_SCHEMA = pyarrow.schema([(one, pyarrow.string()) for one in ("written", "e164", "national", "reason")])


def phone_table(engine: Engine, value: Value, relation: str, *, rows: int = 0) -> str | None:
    """Make the table of the numbers that the library must read; None if there is none.

    :param relation: SQL of the source's rows, with the column as text.
    :return: the table's name.
    """
    table = f"phones_{len(engine.tables)}"
    written = f"(SELECT DISTINCT nullif({trimmed(name(value.source))}, '') AS written FROM {relation})"
    engine.rows(
        f"CREATE TABLE {table}_written AS SELECT written FROM {written} WHERE written IS NOT NULL AND "
        f"NOT {fast_phone('written')}",
        doing="Collecting phone numbers",
        rows=rows,
    )
    count = int(engine.rows(f"SELECT count(*) FROM {table}_written")[0][0])
    engine.tables.append(table)
    if not count:
        return None
    source = engine.connection.cursor()

    def batches() -> Iterator[pyarrow.RecordBatch]:
        started = told = time.monotonic()
        done = 0
        source.execute(f"SELECT written FROM {table}_written")
        while numbers := source.fetchmany(_BATCH):
            engine.check()
            read = [(one, *phones.read(one, value.region)) for (one,) in numbers]
            yield pyarrow.record_batch(
                [pyarrow.array(column, pyarrow.string()) for column in zip(*read, strict=True)],
                schema=_SCHEMA,
            )
            done += len(read)
            if time.monotonic() - told >= TOLD_EVERY:
                told = time.monotonic()
                log.info(
                    "Reading phone numbers: %s of %s, %s a second.",
                    f"{done:,}",
                    f"{count:,}",
                    f"{done / (told - started):,.0f}",
                )

    reader = pyarrow.RecordBatchReader.from_batches(_SCHEMA, batches())
    engine.table_of(table, reader, doing="Reading phone numbers")
    source.close()
    return table
