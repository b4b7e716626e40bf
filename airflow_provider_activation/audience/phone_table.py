"""The phone numbers of a source that are not in E.164, each read once by the library, as a table."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pyarrow

from airflow_provider_activation.audience import phones
from airflow_provider_activation.audience.engine import TOLD_EVERY, Engine
from airflow_provider_activation.audience.values import Value

log = logging.getLogger(__name__)

_BATCH = 10_000
READ_BY_LIBRARY = ("e164", "national", "reason")
_SCHEMA = pyarrow.schema([(one, pyarrow.string()) for one in ("written", *READ_BY_LIBRARY)])


def phone_table(engine: Engine, value: Value, relation: str) -> str | None:
    """Make the table of what the library reads out of numbers; None if there is none to read.

    :param relation: SQL of the numbers, as ``written``.
    :return: the table's name.
    """
    table = f"phones_{len(engine.tables)}"
    engine.rows(f"CREATE TABLE {table}_written AS SELECT DISTINCT written FROM ({relation})")
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
