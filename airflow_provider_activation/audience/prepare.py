"""Prepares an audience: reads, checks, leaves out, hashes, and writes a file and its manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.audience.schema import AudienceSchema, Suppression

if TYPE_CHECKING:
    from airflow_provider_activation.storage.place import AnyPath


def prepare_audience(
    source: Any,
    schema: AudienceSchema | Mapping[str, Any],
    *,
    profile: str | Mapping[str, Any],
    folder: AnyPath,
    name: str = "audience",
    where: str | None = None,
    suppress: Sequence[Suppression | Mapping[str, Any]] = (),
    order_by: str | None = None,
    min_rows: int | None = None,
    fail_on_rejects: bool = False,
    registration: Mapping[str, Any] | None = None,
    run: str = "",
) -> dict[str, Any]:
    """Make a table of people into the file that a destination takes, and return its manifest.

    Rows go through these steps: read, ``where``, normalise, check, suppress, drop duplicates, count, write.
    The same rows in any order give the same bytes. Needs the extra ``audience``.

    :param source: the path of a file (CSV, Parquet, JSON lines, also compressed), a mapping with ``path`` and
        ``format``, ``delimiter``, ``quote``, ``header``, ``encoding`` or ``compression``, a data frame of
        pandas or Polars, an Arrow table, or mappings.
    :param schema: which columns leave, and how.
    :param profile: the destination's rules: ``liveramp_template``, ``liveramp_connect``,
        ``liveramp_connect_eu``, ``google``, ``meta``, ``tiktok``, ``snap``, ``uid2``, ``the_trade_desk`` or
        ``acoustic``; or a mapping with this ``name`` and what is to be otherwise.
    :param folder: the folder to write into; made for this user alone if it is not there.
    :param name: the beginning of the file's name.
    :param where: one expression of SQL over the source's columns; rows for which it is not true are left out.
    :param suppress: lists of people who must not be in the audience.
    :param order_by: of rows with the same identifiers the one with the greatest value of this column stays.
    :param min_rows: the fewest rows that may be written; else the profile's.
    :param fail_on_rejects: whether a value that cannot be used fails the whole.
    :param registration: the endpoint's registration, for the profile ``acoustic``.
    :param run: what tells this run's file from another's; its hash is in the file's name.
    :raises InvalidArgument: an argument cannot be used; nothing was read.
    :raises UnfitAudience: the data cannot be used; nothing was written.
    :raises AudienceNotWritten: the file could not be written; nothing was left.
    """
    from airflow_provider_activation.audience.preparation import Preparation

    return Preparation(
        source,
        schema,
        profile=profile,
        folder=folder,
        name=name,
        where=where,
        suppress=suppress,
        order_by=order_by,
        min_rows=min_rows,
        fail_on_rejects=fail_on_rejects,
        registration=registration,
        run=run,
    ).run()
