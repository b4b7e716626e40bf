"""Broken lines of ``api/``."""

from __future__ import annotations

from scripts.sabotage.entry import Sabotage

SABOTAGES = (
    Sabotage(
        "api/call.py",
        "except OSError as error:\n            raise self._broken_off",
        "except ZeroDivisionError as error:\n            raise self._broken_off",
        "tests/adversary/test_adversary_uploads.py -k after_it_was_checked",
    ),
    Sabotage(
        "api/call.py",
        "if not piece or FileState.of(file) != state:",
        "if not piece:",
        "tests/operators/acoustic_exchange/test_files.py -k changed_file",
    ),
    Sabotage(
        "api/liveramp/distribution.py",
        "        retry_helps=not failed.keys() <= {*final},\n",
        "",
        "tests/log/test_failures.py -k no_such_segment",
    ),
    Sabotage(
        "api/call.py",
        " and not _UNFIT_FOR_A_SEGMENT.search(text)\n",
        "\n",
        "tests/api/test_call.py",
    ),
    Sabotage(
        "api/steps.py",
        "        if not str(error).startswith(_REFUSED_BY_ASYNCIO):\n            raise\n",
        "        raise\n",
        "tests/api/test_steps.py",
    ),
    Sabotage(
        "api/rows.py",
        "        except (ValueError, RecursionError) as error:\n",
        "        except ZeroDivisionError as error:\n",
        "tests/adversary/test_adversary_rows.py",
    ),
    Sabotage(
        "api/models.py",
        "    str: text_of,\n",
        "    str: _unread,\n",
        "tests/api/test_inputs.py",
    ),
    Sabotage(
        "api/models.py",
        "    datetime: _timestamp,\n",
        "    datetime: _unread,\n",
        "tests/api/test_inputs.py",
    ),
    Sabotage(
        "api/models.py",
        "checked.model_copy(",
        "cls.model_validate({**read, **changes}) or checked.model_copy(",
        "tests/api/test_inputs.py",
    ),
    Sabotage(
        "api/liveramp/segments.py",
        "tuple(row for row in page.items if row.segment_id in wanted)",
        "page.items",
        "tests/hooks/test_liveramp.py",
    ),
    Sabotage(
        "api/dataddo/sources.py",
        " and connector_id not in WITHOUT_AUTHORIZER:",
        ":",
        "tests/api/dataddo/test_inputs.py",
    ),
    Sabotage(
        "api/dataddo/values.py",
        " if value is not None or name not in never_null",
        "",
        "tests/api/dataddo/test_inputs.py",
    ),
    Sabotage(
        "api/acoustic_exchange/segments.py",
        " and not fits_a_path(self.id_string):",
        " and False:",
        "tests/api/acoustic_exchange/test_loose_inputs.py",
    ),
    Sabotage(
        "api/delta_projects/activities.py",
        "activity.flight_stop <= datetime.now(UTC)",
        "False",
        "tests/api/delta_projects",
    ),
    Sabotage(
        "api/liveramp/segments.py",
        "taxonomy_sync_status: str | None = Field(default=None, ",
        "taxonomy_sync_status: str = Field(",
        "tests/contracts/test_contract_answers.py",
    ),
    Sabotage(
        "api/call.py",
        "(self.sends_audience or self.file is not None)",
        "self.sends_audience",
        "tests/transport/test_transport_suppression.py -k nobody_says",
    ),
    Sabotage(
        "api/liveramp/segments.py",
        "sends_audience=True, ",
        "",
        "tests/transport/test_transport_suppression.py -k marks_are",
    ),
)
