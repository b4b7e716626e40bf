"""The walk over every argument: what is given, in which way, and whether what happens is right.

Each case gives one value to one argument of one class, in the DAG file, by a template, as the output of a
task, or in a mapped task. It is right if the argument is rendered and acts as its plain value does, or is
refused with its name before anything is sent. What was sent is read at a plain server; what a task wrote or
deleted of an audience counts as sent.
"""

from __future__ import annotations

import importlib
import inspect
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import attrs
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, TaskDeferred
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.definitions.xcom_arg import XComArg
from airflow.sdk.execution_time.lazy_sequence import LazyXComSequence
from argument_table import LEFT_OUT, TABLE, Argument, Need, Row
from argument_table.audience import make_prepared
from jinja2.nativetypes import native_concat
from task_running import StateStore, TaskInstance
from walk_services import LOG_IN, WalkedServices

from airflow_provider_activation.errors import ActivationError, InvalidRequest
from airflow_provider_activation.get_provider_info import get_provider_info

PACKAGE = "airflow_provider_activation"
VARIABLE = "the_value"
TEMPLATE = f"{{{{ {VARIABLE} }}}}"
RUN_AFTER = datetime(2026, 5, 1, tzinfo=UTC)
BRACES = re.compile(r"\{\{(?!\d+[dwmy]\d+\}\})|\{%|" + VARIABLE + "|xcom_pull|XComArg")
"""What no request may hold; Dataddo's own ranges of dates are written in braces."""
ANOTHER_NAME = {"poll_interval": "poke_interval", "poke_interval": "poll_interval"}


# What is to be walked: the package's own list


def classes(kind: str) -> dict[str, type]:
    """The operators, sensors or triggers of the provider info, by their place below the package."""
    found: dict[str, type] = {}
    for entry in get_provider_info()[kind]:
        for module in entry["python-modules"]:
            for name, one in inspect.getmembers(importlib.import_module(module), inspect.isclass):
                public = name.endswith(kind.removesuffix("s").title()) and not name.startswith("_")
                own = one.__module__.startswith(module) and not inspect.isabstract(one)
                if public and own:
                    found[f"{module.removeprefix(f'{PACKAGE}.')}.{name}"] = one
    return found


@cache
def walked_classes() -> dict[str, type]:
    return {path: one for kind in ("operators", "sensors", "triggers") for path, one in classes(kind).items()}


def arguments_of(kind: type) -> set[str]:
    """The names of its own arguments and of those of its bases in the package."""
    return {
        name
        for base in kind.__mro__
        if base.__module__.startswith(PACKAGE) and "__init__" in vars(base)
        for name, parameter in inspect.signature(vars(base)["__init__"]).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def holes(table: Mapping[str, Row] = TABLE) -> list[str]:
    """Classes and arguments without a row, and rows of none."""
    known = walked_classes()
    found = [f"{path} has no row" for path in sorted(known.keys() - table.keys())]
    found += [f"{path} is no class of the provider info" for path in sorted(table.keys() - known.keys())]
    for path in sorted(known.keys() & table.keys()):
        ignored: frozenset[str] = getattr(known[path], "ignored_arguments", frozenset())
        taken, listed = arguments_of(known[path]) - ignored, table[path].arguments.keys()
        found += [f"{path} takes {name}, which has no row" for name in sorted(taken - listed)]
        found += [
            f"{path} takes no {name}, which has a row"
            for name in sorted(listed - taken)
            # Airflow's own argument of all sensors
            if not (name == "mode" and path.startswith("sensors."))
        ]
    return found


# One task, as Airflow makes and runs it


@attrs.define(eq=False)
class Lazy(LazyXComSequence[Any]):
    """What a mapped task hands on, without Airflow behind it."""

    _held: list[Any] = attrs.field(factory=list, alias="held")

    def __len__(self) -> int:
        return len(self._held)

    def __getitem__(self, key: Any) -> Any:
        return self._held[key]


class WalkedInstance(TaskInstance):
    """A task instance whose upstream task returned something."""

    def hand_on(self, value: Any) -> None:
        self._handed_on = value

    def xcom_pull(self, task_ids: Any = None, map_indexes: Any = None, key: Any = None, **more: Any) -> Any:
        if task_ids == "upstream":
            return self._handed_on
        return self.xcoms.get(key)


@dataclass(frozen=True)
class Outcome:
    """What happened to a task.

    :param stage: how far it came: ``parse``, ``render``, ``run`` or ``end``.
    :param sent: every request, as text; those for tokens apart.
    :param log_ins: how many requests for tokens there were.
    """

    stage: str
    error: BaseException | None = None
    result: Any = None
    sent: tuple[str, ...] = ()
    log_ins: int = 0

    def acted(self) -> tuple[Any, ...]:
        """What a right task and its equal have in common."""
        return (self.stage, type(self.error).__name__, repr(self.result), self.sent)

    def is_refused(self) -> bool:
        """Whether it was refused for an argument, before any call."""
        early = isinstance(self.error, ActivationError) and self.error.status is None
        return self.stage != "end" and (not isinstance(self.error, ActivationError) or early)

    def __str__(self) -> str:
        error = (
            f"{type(self.error).__name__}: {str(self.error)[:160]}" if self.error else f"{self.result!r:.80}"
        )
        return f"{self.stage}, {error}, sent {list(self.sent)[-1:] or 'nothing'}"


Make = Callable[..., Any]


@dataclass
class Bench:
    """Makes a task with some arguments, runs it and says what happened."""

    make: Make
    services: WalkedServices
    environments: dict[bool, Any] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=lambda: {"task_id": "walked"})
    """What is no argument of the walk; a trigger has no name."""

    def run(
        self,
        arguments: Mapping[str, Any],
        *,
        value: Any = None,
        native: bool = False,
        rendered: bool = True,
        mapped: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """One try.

        :param value: what the template and the output of the other task stand for.
        :param native: whether Airflow renders natively.
        :param rendered: whether templates are rendered before the task is run.
        :param mapped: arguments that are expanded.
        """
        self.services.begin()
        make_prepared()
        given = {name: one for name, one in arguments.items() if one is not LEFT_OUT}
        with DAG("a_dag", schedule=None, render_template_as_native_obj=native) as dag:
            upstream = BaseOperator(task_id="upstream")
            given = {name: _with_output(one, upstream) for name, one in given.items()}
            try:
                if mapped is None:
                    task = self.make(**self.named, **given)
                else:
                    expanded = {name: [one] for name, one in mapped.items()}
                    mapping = self.make.partial(task_id="walked", **given).expand(**expanded)  # type: ignore[attr-defined]
            except Exception as error:
                return self._outcome("parse", error)
        if not self.named:
            return self._outcome("end", result=task)
        if native not in self.environments:
            self.environments[native] = dag.get_template_env(force_sandboxed=False)
        ti = WalkedInstance("walked", "manual__1")
        ti.hand_on(value)
        context: Any = {"ti": ti, "task_instance": ti, "task_state_store": StateStore(), VARIABLE: value}
        context["dag_run"] = SimpleNamespace(run_after=RUN_AFTER)
        try:
            if mapped is not None:
                task = mapping.unmap(mapped)
            if rendered:
                task.render_template_fields(context, self.environments[native])
        except Exception as error:
            return self._outcome("render", error)
        try:
            result = task.execute(context)
        except TaskDeferred as deferred:
            return self._outcome("end", result=("deferred", deferred.trigger.serialize()))
        except AirflowFailException as error:
            # what Airflow 3.1 and 3.2 are told of an error that is not to be retried
            return self._outcome("run", error.__cause__ or error)
        except Exception as error:
            return self._outcome("run", error)
        return self._outcome("end", result=result)

    def _outcome(self, stage: str, error: BaseException | None = None, result: Any = None) -> Outcome:
        asked = list(self.services.asked)
        sent = tuple(
            f"{one.method} {one.target} {one.headers.get('Content-Type', '')}"
            f" {one.body.decode(errors='replace')}"
            for one in asked
            if not LOG_IN.search(one.path)
        )
        return Outcome(stage, error, result, (*sent, *_done(result)), len(asked) - len(sent))


def _done(result: Any) -> tuple[str, ...]:
    """What a task that calls no service has done or would do: the file it wrote, checked or deleted."""
    if isinstance(result, dict) and "would" in result:
        return tuple(result["would"])
    if isinstance(result, dict) and "sha256" in result:
        shown = ("path", "sha256", "rows", "columns", "check")
        return (" ".join(str(result.get(name)) for name in shown),)
    return tuple(result["deleted"]) if isinstance(result, dict) and "deleted" in result else ()


class Output:
    """Stands for the output of another task, wherever it is in an argument."""


OUTPUT = Output()


def _with_output(value: Any, upstream: BaseOperator) -> Any:
    if isinstance(value, Output):
        return XComArg(upstream)
    if type(value) in (list, tuple):
        return type(value)(_with_output(one, upstream) for one in value)
    if type(value) is dict:
        return {name: _with_output(one, upstream) for name, one in value.items()}
    return value


# What is right

Judge = Callable[[Outcome], str | None]
"""Says what is wrong with an outcome, if anything is."""


def _nothing_sent(outcome: Outcome) -> str | None:
    return f"sent before it was refused ({outcome})" if outcome.sent or outcome.log_ins else None


def _is_named(name: str, error: BaseException | None) -> bool:
    names = [name, *([ANOTHER_NAME[name]] if name in ANOTHER_NAME else [])]
    return any(re.search(rf"\b{one}\b", str(error)) for one in names)


def refused_at_parse(name: str) -> Judge:
    def judge(outcome: Outcome) -> str | None:
        if outcome.stage != "parse":
            return f"not refused in the DAG file ({outcome})"
        # Airflow 3.1 refuses its own arguments with an error of its own
        is_airflows = type(outcome.error) is AirflowException
        if not (is_airflows or isinstance(outcome.error, ValueError | InvalidRequest)):
            return f"refused with {type(outcome.error).__name__}: {outcome.error}"
        if not _is_named(name, outcome.error):
            return f"refused without its name: {outcome.error}"
        return _nothing_sent(outcome)

    return judge


def refused_at_run(name: str) -> Judge:
    def judge(outcome: Outcome) -> str | None:
        if outcome.stage == "parse":
            return f"refused in the DAG file, before it was rendered ({outcome.error})"
        if outcome.stage == "end":
            return f"taken ({outcome})"
        if not isinstance(outcome.error, InvalidRequest) or outcome.error.status is not None:
            return f"not refused ({outcome})"
        if not _is_named(name, outcome.error):
            return f"refused without its name: {outcome.error}"
        return _nothing_sent(outcome)

    return judge


def acts_as(reference: Outcome) -> Judge:
    def judge(outcome: Outcome) -> str | None:
        if any(BRACES.search(one) for one in outcome.sent):
            return f"sent as it stands ({outcome})"
        if outcome.acted() != reference.acted():
            return f"not as the plain value: {outcome}; plain: {reference}"
        return None

    return judge


def either(*judges: Judge) -> Judge:
    def judge(outcome: Outcome) -> str | None:
        said = [one(outcome) for one in judges]
        return None if None in said else said[0]

    return judge


def is_taken(outcome: Outcome) -> str | None:
    return f"refused ({outcome.error})" if outcome.stage == "parse" else None


def arrives(outcome: Outcome) -> str | None:
    if outcome.is_refused():
        return f"a good value is refused or breaks the task ({outcome})"
    return None if outcome.sent else f"nothing was sent ({outcome})"


# The cases of an argument


@dataclass(frozen=True)
class Case:
    """A value, the way it is given, and what is right.

    :param given: what the DAG file gives to the argument.
    :param options: see `Bench.run`.
    """

    way: str
    given: Any
    judge: Judge
    options: Mapping[str, Any] = field(default_factory=dict)


def places_of(value: Any) -> list[tuple[Any, ...]]:
    """Where a value has texts and numbers inside, as keys from outside in."""
    if isinstance(value, dict):
        return [(name, *rest) for name, one in value.items() for rest in places_of(one)]
    if isinstance(value, list):
        return [(place, *rest) for place, one in enumerate(value) for rest in places_of(one)]
    return [()]


def at(value: Any, place: tuple[Any, ...]) -> Any:
    return at(value[place[0]], place[1:]) if place else value


def put(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """A copy with something else at a place."""
    if not place:
        return new
    copied = value.copy()
    copied[place[0]] = put(value[place[0]], place[1:], new)
    return copied


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def survives_native(value: Any) -> bool:
    """Whether native rendering hands on the value as it is."""
    after = native_concat([value])
    return type(after) is type(value) and repr(after) == repr(value)


def _from_elsewhere(value: Any, judge: Judge) -> Iterator[Case]:
    """The value as the output of a task, natively rendered, and where it is a text, rendered to a text."""
    yield Case("task", OUTPUT, judge, {"value": value})
    if survives_native(value):
        yield Case("native", TEMPLATE, judge, {"value": value, "native": True})
    if is_text(value):
        yield Case("template", TEMPLATE, judge, {"value": value})


class Walk:
    """The cases of one argument of one class.

    :param path: the class's place below the package.
    """

    def __init__(self, path: str, name: str, row: Row, bench: Bench) -> None:
        self.path, self.name, self.bench = path, name, bench
        self.argument: Argument = row.arguments[name]
        self.base = row.base() | dict(self.argument.beside)

    def outcome(self, case: Case) -> Outcome:
        options = dict(case.options)
        if "mapped" in options:
            options["mapped"] = {self.name: case.given}
            partial = {name: one for name, one in self.base.items() if name != self.name}
            return self.bench.run(partial, **options)
        return self.bench.run({**self.base, self.name: case.given}, **options)

    def plain(self, value: Any) -> Outcome:
        return self.outcome(Case("plain", value, is_taken))

    def failures(self, every: int = 1, first: int = 0) -> tuple[int, list[str]]:
        """How many cases were tried, and what is wrong with which."""
        count, wrong = 0, []
        for case in _one_of(every, first, list(self.cases())):
            count += 1
            if said := case.judge(self.outcome(case)):
                value = case.options.get("value", case.given)
                wrong.append(f"{self.path.rpartition('.')[2]}.{self.name}: {case.way} {value!r:.90}: {said}")
        return count, wrong

    def cases(self) -> Iterator[Case]:
        if self.argument.kind.plain or self.path.startswith("triggers."):
            yield from self._cases_of_plain()
            return
        good = self.plain(self.argument.good)
        yield from self._cases_of_good(good)
        yield from self._cases_of_wrong()
        yield from self._cases_inside(good)
        yield from self._cases_of_none()

    def _cases_of_plain(self) -> Iterator[Case]:
        kind, refused = self.argument.kind, refused_at_parse(self.name)
        yield Case("plain", self.argument.good, is_taken)
        for value in (*kind.wrong, *kind.wrong_texts, *kind.wrong_at_parse, *self.argument.wrong):
            yield Case("plain wrong", value, refused)
        if self.argument.need is Need.REQUIRED:
            yield Case("plain wrong", None, refused)
        for value in (TEMPLATE, OUTPUT):
            yield Case("takes no template", value, refused)
        for place in places_of(self.argument.good)[:1]:
            if place:
                for value in (TEMPLATE, OUTPUT):
                    yield Case("takes no template inside", put(self.argument.good, place, value), refused)

    def _cases_of_good(self, good: Outcome) -> Iterator[Case]:
        argument, kind = self.argument, self.argument.kind
        same, refused = acts_as(good), refused_at_run(self.name)
        yield Case("plain", argument.good, arrives)
        if argument.other is not LEFT_OUT:
            yield Case("plain other", argument.other, self._differs_from(good))
        for value in kind.alike(argument.good):
            yield Case("plain alike", value, same)
        for value in (argument.good, *kind.alike(argument.good), *kind.alike_at_run(argument.good)):
            yield from _from_elsewhere(value, same)
        if kind.scalar:
            yield Case("template to text", TEMPLATE, same, {"value": str(argument.good)})
        elif not kind.text_too:
            readable = either(same, refused)
            yield Case("template to text", TEMPLATE, readable, {"value": argument.good})
        if isinstance(argument.good, list):
            lazy = Lazy(xcom_arg=None, ti=None, held=argument.good)  # type: ignore[arg-type]
            yield Case("lazy", OUTPUT, same, {"value": lazy})
        yield Case("mapped", argument.good, same, {"mapped": True})
        yield Case("not rendered", TEMPLATE, refused, {"rendered": False})
        yield Case("not rendered", f"a {TEMPLATE} b", refused, {"rendered": False})
        yield Case("not rendered", OUTPUT, refused, {"rendered": False})
        if kind.digits and argument.digits:
            digits = acts_as(self.plain("77123"))
            yield Case("plain number", 77123, digits)
            yield from _from_elsewhere(77123, digits)
            yield Case("native digits", TEMPLATE, digits, {"value": "77123", "native": True})
            yield Case("native digits without a template", "77123", digits, {"native": True})

    def _differs_from(self, good: Outcome) -> Judge:
        def judge(outcome: Outcome) -> str | None:
            return "makes no difference" if outcome.acted() == good.acted() else arrives(outcome)

        return judge

    def _cases_of_wrong(self) -> Iterator[Case]:
        kind = self.argument.kind
        for value in (*kind.wrong, *kind.wrong_texts, *kind.wrong_at_parse, *self.argument.wrong):
            yield Case("plain wrong", value, refused_at_parse(self.name))
        for value in (*kind.wrong, *kind.wrong_texts, *self.argument.wrong):
            for case in _from_elsewhere(value, refused_at_run(self.name)):
                # a rendered text may be right although the value it comes from is wrong
                if case.way != "template" or value in kind.wrong_texts or not kind.scalar:
                    yield Case(f"{case.way} wrong", case.given, case.judge, case.options)
            yield Case("mapped wrong", value, refused_at_run(self.name), {"mapped": True})

    def _cases_inside(self, good: Outcome) -> Iterator[Case]:
        """Templates and outputs within lists and mappings."""
        whole, kind = self.argument.good, self.argument.kind
        same, refused = acts_as(good), refused_at_run(self.name)
        inner = [place for place in places_of(whole) if place]
        for place in inner:
            value = at(whole, place)
            by_template, by_task = put(whole, place, TEMPLATE), put(whole, place, OUTPUT)
            yield Case("task inside", by_task, same, {"value": value})
            if survives_native(value):
                yield Case("native inside", by_template, same, {"value": value, "native": True})
            if is_text(value):
                yield Case("template inside", by_template, same, {"value": value})
            if is_text(value) or place == inner[0]:
                yield Case("not rendered inside", by_template, refused, {"rendered": False})
                yield Case("not rendered inside", by_task, refused, {"rendered": False})
        if kind.items is None or not inner:
            return
        place = inner[0]
        if (kind.items.digits and self.argument.digits) or (not kind.items.wrong_texts and kind.items.digits):
            digits = acts_as(self.plain(put(whole, place, "77123")))
            yield Case("plain number inside", put(whole, place, 77123), digits)
            yield Case(
                "native digits inside",
                put(whole, place, TEMPLATE),
                digits,
                {"value": "77123", "native": True},
            )
        for value in (*kind.items.wrong, *kind.items.wrong_texts, None):
            yield Case("plain wrong inside", put(whole, place, value), refused_at_parse(self.name))
            yield Case("task wrong inside", put(whole, place, OUTPUT), refused, {"value": value})
            yield Case("mapped wrong inside", put(whole, place, value), refused, {"mapped": True})
            if survives_native(value):
                options = {"value": value, "native": True}
                yield Case("native wrong inside", put(whole, place, TEMPLATE), refused, options)

    def _cases_of_none(self) -> Iterator[Case]:
        elsewhere = (("task", OUTPUT, False), ("native", TEMPLATE, True))
        if self.argument.need is Need.OPTIONAL:
            base = {name: one for name, one in self.base.items() if name != self.name}
            without = self.bench.run(base)
            same, plain = acts_as(without), acts_as(without)
            if without.stage == "parse":
                # one of two must be given, and the case gives the other one to nobody
                same, plain = refused_at_run(self.name), refused_at_parse(self.name)
            yield Case("plain None", None, plain)
            for way, given, native in elsewhere:
                yield Case(f"{way} None", given, same, {"value": None, "native": native})
            return
        if self.argument.need is Need.REQUIRED:
            yield Case("plain None", None, refused_at_parse(self.name))
        for way, given, native in elsewhere:
            yield Case(f"{way} None", given, refused_at_run(self.name), {"value": None, "native": native})


@dataclass(frozen=True)
class Walked:
    """What a walk found.

    :param cases: how many cases each argument had.
    """

    cases: Mapping[str, int]
    failures: list[str]

    @property
    def count(self) -> int:
        return sum(self.cases.values())


def _one_of(every: int, first: int, cases: list[Any]) -> list[Any]:
    """One of so many cases, and at least one."""
    return cases[first % min(every, len(cases) or 1) :: every]


def walk(path: str, make: Make, row: Row, services: WalkedServices, every: int = 1) -> Walked:
    """Every case of every argument of a class.

    :param every: one of so many cases, each argument begun at another one.
    """
    bench = Bench(make, services, named={} if path.startswith("triggers.") else {"task_id": "walked"})
    cases: dict[str, int] = {}
    failures: list[str] = []
    logging.disable(logging.CRITICAL)
    try:
        for first, name in enumerate(row.arguments):
            cases[name], found = Walk(path, name, row, bench).failures(every, first)
            failures += found
    finally:
        logging.disable(logging.NOTSET)
    failures += [f"{path}.{name} has no case" for name, count in cases.items() if not count]
    return Walked(cases, failures)


def as_json(walked: Mapping[str, Walked]) -> str:
    """The counts, for a page or a report."""
    return json.dumps({path: one.count for path, one in walked.items()}, indent=1)
