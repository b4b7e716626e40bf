"""Every argument is rendered or refused with its name, never sent as it stands: a sample of the walk."""

from __future__ import annotations

import pytest
from argument_table import TABLE
from argument_walk import holes, walk, walked_classes
from walk_services import WalkedServices
from wrong_operators import ROWS, FlagByTruth, IdThroughStr, Right, UntemplatedText

SAMPLE = 19
"""One case of so many is tried here; all of them in the slow tests."""


def test_every_argument_of_every_class_has_a_row() -> None:
    assert holes() == []


def test_a_class_and_an_argument_without_a_row_are_noticed() -> None:
    path, row = next(iter(TABLE.items()))
    without = {name: one for name, one in row.arguments.items() if name != "if_exists"}
    assert f"{path} has no row" in holes({name: one for name, one in TABLE.items() if name != path})
    assert f"{path} takes if_exists, which has no row" in holes({**TABLE, path: type(row)(without)})


@pytest.mark.parametrize("path", TABLE)
def test_a_sample_of_the_walk(path: str, services: WalkedServices) -> None:
    walked = walk(path, walked_classes()[path], TABLE[path], services, every=SAMPLE)
    assert walked.failures == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (FlagByTruth, "everything: template 'False': not as the plain value"),
        (FlagByTruth, "everything: plain wrong 'False': not refused in the DAG file"),
        (FlagByTruth, "everything: task wrong 'yes': taken"),
        (UntemplatedText, "landing: template 'https://shop.example/': sent as it stands"),
        (UntemplatedText, "landing: task 'https://shop.example/': sent as it stands"),
        (IdThroughStr, "segment_id: task wrong 1.5: "),
        (IdThroughStr, "segment_id: template wrong 'None': "),
        (IdThroughStr, "segment_id: task None None: "),
    ],
)
def test_an_operator_that_is_wrong_is_found(wrong: type, said: str, services: WalkedServices) -> None:
    failures = walk(wrong.__name__, wrong, ROWS[wrong], services).failures
    assert any(said in failure for failure in failures), failures


def test_an_operator_that_is_right_passes(services: WalkedServices) -> None:
    walked = walk("Right", Right, ROWS[Right], services)
    assert walked.failures == []
    assert walked.count > 50
