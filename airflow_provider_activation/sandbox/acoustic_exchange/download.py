"""The audience file that a destination which pulls comes and gets."""

from __future__ import annotations

import csv
import io

from airflow_provider_activation.sandbox.acoustic_exchange.orders import Export


class ConvertedAudience:
    """Each record's destination identifier and mapped attributes, as CSV.

    The sandbox keeps no identities: a record is converted by taking its first filled source identifier.
    """

    def __init__(self, export: Export) -> None:
        self._sources = export.source_identifiers
        self._mapped = list(export.attribute_mappings)
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text)
        self._writer.writerow([export.destination_identifier, *export.attribute_mappings.values()])

    def take(self, record: dict[str, str]) -> None:
        """Add one record of the source; an attribute that it lacks stays empty."""
        identifier = next((record[name] for name in self._sources if record[name]), "")
        self._writer.writerow([identifier, *(record.get(name, "") for name in self._mapped)])

    def content(self) -> bytes:
        """The whole file."""
        return self._text.getvalue().encode()


def pulled_audience(export: Export, records: int) -> ConvertedAudience:
    """What a source that is pulled from is taken to hold: made-up values."""
    audience = ConvertedAudience(export)
    for number in range(1, records + 1):
        audience.take(
            {name: f"{name}-{number}" for name in (*export.source_identifiers, *export.attribute_mappings)}
        )
    return audience
