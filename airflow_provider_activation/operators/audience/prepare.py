"""The operator that prepares the file of an audience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_activation.arguments import (
    FILLED,
    FLAG,
    NUMBER_ID,
    PATH,
    STRUCTURE,
    Kind,
    is_template,
    mapping_or,
    path,
    several,
    whole_number,
)
from airflow_provider_activation.audience.given import check_source
from airflow_provider_activation.audience.schema import AudienceSchema, Suppression
from airflow_provider_activation.errors import InvalidArgument
from airflow_provider_activation.operators.audience.common import AudienceOperator, mappings, read_as
from airflow_provider_activation.simulation import simulation
from airflow_provider_activation.tasks import JSON, in_a_running_task

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.definitions.mappedoperator import OperatorPartial

    from airflow_provider_activation.audience.preparation import Preparation
    from airflow_provider_activation.storage.place import AnyPath

__all__ = ["PrepareAudienceOperator"]

_schema = partial(read_as, AudienceSchema)


def _list(name: str, value: Any) -> dict[str, Any]:
    read = read_as(Suppression, name, value)
    return {**read, "source": _source(name, read["source"])}


def _source(name: str, value: Any) -> Any:
    value = _mapping_or_path(name, value)
    try:
        check_source(value, name)
    except InvalidArgument as error:
        raise ValueError(error.message) from None
    return value


_mapping_or_path = mapping_or(path)
_profile = mapping_or(lambda name, value: FILLED.read(name, value))


def _summary(manifest: Mapping[str, Any]) -> str:
    """What was prepared, in one line for the log."""
    rows = manifest["rows"]
    return (
        f"Prepared {manifest['path']} for {manifest['profile']}: {rows['written']} rows of {rows['read']} "
        f"read, {manifest['size']} bytes; left out {rows['left_out']}, rejected {rows['rejected']}, "
        f"suppressed {rows['suppressed']}, duplicates {rows['duplicates']}."
    )


class PrepareAudienceOperator(AudienceOperator):
    """Make a table of people into the file that a destination takes. Returns its manifest.

    Rows go through these steps: read, ``where``, normalise, check, suppress, drop duplicates, count, write.
    The manifest says where the file is, its size, its SHA-256 and its columns. It also says how many rows
    were read, left out, rejected, suppressed, duplicates and written, where the file of rejects is, and which
    run prepared it. No person is in it.

    May be run any number of times: the same rows in any order give the same bytes, under the same name in one
    run of the DAG. Delete the file after it was sent, see `DeleteAudienceOperator`. Needs the extra
    ``audience``. Document: "Audiences" in this package's documentation, which names the documents of the
    destinations.

    .. code-block:: python

        from airflow_provider_activation.audience import AudienceSchema, Email, Suppression

        prepare = PrepareAudienceOperator(
            task_id="prepare",
            source="/data/customers.csv",
            schema=AudienceSchema({"email_sha256": Email("email").sha256()}),
            profile="google",
            folder="/data/audiences",
            where="country = 'SE'",
            suppress=[Suppression("/data/unsubscribed.csv", AudienceSchema({"email": Email("email")}))],
        )

    :param source: the path of a file (CSV, Parquet or JSON lines, also compressed); or a mapping with
        ``path`` and, if needed, ``format``, ``delimiter``, ``quote``, ``header``, ``encoding`` and
        ``compression``; or a mapping with ``conn_id``, ``sql`` and, if needed, ``parameters`` (templated).
    :param schema: an `AudienceSchema`, or its mapping: which columns leave, and how (templated).
    :param profile: the destination's rules: ``liveramp_template``, ``liveramp_connect``,
        ``liveramp_connect_eu``, ``google``, ``meta``, ``tiktok``, ``snap``, ``uid2``, ``the_trade_desk`` or
        ``acoustic``; or a mapping with this ``name`` and the rules to change (templated).
    :param folder: the folder to write into: on the worker, ``s3://conn_id@bucket/prefix``,
        ``sftp://conn_id@/folder``, or an ``ObjectStoragePath`` with a connection (templated).
    :param name: the beginning of the file's name (templated).
    :param where: one expression of SQL over the source's columns (templated).
    :param suppress: `Suppression` lists, or their mappings: who must not be in the audience (templated).
    :param order_by: of rows with the same identifiers the one with the greatest value of this column
        stays (templated).
    :param min_rows: the fewest rows that may be written; if left out, the profile's (templated).
    :param fail_on_rejects: whether a value that cannot be used fails the task (templated).
    :param registration: for ``acoustic``, what `AcousticExchangeRegisterEndpointOperator` takes; if it is
        left out, the endpoint's registration is read from the service (templated).
    :param endpoint_id: for ``acoustic``, the endpoint; left out with the endpoint's own key (templated).
    :param acoustic_exchange_conn_id: for ``acoustic``, the connection's id (templated).
    :raises InvalidArgument: an argument cannot be used; nothing was read.
    :raises UnfitAudience: the data cannot be used; nothing was written.
    :raises AudienceNotWritten: the file could not be written; nothing was left.
    """

    arguments = {
        "source": Kind(_source),
        "schema": Kind(_schema),
        "profile": Kind(_profile),
        "folder": PATH,
        "name": FILLED,
        "where": FILLED | None,
        "suppress": Kind(several(_list), optional=True),
        "order_by": FILLED | None,
        "min_rows": Kind(whole_number, optional=True),
        "fail_on_rejects": FLAG,
        "registration": STRUCTURE | None,
        "endpoint_id": NUMBER_ID | None,
        "acoustic_exchange_conn_id": FILLED,
    }
    outputs = ("path",)
    ui_color = "#eef0f3"
    _preparation: Preparation | None = None
    _is_killed = False

    def __init__(
        self,
        *,
        source: AnyPath | Mapping[str, Any],
        schema: AudienceSchema | Mapping[str, Any],
        profile: str | Mapping[str, Any],
        folder: AnyPath,
        name: str = "audience",
        where: str | None = None,
        suppress: Sequence[Suppression | Mapping[str, Any]] | None = None,
        order_by: str | None = None,
        min_rows: int | None = None,
        fail_on_rejects: bool = False,
        registration: Mapping[str, Any] | None = None,
        endpoint_id: int | str | None = None,
        acoustic_exchange_conn_id: str = "acoustic_exchange_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.schema = mappings(schema)
        self.profile = profile
        self.folder = folder
        self.name = name
        self.where = where
        self.suppress = mappings(suppress)
        self.order_by = order_by
        self.min_rows = min_rows
        self.fail_on_rejects = fail_on_rejects
        self.registration = registration
        self.endpoint_id = endpoint_id
        self.acoustic_exchange_conn_id = acoustic_exchange_conn_id

    @classmethod
    def partial(cls, **kwargs: Any) -> OperatorPartial:
        for name in kwargs.keys() & {"schema", "suppress"}:
            kwargs[name] = mappings(kwargs[name])
        return super().partial(**kwargs)

    def check(self) -> None:
        if is_template(self.profile) or is_template(self.registration) or self._asks_service:
            return
        from airflow_provider_activation.audience.profiles import check_schema, profile_of

        try:
            profile = profile_of(self.profile, self.registration)
            if not is_template(self.schema):
                check_schema(AudienceSchema.from_mapping(self.schema), profile)
        except InvalidArgument as error:
            raise ValueError(error.message) from None

    @property
    def _asks_service(self) -> bool:
        """Whether the profile is made of what the service says of the endpoint."""
        from airflow_provider_activation.audience.profiles import ACOUSTIC

        profile = self.profile if isinstance(self.profile, Mapping) else {"name": self.profile}
        return self.registration is None and profile.get("name") == ACOUSTIC and "registration" not in profile

    @in_a_running_task
    def execute(self, context: Context) -> JSON:
        from airflow_provider_activation.audience.preparation import Preparation

        ti = context["ti"]
        self._preparation = Preparation(
            self.source,
            self.schema,
            profile=self.profile,
            folder=self.folder,
            name=self.name,
            where=self.where,
            suppress=self.suppress or (),
            order_by=self.order_by,
            min_rows=self.min_rows,
            fail_on_rejects=self.fail_on_rejects,
            registration=self._registration(),
            dag_run={"dag_id": ti.dag_id, "run_id": ti.run_id},
            run=f"{ti.dag_id}/{ti.task_id}/{ti.run_id}/{ti.map_index}",
        )
        if self._is_killed:
            self._preparation.stop()
        result = self._preparation.run()
        if simulation() is None:
            self.log.info(self.gate.message(_summary(result)))
        if result["rejects"]["path"]:
            self.log.warning(
                self.gate.message(
                    f"Values that cannot be used, by column and reason: {result['rejects']['counts']}; "
                    f"their rows are told in {result['rejects']['path']}."
                )
            )
        return self.publish(context, result)

    def intent(self) -> str:
        return f"a file would be prepared in {self.folder}"

    def simulated(self, made: JSON) -> JSON:
        from airflow_provider_activation.audience.manifest import simulated_manifest

        return simulated_manifest(made)

    def _registration(self) -> JSON:
        """The endpoint's registration, where the profile is made of it."""
        if not self._asks_service:
            return self.registration
        from airflow_provider_activation.actions.acoustic_exchange import read_registration
        from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook

        hook = AcousticExchangeHook(self.acoustic_exchange_conn_id)
        return hook.run(read_registration(None if self.endpoint_id is None else int(self.endpoint_id)))

    def on_kill(self) -> None:
        self._is_killed = True
        if self._preparation is not None:
            self._preparation.stop()
