"""The base of tasks, written once for operators and sensors: arguments, a connection, a retry policy.

These classes are no operators and take no arguments. Airflow wraps the ``__init__`` of each class of
operators, and that is most of what making an operator costs: a task has its own, at most one of its base in
`operators` or `sensors`, which is `of_a_base`, and no more. The argument that names the connection stands in
the former.

Nothing is imported that `airflow.sdk` has not loaded already: the client is imported when a task runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import cache, cached_property, wraps
from inspect import signature
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeAlias, TypeVar, cast

from airflow.sdk import BaseOperator, XComArg

from airflow_provider_activation.airflow_compat import RETRY_POLICIES, without_vain_retries
from airflow_provider_activation.arguments import FILLED, FLAG, ID, Kind, given, is_template, plain
from airflow_provider_activation.gate import at_the_gate
from airflow_provider_activation.simulation import simulated_id

JSON: TypeAlias = Any
UNCHANGING = (str, bool, int, float, timedelta)
"""Types whose values cannot change, so that the same object reads the same."""
P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.bases.operator import BaseOperatorMeta

    from airflow_provider_activation.api import delta_projects as api
    from airflow_provider_activation.api.call import Call
    from airflow_provider_activation.gate import Gate
    from airflow_provider_activation.hooks.acoustic_exchange import AcousticExchangeHook
    from airflow_provider_activation.hooks.base import ActivationHook
    from airflow_provider_activation.hooks.dataddo import DataddoHook
    from airflow_provider_activation.hooks.delta_projects import DeltaProjectsHook
    from airflow_provider_activation.hooks.liveramp import LiveRampHook
else:
    BaseOperatorMeta = type(BaseOperator)


def of_a_base(init: F) -> F:
    """Mark the ``__init__`` of a base: what Airflow does for each class, it does for the task's own alone."""
    vars(init)["is_of_a_base"] = True
    return init


def _of_a_base(init: F, wrapped: F) -> F:
    """The ``__init__`` of a base: it takes its arguments from the ``default_args`` that Airflow has merged.

    :param wrapped: the same, as Airflow wraps it; for a task that has no ``__init__`` of its own.
    """
    names = {name for name, one in signature(init).parameters.items() if one.kind is one.KEYWORD_ONLY}

    @wraps(init, updated=())
    def of_base(self: Any, **kwargs: Any) -> Any:
        if type(self).__init__ is of_base:
            return wrapped(self, **kwargs)
        if defaults := kwargs.get("default_args"):
            kwargs |= {name: defaults[name] for name in names & defaults.keys() if name not in kwargs}
        return init(self, **kwargs)

    # Airflow's own marks, such as the names of the arguments
    vars(of_base).update((name, mark) for name, mark in vars(wrapped).items() if name != "__wrapped__")
    return cast("F", of_base)


class ReadsArguments(BaseOperatorMeta):
    """The class of the classes of tasks: it reads a task's arguments when the task has been made."""

    @classmethod
    def _apply_defaults(cls, func: Any) -> Any:
        # Airflow's own name: were it another one, bases would be wrapped like all other classes
        wrapped = super()._apply_defaults(func)
        return _of_a_base(func, wrapped) if getattr(func, "is_of_a_base", False) else wrapped

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        task = super().__call__(*args, **kwargs)
        try:
            task.read_arguments(mapped="_airflow_from_mapped" in kwargs)
        except ValueError as error:
            error.add_note(f"Task: {task.task_id!r}, {cls.__name__}")
            # Airflow shows the last lines of the traceback: with none of ours, that of the DAG file is one
            raise error.with_traceback(None) from None
        return task


class ActivationTask:
    """A task with a connection to a service. `ActivationRetryPolicy` is its default retry policy.

    Every argument has a `Kind`, by which it is read twice: when the DAG is parsed, if there is no template
    in it, and when Airflow has rendered the templates. What a kind refuses is `InvalidArgument`, when the DAG
    is parsed or when the task runs, before any call.
    """

    arguments: ClassVar[Mapping[str, Kind]] = {"simulate": FLAG}
    """What each argument may be. A class names its own; those of its bases are added."""
    ignored_arguments: ClassVar[frozenset[str]] = frozenset()
    """Arguments that earlier releases took and that never acted; they are taken with a warning."""
    template_fields: Collection[str] = ()
    """The arguments whose `Kind` is templated, unless a class names them itself."""
    conn_type: ClassVar[str]
    """The connection's type. It names the service's modules and the argument ``<conn_type>_conn_id`` too."""
    hook_class: ClassVar[str]
    _own_retry_policy: Any = None
    simulate: Any = False
    """Whether the task only says what it would do."""
    takes_simulated_ids = False
    """Whether the task accepts a simulated id although it is not simulated itself."""
    shows: ClassVar[str | None] = None
    """The model of the service whose fields the result has, if it is a resource as the service shows it."""
    _refused: Mapping[str, str] = {}
    """Why arguments cannot be used, by their names."""
    _read_before: ClassVar[dict[str, tuple[Any, Any]]]
    """By argument: a value that an earlier task was given, and as it was read; most have their default."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._read_before = {}
        every: dict[str, Kind] = {}
        for base in reversed(cls.__mro__):
            every.update(vars(base).get("arguments", {}))
        own = vars(cls).get("arguments", {})
        cls.arguments = {
            name: kind for name, kind in every.items() if name in own or name not in cls.ignored_arguments
        }
        if "template_fields" not in vars(cls):
            cls.template_fields = tuple(name for name, kind in cls.arguments.items() if kind.templated)

    def __init__(self, **kwargs: Any) -> None:
        # without it Airflow would wrap the inherited `__init__` once more in the first class of operators
        super().__init__(**kwargs)

    @property
    def retry_policy(self) -> Any:
        """The retry policy of the task or its DAG; without one, `ActivationRetryPolicy`."""
        return self._own_retry_policy or _default_retry_policy()

    @retry_policy.setter
    def retry_policy(self, given: Any) -> None:
        # past Airflow's own `__setattr__`, which has run already
        vars(self)["_own_retry_policy"] = given

    @cached_property
    def hook(self) -> ActivationHook:
        """The service's hook with this task's connection."""
        hook_class = resolve_name(f"airflow_provider_activation.hooks.{self.conn_type}:{self.hook_class}")
        hook: ActivationHook = hook_class(getattr(self, f"{self.conn_type}_conn_id"))
        return hook

    @property
    def gate(self) -> Gate:
        """What results, events and errors of this task go through."""
        return self.hook.gate

    def check(self) -> None:
        """Check what several arguments have to do with each other.

        Called when the DAG is parsed, where an argument may be a template yet to be rendered, and when the
        task runs.

        :raises ValueError: naming the arguments.
        """

    def check_inside(self, name: str, read: Callable[[Any], object]) -> None:
        """Check what is inside an argument, if it is given and no template is in it.

        :param read: makes of it what is sent.
        :raises ValueError: naming the argument, and what is wrong inside.
        """
        value = getattr(self, name)
        if value is None or is_template(value):
            return
        from airflow_provider_activation.errors import InvalidRequest

        try:
            read(value)
        except InvalidRequest as error:
            raise ValueError(f"{name}: {error.message}") from None

    def read_arguments(self, *, mapped: bool) -> None:
        """Read the arguments as the user gave them.

        :param mapped: whether the task is one of a mapped task, whose arguments are known when it runs.
        :raises InvalidArgument: an argument is wrong; in a mapped task it is refused when it runs.
        """
        refused: dict[str, str] = {}
        values, read_before = vars(self), self._read_before
        for name, kind in self.arguments.items():
            value = values[name]
            if value is None and kind.optional:
                continue
            before = read_before.get(name)
            if before is not None and before[0] is value:
                values[name] = before[1]
                continue
            if kind.templated and value.__class__ is not str:
                # past Airflow's own `__setattr__`, which looks for outputs of tasks and has run already
                value = values[name] = plain(value)
            try:
                if not kind.templated:
                    values[name] = given(name, kind, value)
                elif is_template(value):
                    refused[name] = f"{name} holds a template that was not rendered."
                    continue
                else:
                    values[name] = kind.read(name, value)
            except ValueError as error:
                if not mapped:
                    raise _invalid(_why(name, value, error)) from None
                refused[name] = _why(name, value, error)
                continue
            if value.__class__ in UNCHANGING:
                read_before[name] = (value, values[name])
        if refused:
            values["_refused"] = refused
        if not mapped:
            self._check()

    def _set_xcomargs_dependencies(self) -> None:
        # Airflow's own does this for every template field, and most of ours hold text or nothing
        for name in self.template_fields:
            value = getattr(self, name)
            if value is not None and value.__class__ is not str and value.__class__ is not bool:
                XComArg.apply_upstream_relationship(cast("Any", self), value)

    def _do_render_template_fields(self, parent: Any, *args: Any, **kwargs: Any) -> None:
        super()._do_render_template_fields(parent, *args, **kwargs)  # type: ignore[misc]
        if parent is self:
            refused = {name: why for name, why in self._refused.items() if name not in self.template_fields}
            for name in self.template_fields:
                kind, value = self.arguments.get(name), plain(getattr(self, name))
                if kind is None or (value is None and kind.optional):
                    continue
                try:
                    vars(self)[name] = kind.rendered(name, value)
                except ValueError as error:
                    # what stands for an id need not look like one
                    if name == "simulate" or simulated_id(value) is None:
                        refused[name] = _why(name, value, error)
            vars(self)["_refused"] = refused

    def refuse_unfit_arguments(self) -> None:
        """Refuse arguments that cannot be used, before any call.

        :raises InvalidArgument: naming the arguments.
        """
        if self._refused:
            raise _invalid(" ".join(self._refused.values()))
        simulated = self.simulated_arguments()
        if not simulated:
            self._check()
        elif not (self.simulate or self.takes_simulated_ids):
            name, one = next(iter(simulated.items()))
            raise _invalid(
                f"{name} is {one}, of a task that was simulated: it exists nowhere. Set simulate on this "
                "task too, or on neither."
            )

    def simulated_arguments(self) -> dict[str, str]:
        """The template fields that hold the id of what was not made but simulated, with that id."""
        found = {name: simulated_id(getattr(self, name)) for name in self.template_fields}
        return {name: one for name, one in found.items() if one is not None}

    def generation(self, context: Context) -> int:
        """Number of the first try since the task was last cleared."""
        max_tries = getattr(context["ti"], "max_tries", None)
        # Airflow's own base of operators has the number of retries
        return 1 if max_tries is None else max(1, max_tries - self.retries + 1)  # type: ignore[attr-defined]

    def submission_key(self, context: Context) -> str:
        """The key of `actions.identity.submission_key`."""
        from airflow_provider_activation.actions.identity import submission_key

        ti = context["ti"]
        map_index = -1 if ti.map_index is None else ti.map_index
        return submission_key(ti.dag_id, ti.run_id, ti.task_id, map_index, self.generation(context))

    def intent(self) -> str:
        """What the task would do, in one sentence without its end."""
        raise NotImplementedError

    def simulated(self, made: JSON) -> JSON:
        """The task's result in a simulation, with its usual keys.

        :param made: a simulated id, or the id of what is there already.
        """
        raise NotImplementedError

    def unknown(self) -> dict[str, JSON]:
        """The fields of what the task `shows`, each null."""
        return {} if self.shows is None else self._api(self.shows).unknown()

    def publish(self, context: Context, result: JSON) -> JSON:
        """Make the result fit to leave the task; returns it."""
        return self.gate(result)

    def _check(self) -> None:
        try:
            self.check()
        except ValueError as error:
            raise _invalid(str(error)) from None

    def endpoint(self, name: str) -> Callable[..., Call[Any]]:
        """The endpoint of this name in the service's `api`."""
        endpoint: Callable[..., Call[Any]] = self._api(name)
        return endpoint

    def _api(self, name: str) -> Any:
        return resolve_name(f"airflow_provider_activation.api.{self.conn_type}:{name}")


def _why(name: str, value: Any, error: ValueError) -> str:
    return f"{name} must be given, but is None." if value is None else str(error)


def _invalid(text: str) -> ValueError:
    # the errors are loaded when there is one, not when a DAG is parsed
    from airflow_provider_activation.errors import InvalidArgument

    return InvalidArgument(text)


S = TypeVar("S", bound=ActivationTask)


def in_a_running_task(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """A method that Airflow calls when a task runs.

    Arguments are refused first; a task that is simulated, or is given a simulated id, is simulated. Errors
    go through the gate, and are not retried where that cannot help.
    """

    @wraps(method)
    def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        self.refuse_unfit_arguments()
        if self.simulate or self.simulated_arguments():
            from airflow_provider_activation.rehearsal import rehearse

            context = kwargs["context"] if "context" in kwargs else args[-1]
            said: T = rehearse(self, cast("Context", context), lambda: method(self, *args, **kwargs))
            return said
        return method(self, *args, **kwargs)

    return without_vain_retries(at_the_gate(run))


@cache
def _default_retry_policy() -> Any:
    """One for all tasks; None before Airflow 3.3, which has no retry policies."""
    if not RETRY_POLICIES:
        return None
    from airflow_provider_activation.retry_policy import ActivationRetryPolicy

    return ActivationRetryPolicy()


class LiveRampTask(ActivationTask):
    """A task with a connection of type ``liveramp``."""

    conn_type = "liveramp"
    hook_class = "LiveRampHook"
    arguments = {"liveramp_conn_id": FILLED}
    ui_color = "#d9f2e6"
    hook: LiveRampHook


class AcousticExchangeTask(ActivationTask):
    """A task with a connection of type ``acoustic_exchange``."""

    conn_type = "acoustic_exchange"
    hook_class = "AcousticExchangeHook"
    arguments = {"acoustic_exchange_conn_id": FILLED}
    ui_color = "#fbe9d7"
    hook: AcousticExchangeHook


class DeltaProjectsTask(ActivationTask):
    """A task with a connection of type ``delta_projects``, and the account that an activity lives in."""

    conn_type = "delta_projects"
    hook_class = "DeltaProjectsHook"
    arguments = {
        "delta_projects_conn_id": FILLED,
        "media_agency_id": ID | None,
        "client_id": ID | None,
    }
    ui_color = "#e3ecfb"
    hook: DeltaProjectsHook
    media_agency_id: str | None
    client_id: str | None

    @property
    def account(self) -> api.Account:
        """The account of the task, else of the connection."""
        return self.hook.account(self.media_agency_id, self.client_id)


class DataddoTask(ActivationTask):
    """A task with a connection of type ``dataddo``."""

    conn_type = "dataddo"
    hook_class = "DataddoHook"
    arguments = {"dataddo_conn_id": FILLED}
    ui_color = "#f3e6f7"
    hook: DataddoHook
