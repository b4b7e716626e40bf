"""The `fetch` parameter of Delta Projects: which child entities come with what is asked for."""

from __future__ import annotations

from airflow_provider_activation.sandbox.core import checks
from airflow_provider_activation.sandbox.core.messages import Request

BELOW_A_CLIENT = ("campaigns", "activities", "biddingPlans", "creatives")
BELOW_AN_ACTIVITY = BELOW_A_CLIENT[2:]
BELOW_A_BIDDING_PLAN = BELOW_A_CLIENT[3:]


def read_fetch(request: Request, below: tuple[str, ...]) -> int:
    """How many levels of children are asked for; refuses whatever else is in the query.

    The documents show `biddingPlans.creatives` and `campaigns.activities`, so a way down the hierarchy, and
    list it for some of the GETs only. Here every GET of something with children takes it.
    """
    query = request.read_query()
    paths = [".".join(below[: depth + 1]) for depth in range(len(below))]
    given = query.may("fetch", checks.one_of(*paths))
    query.end()
    return 0 if given is None else paths.index(given) + 1
