"""Several calls in a row, written once for a worker and for the event loop.

Steps are a coroutine that awaits a `Call`, a `Pause`, or other steps. Paging, submitting and waiting are
steps. `drive` runs them on a worker, and `adrive` runs the same steps on an event loop. Both are given a
function that performs one step.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

Steps: TypeAlias = Coroutine[Any, Any, T]

_REFUSED_BY_ASYNCIO = "Task got bad yield"


@dataclass(frozen=True, slots=True)
class Pause:
    """Go on after this many seconds."""

    seconds: float

    def __await__(self) -> Generator[Any, Any, None]:
        return hand_over(self)


def hand_over(step: Any) -> Generator[Any, Any, Any]:
    """Await a step: the driver performs it and sends back what it answers.

    :raises TypeError: no driver runs these steps.
    """
    try:
        return (yield step)
    except RuntimeError as error:
        if not str(error).startswith(_REFUSED_BY_ASYNCIO):
            raise
        instead = "await hook.asend(call), or hook.arun(steps) for a coroutine that awaits several"
        raise TypeError(f"{step!r} cannot be awaited on an event loop directly: {instead}.") from None


def refuse_step(step: Any) -> TypeError:
    """The error for something awaited in steps that is no step."""
    return TypeError(
        f"{type(step).__name__} cannot be awaited in steps, which run on a worker too: await a Call, "
        "a Pause(seconds) in place of asyncio.sleep, or a coroutine of these."
    )


def drive(steps: Steps[T] | Generator[Any, Any, T], perform: Callable[[Any], Any]) -> T:
    """Run steps in this thread and return what they return.

    :param steps: a coroutine; it is closed in the end, whatever happens.
    :param perform: does one step; what it raises is raised where the step is awaited.
    """

    async def at_once(step: Any) -> Any:
        return perform(step)

    driver = adrive(steps, at_once)
    try:
        driver.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    except RuntimeError as error:
        if str(error) != "no running event loop":
            raise
        raise TypeError(
            "these steps run on a worker, which has no event loop: await a Pause(seconds) in place of "
            "asyncio.sleep, and nothing else of asyncio."
        ) from error
    raise AssertionError("a step on a worker was left waiting")


async def adrive(steps: Steps[T] | Generator[Any, Any, T], perform: Callable[[Any], Awaitable[Any]]) -> T:
    """Run steps on the event loop and return what they return; see `drive`."""
    answer: Any = None
    error: BaseException | None = None
    try:
        while True:
            try:
                step = steps.send(answer) if error is None else steps.throw(error)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            answer = error = None
            try:
                answer = await perform(step)
            except GeneratorExit:
                raise
            except BaseException as raised:  # a cancellation and a kill too: the steps clean up
                error = raised
    finally:
        steps.close()
