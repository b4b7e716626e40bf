"""Broken lines of ``transport/``."""

from __future__ import annotations

from scripts.sabotage.entry import Sabotage

SABOTAGES = (
    Sabotage(
        "transport/refusals.py",
        "text = in_place_of_a_file(text)",
        "pass",
        "tests/adversary/test_adversary_files.py -k nobody_is_quoted",
    ),
    Sabotage(
        "transport/quoting.py",
        "LEFT_OUT if _is_digest(run[0]) else run[0]",
        "run[0]",
        "tests/adversary/test_adversary_uploads.py -k nobody_is_quoted",
    ),
    Sabotage(
        "transport/quoting.py",
        "except (OSError, EOFError, zlib.error):",
        "except (OSError, EOFError):",
        "tests/adversary/test_adversary_uploads.py -k no_gzip_quotes_nobody",
    ),
    Sabotage(
        "transport/refusals.py",
        "if call.file is not None and text:",
        "if False:",
        "tests/operators/acoustic_exchange/test_files.py -k quotes_a_row",
    ),
    Sabotage(
        "transport/refusals.py",
        "printable(without_contacts(redact(text)))",
        "printable(redact(text))",
        "tests/transport/test_transport_secrets.py -k whom_the_service_names",
    ),
    Sabotage(
        "transport/exchange.py",
        "            without_contacts(self.redact(why)).rstrip",
        "            self.redact(why).rstrip",
        "tests/transport/test_transport_secrets.py -k what_is_no_answer",
    ),
    Sabotage(
        "transport/exchange.py",
        "if self._refused is not None and self._refused_at > wanted.since:",
        "if False:",
        "tests/transport/test_transport_tokens.py -k wrong_password",
    ),
    Sabotage(
        "transport/exchange.py",
        "self._refused_at > wanted.since:",
        "True:",
        "tests/transport/test_transport_tokens.py -k leaves_nothing_behind",
    ),
    Sabotage(
        "transport/exchange.py",
        "may = not failed.sent or call.safety is not Safety.ONCE",
        "may = True",
        "tests/transport/test_transport_safety.py",
    ),
    Sabotage(
        "transport/settings.py",
        'if url.scheme == "http" and not settings.allow_http else None',
        "if False else None",
        "tests/hooks/test_addresses.py",
    ),
    Sabotage(
        "transport/authorities.py",
        'FILES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")',
        'FILES = ("SSL_CERT_FILE",)',
        "tests/transport/test_transport_causes.py",
    ),
    Sabotage(
        "transport/exchange.py",
        "                may = may and not (failed.cause and failed.cause.of_connection)\n",
        "",
        "tests/transport/test_transport_causes.py",
    ),
    Sabotage(
        "transport/causes.py",
        "    if speaks_of_key or (status == 401 and not speaks_of_permission):\n",
        "    if status == 401:\n",
        "tests/transport/test_transport_causes.py",
    ),
    # of each kind that the adversary knows, one
    Sabotage(
        "transport/attempt.py",
        "left = self._until - time.monotonic()",
        "left = self._seconds",
        "tests/adversary/test_adversary_time.py",
    ),
    Sabotage(
        "transport/body.py",
        "most = LARGEST_BODY if",
        "most = inf if",
        "tests/adversary/test_adversary_size.py",
    ),
    Sabotage(
        "transport/exchange.py",
        "spelled.get(name, name)",
        "name",
        "tests/hooks/test_liveramp.py",
    ),
    Sabotage(
        "transport/exchange.py",
        "        self._refuse_unproven_audience(call)\n",
        "",
        "tests/transport/test_transport_suppression.py -k no_audience",
    ),
    Sabotage(
        "transport/exchange.py",
        "if call.safety is not Safety.READ and call is not",
        "if False and call is not",
        "tests/operators/test_simulated_gates.py -k no_call_that_changes",
    ),
)
