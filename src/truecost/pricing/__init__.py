"""The price rules: usage x dated prices -> USD. One rule set, for one request and for columns of them.

This room knows what is billed for a request and at which of a model's prices. It does not know where
prices come from (`truecost.catalog`) nor how much a product is used (`truecost.plan`).
"""

from truecost.pricing.api import TokenCost, Usage, api_cost, api_cost_lines, billing_notes, expected_cost
from truecost.pricing.call import Price, price
from truecost.pricing.path import price_multiples
from truecost.pricing.provisioned import provisioned_cost
from truecost.pricing.rates import Rate, rate

__all__ = [
    "Price",
    "Rate",
    "TokenCost",
    "Usage",
    "api_cost",
    "api_cost_lines",
    "billing_notes",
    "expected_cost",
    "price",
    "price_multiples",
    "provisioned_cost",
    "rate",
]
