"""A secret is recognised in every spelling, and nothing else is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from spellings import INSIDE, MISREAD, WHOLE

from airflow_provider_activation.redaction import Redactor, printable
from scripts.machine_speed import scaled

SECRETS = [
    'a key/+=&"ü:US',
    "plain-secret_0",
    "100%25 off&amp;on",
    r"back\slash\nor",
    "p😀ssword1",
    "schlüssel?>~",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("spelled", WHOLE.values(), ids=WHOLE)
def test_a_secret_is_taken_out_whole(secret: str, spelled: Callable[[str], str]) -> None:
    assert Redactor([secret])(f"before {spelled(secret)} after") == "before *** after"


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("spelled", INSIDE.values(), ids=INSIDE)
def test_a_secret_is_taken_out_of_a_longer_text_in_base64(secret: str, spelled: Callable[[str], str]) -> None:
    redacted = Redactor([secret])(f"Basic {spelled(secret)} after")
    assert redacted.endswith("*** after")
    assert len(redacted) < len("Basic *** after") + 8


@pytest.mark.parametrize("secret", ['a key/+=&"ü:US', "schlüssel?>~"])
@pytest.mark.parametrize("spelled", MISREAD.values(), ids=MISREAD)
def test_a_secret_that_was_misread(secret: str, spelled: Callable[[str], str]) -> None:
    assert Redactor([secret])(f"before {spelled(secret)} after") == "before *** after"


@pytest.mark.parametrize(
    ("secret", "text", "redacted"),
    [
        ("a", "a banana, (a) %61", "a banana, (a) %61"),
        ("key", "key keys monkey key:", "key keys monkey key:"),
        ("word", "passwords", "pass***s"),
        ("ÿÿÿÿÿ", "\ufffd\ufffd\ufffd\ufffd\ufffd", "\ufffd\ufffd\ufffd\ufffd\ufffd"),
    ],
)
def test_short_secrets_stay_and_leave_words_alone(secret: str, text: str, redacted: str) -> None:
    assert Redactor([secret])(text) == redacted


def test_only_secrets_of_a_length_are_taken_out_where_that_is_asked_for() -> None:
    redact = Redactor(["seven77", "eight888"])
    assert redact("seven77 eight888", shortest=8) == "seven77 ***"
    assert redact("seven77 eight888") == "*** ***"


def test_a_secret_that_is_added_later_is_known() -> None:
    redact = Redactor()
    assert redact("another-secret") == "another-secret"
    redact.add("another-secret")
    assert redact("another-secret") == "***"


def test_other_texts_stay_as_they_are() -> None:
    text = r"C:\users\new \\x \u00e4 100%25 &amp; &#61; %zz +" + "\ud800"
    assert Redactor(["a-secret=value"])(text) == text


def test_a_long_text_is_searched_within_milliseconds() -> None:
    row = {"id": 1, "name": 'Spring "sale" ü', "self": "https://api.example/activity/1?fetch=all&page=2"}
    text = json.dumps([row] * 11_000)
    assert len(text) > 1_000_000
    one, five = Redactor(["secret-0="]), Redactor([f"secret-{number}=" for number in range(5)])
    assert one(text) == five(text) == text

    def seconds(redact: Redactor) -> float:
        began = time.process_time()
        redact(text)
        return time.process_time() - began

    fewest = min(seconds(one) for _ in range(5))
    assert fewest < scaled(0.2)
    # more secrets do not take as many times as long
    assert min(seconds(five) for _ in range(5)) < 4 * fewest


def test_escapes_within_escapes_without_end_are_given_up() -> None:
    began = time.perf_counter()
    Redactor(["secret-0="])("%" + "25" * 100_000 + "3D")
    assert time.perf_counter() - began < scaled(2)


def test_control_characters_are_written_out() -> None:
    text = "a\x1b[31mb\r\n\tc\x9bd\x7f\u202ee\u2066\0\ud800 é"
    assert printable(text) == "a\\x1b[31mb\\r\\n\\tc\\x9bd\\x7f\\u202ee\\u2066\\x00\\ud800 é"
    assert printable(printable(text)) == printable(text)
