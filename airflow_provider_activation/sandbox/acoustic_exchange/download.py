"""The audience file that a pull destination downloads."""

from __future__ import annotations

import csv
import io

from airflow_provider_activation.sandbox.acoustic_exchange.orders import Export


class ConvertedAudience:
    """A CSV file with the destination identifier and the mapped attributes of each record.

    The sandbox stores no identities. The destination identifier of a record is its first source identifier
    that is not empty.
    """

    def __init__(self, export: Export) -> None:
        self._sources = export.source_identifiers
        self._mapped = list(export.attribute_mappings)
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text)
        self._writer.writerow([export.destination_identifier, *export.attribute_mappings.values()])

    def take(self, record: dict[str, str]) -> None:
        """Add a record of the source. Missing attributes stay empty."""
        identifier = next((record[name] for name in self._sources if record[name]), "")
        self._writer.writerow([identifier, *(record.get(name, "") for name in self._mapped)])

    def content(self) -> bytes:
        """The complete file."""
        return self._text.getvalue().encode()


def pulled_audience(export: Export, records: int) -> ConvertedAudience:
    """The audience of a pull source, with made-up values."""
    audience = ConvertedAudience(export)
    for number in range(1, records + 1):
        audience.take(
            {name: f"{name}-{number}" for name in (*export.source_identifiers, *export.attribute_mappings)}
        )
    return audience
