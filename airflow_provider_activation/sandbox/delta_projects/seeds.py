"""The resources that exist from the start."""

from __future__ import annotations

from dataclasses import dataclass

MEDIA_AGENCY = {"id": "86b35325-794c-11e4-8425-daf437376f87", "name": "Example Media Agency"}

FIRST_CLIENT = {
    "id": "86b35326-794c-11e4-8425-daf437376f87",
    "name": "Example Client",
    "country": "SE",
    "currency": "EUR",
}


@dataclass(frozen=True)
class Template:
    """A template, with defaults for its activities."""

    id: str
    name: str
    has_geo_rule: bool
    impression_budget: int | None
    plans: dict[str, tuple[str, ...]]
    """The types of the creatives, by the names of the bidding plans."""
    # The default is undocumented. Enabled is the riskier one for a client that relies on it.
    enabled: bool = True


TEMPLATES = {
    template.id: template
    for template in (
        Template(
            "16b35327-794c-11e4-8425-daf437376f87",
            "Example Activity Template",
            has_geo_rule=True,
            impression_budget=None,
            plans={"Example Display Plan": ("DISPLAY", "NATIVE"), "Example Video Plan": ("VAST",)},
        ),
        Template(
            "16b35328-794c-11e4-8425-daf437376f87",
            "Example Template without geo rule",
            has_geo_rule=False,
            impression_budget=250_000,
            plans={"Example Plan without creatives": ()},
        ),
    )
}

# The shares of an activity's bids in each group of the statistics.
SHARES: dict[str, dict[str, float]] = {
    "bidding_platform": {"Example Exchange": 0.7, "Another Exchange": 0.3},
    "format": {"300x250": 0.5, "728x90": 0.3, "160x600": 0.2},
    "site": {"news.example": 0.6, "sports.example": 0.25, "weather.example": 0.15},
}
