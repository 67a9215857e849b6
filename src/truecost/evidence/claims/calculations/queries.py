"""What one answer costs: tokens at list prices, and the law of serving on rented chips."""

from __future__ import annotations

from truecost.evidence.claims.calculations.serving import SERVED, usd_per_request
from truecost.evidence.claims.working import Needed, Working, calculation_of
from truecost.ranges import Value

PER_MTOK = 1e-6
TOKENS = {
    "input_tokens": Needed("input tokens", "tokens/query", {"rate": "usage/conversation_input_tokens"}),
    "output_tokens": Needed("output tokens", "tokens/query", {"rate": "usage/conversation_output_tokens"}),
}
LISTED = {
    "usd_per_mtok_input": Needed("list price of input", "USD/Mtok", {"price": "$listed", "kind": "input"}),
    "usd_per_mtok_output": Needed("list price of output", "USD/Mtok", {"price": "$listed", "kind": "output"}),
}
DAYS_PER_MONTH = 365 / 12


def listed_usd(at: Working) -> Value:
    """What a query costs at list prices, noted."""
    usd = (
        at["input_tokens"] * at["usd_per_mtok_input"] + at["output_tokens"] * at["usd_per_mtok_output"]
    ) * PER_MTOK
    return at.step("at list price", "input × its price + output × its price", usd, "USD/query")


@calculation_of(
    "query_cost",
    "One query, at list price and by the law of serving",
    "USD/query",
    {**TOKENS, **LISTED, **SERVED},
    {"listed": "gpt-4-turbo", "model": "llama-3.1-405b", "chip": "h100-sxm", "precision": "fp8"},
)
def query_cost(at: Working) -> Value:
    """Tokens x list price; beside it replica time x chips x rent / load."""
    usd = listed_usd(at)
    at.way("list price", usd)
    at.way("compute on rented chips", usd_per_request(at))
    return usd


@calculation_of(
    "user_month",
    "What a user costs a month, so many times the mean user",
    "USD/month",
    {
        **TOKENS,
        **LISTED,
        "queries_per_day": Needed("queries of the mean user", "queries/day"),
        "days_per_month": Needed("days of use", "days/month", DAYS_PER_MONTH),
        "sigma": Needed(
            "spread of use over users (sigma of its logarithm)", "", {"rate": "usage/lognormal_sigma"}
        ),
        "rank": Needed("share of users below this one", "share"),
    },
    {"listed": "gpt-4-turbo"},
)
def user_month(at: Working) -> Value:
    """Queries x use at the rank over mean use (lognormal) x cost of a query x days."""
    import numpy as np

    from truecost.normal import normal_quantile

    usd = listed_usd(at)
    mean = at.step(
        "the mean user",
        "queries × days × cost of a query",
        at["queries_per_day"] * at["days_per_month"] * usd,
        "USD/month",
    )
    sigma, rank = at["sigma"], at["rank"]
    multiple = np.exp(np.multiply(normal_quantile(np.atleast_1d(rank)), sigma) - np.square(sigma) / 2)
    multiple = multiple if np.ndim(rank) or np.ndim(sigma) else float(multiple[0])
    over = at.step(
        "this user over the mean", "exp(z sigma - sigma² / 2), z the quantile of the rank", multiple, "x"
    )
    return at.step("this user", "mean user × multiple", mean * over, "USD/month")


@calculation_of(
    "agent_user_month",
    "What a user of an agent costs a month, so many times the mean user",
    "USD/month",
    {
        "usd_per_day": Needed(
            "cost of the mean user a day of use", "USD/day", {"rate": "claims/agent_usd_per_day"}
        ),
        "days_per_month": Needed("days of use", "days/month", {"assumed": "15 .. 22", "why": "working days"}),
        "sigma": Needed(
            "spread of use over users (sigma of its logarithm)", "", {"rate": "usage/lognormal_sigma"}
        ),
        "rank": Needed("share of users below this one", "share"),
    },
)
def agent_user_month(at: Working) -> Value:
    """Mean cost a day x days x use at the rank over mean use (lognormal)."""
    import numpy as np

    from truecost.normal import normal_quantile

    mean = at.step(
        "the mean user", "cost a day × days", at["usd_per_day"] * at["days_per_month"], "USD/month"
    )
    sigma, rank = at["sigma"], at["rank"]
    z = normal_quantile(np.atleast_1d(rank))
    multiple = np.exp(z * sigma - np.square(sigma) / 2)
    if not (np.ndim(rank) or np.ndim(sigma)):
        multiple = float(np.asarray(multiple)[0])
    over = at.step(
        "this user over the mean", "exp(z sigma - sigma² / 2), z the quantile of the rank", multiple, "x"
    )
    return at.step("this user", "mean user × multiple", mean * over, "USD/month")


@calculation_of(
    "retrieval_over_tuned",
    "A request to a large model with retrieved passages over one to a small tuned model",
    "ratio",
    {
        "question_tokens": Needed(
            "question and instructions", "tokens", {"rate": "retrieval/instruction_tokens"}
        ),
        "passage_tokens": Needed("retrieved passages", "tokens", {"rate": "retrieval/passage_tokens"}),
        "output_tokens": Needed("answer", "tokens", {"rate": "usage/conversation_output_tokens"}),
        "usd_per_lookup": Needed("a look-up", "USD", {"rate": "retrieval/usd_per_lookup"}),
        "large_input": Needed("large model, input", "USD/Mtok", {"price": "$large", "kind": "input"}),
        "large_output": Needed("large model, output", "USD/Mtok", {"price": "$large", "kind": "output"}),
        "small_input": Needed("small model, input", "USD/Mtok", {"price": "$small", "kind": "input"}),
        "small_output": Needed("small model, output", "USD/Mtok", {"price": "$small", "kind": "output"}),
        "tuned_over_base": Needed(
            "price of a tuned model over its base", "x", {"rate": "claims/tuned_over_base_price"}
        ),
    },
    {"large": "gpt-4.1", "small": "gpt-4.1-nano"},
)
def retrieval_over_tuned(at: Working) -> Value:
    """Passages and question at the large model's price, over the question at the small model's."""
    question, answer = at["question_tokens"], at["output_tokens"]
    large = (question + at["passage_tokens"]) * at["large_input"] + answer * at["large_output"]
    large = at.step(
        "with retrieval", "tokens × price + a look-up", large * PER_MTOK + at["usd_per_lookup"], "USD"
    )
    small = (question * at["small_input"] + answer * at["small_output"]) * PER_MTOK * at["tuned_over_base"]
    small = at.step("tuned small model", "tokens × price of the tuned model", small, "USD")
    return at.step("how many times as much", "with retrieval / tuned", large / small, "ratio")
