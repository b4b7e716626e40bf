"""The `fetch` parameter: children in a response."""

from __future__ import annotations

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.messages import Request

BELOW_A_CLIENT = ("campaigns", "activities", "biddingPlans", "creatives")
BELOW_AN_ACTIVITY = BELOW_A_CLIENT[2:]
BELOW_A_BIDDING_PLAN = BELOW_A_CLIENT[3:]


def read_fetch(request: Request, below: tuple[str, ...]) -> int:
    """How many levels of children a request fetches.

    The documents show `biddingPlans.creatives` and `campaigns.activities`, for some GETs only. Here all GETs
    of resources with children have the parameter.
    """
    query = request.read_query()
    paths = [".".join(below[: depth + 1]) for depth in range(len(below))]
    given = query.may("fetch", checks.one_of(*paths))
    query.end()
    return 0 if given is None else paths.index(given) + 1
