"""What the arguments of all operators have in common."""

from __future__ import annotations

from typing import Any

import pytest
from example_tasks import build_flow, connect, create_activity, define, export, register


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"poll_interval": 0}, "poll_interval"),
        ({"timeout": -1}, "timeout"),
        ({"on_uncertain": "hope"}, "on_uncertain"),
        ({"on_needs_action": "hope"}, "on_needs_action"),
    ],
)
def test_bad_arguments_are_refused_when_the_dag_is_parsed(arguments: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        export(**arguments)


def test_default_args_reach_every_argument() -> None:
    """Also those of the classes an operator derives from."""
    given = {"acoustic_exchange_conn_id": "other", "poll_interval": 5, "deferrable": True, "timeout": 9}
    operator = export(default_args=given, poll_interval=7)
    assert operator.acoustic_exchange_conn_id == "other"
    assert (operator.poll_interval, operator.deferrable) == (7, True)


def test_the_connection_is_a_template_field_of_every_operator_and_sensor() -> None:
    for kind in (register(), define(), export(), create_activity(), connect(), build_flow()):
        assert any(field.endswith("_conn_id") for field in kind.template_fields)
