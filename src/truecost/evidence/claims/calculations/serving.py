"""What tokens cost on one's own chips, by the law of serving: batch, load, precision, chips, experts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from truecost.evidence.claims.calculations.owning import OWNED, own_hour
from truecost.evidence.claims.working import Curve, Line, Needed, Working, calculation_of, floats, mid, spaced
from truecost.physics.calibration import load_calibration
from truecost.physics.serving import ServingPoint, ServingSetup, serving_point, smallest_tensor_parallel_size
from truecost.ranges import Value

if TYPE_CHECKING:
    from truecost.catalog.accelerators import Accelerator
    from truecost.catalog.architectures import Architecture

SECONDS_PER_HOUR = 3600.0
PER_MTOK = 1e-6
LARGEST_REPLICA = 16
ENGINE_BATCH = 256.0
REQUEST = {
    "input_tokens": Needed("input tokens", "tokens/query", {"rate": "usage/conversation_input_tokens"}),
    "output_tokens": Needed("output tokens", "tokens/query", {"rate": "usage/conversation_output_tokens"}),
}
SERVED = {
    "usd_per_chip_hour": Needed("rent of a chip", "USD/chip-hour", {"rental": "$chip", "term": "on_demand"}),
    "utilization": Needed(
        "load over the whole day", "share of capacity", {"rate": "claims/serving_utilization"}
    ),
    "residual": Needed("measured over predicted time", "x", {"law": "replica_seconds"}),
}
MODEL = {"model": "llama-3.1-70b", "chip": "h100-sxm", "precision": "fp8"}


def layout(architecture: Architecture, chip: Accelerator, setup: ServingSetup) -> ServingSetup:
    """The setup on as many chips as take the least chip time a request, from the fewest that hold the
    model.
    """
    constants = load_calibration().serving
    context = mid(setup.input_tokens) + mid(setup.output_tokens)
    fewest = smallest_tensor_parallel_size(architecture, chip, setup.precision, context, constants)
    middle = replace(setup, input_tokens=mid(setup.input_tokens), output_tokens=mid(setup.output_tokens))
    best: tuple[float, int] | None = None
    size = fewest
    while size <= max(fewest, chip.chips_per_server, 1) and size <= max(LARGEST_REPLICA, fewest):
        if architecture.num_attention_heads % size == 0:
            tried = replace(middle, tensor_parallel_size=size)
            point = serving_point(architecture, chip, tried, constants)
            time = size * float(np.median(point.replica_seconds_per_request))
            best = min(best or (time, size), (time, size))
        size *= 2
    return replace(setup, tensor_parallel_size=best[1] if best else fewest)


def point_of(architecture: Architecture, chip: Accelerator, setup: ServingSetup) -> ServingPoint:
    """The law's answer with the fitted constants."""
    return serving_point(architecture, chip, setup, load_calibration().serving)


def chip_seconds(architecture: Architecture, chip: Accelerator, setup: ServingSetup) -> Value:
    """Chip-seconds of one request, all chips of the replica together."""
    point = point_of(architecture, chip, setup)
    return point.replica_seconds_per_request * point.chips_per_replica


def usd_per_request(at: Working) -> Value:
    """One request on rented chips, noted: chip-seconds x residual x rent / load."""
    setup = ServingSetup(at["input_tokens"], at["output_tokens"], precision=at.word("precision"))
    placed = layout(at.model(), at.chip(), setup)
    seconds = at.step(
        f"chip time on {placed.tensor_parallel_size} × {at.chip().name}",
        "law of serving at the largest batch × residual",
        chip_seconds(at.model(), at.chip(), placed) * at["residual"],
        "chip-s/query",
    )
    usd = seconds * at["usd_per_chip_hour"] / SECONDS_PER_HOUR / at["utilization"]
    return at.step("on rented chips", "chip time × rent / load", usd, "USD/query")


def usd_by_way(at: Working) -> dict[str, Value]:
    """One request on chips rented on demand, and on chips of one's own, noted."""
    rented = usd_per_request(at)
    hour = own_hour(at)
    owned = at.step(
        "on own chips",
        "the same × own hour / rent an hour",
        rented * hour / at["usd_per_chip_hour"],
        "USD/query",
    )
    return {"on rented chips": rented, "on own chips": owned}


@calculation_of(
    "self_hosted_mtok",
    "A million tokens on rented and on own chips",
    "USD/Mtok",
    {**REQUEST, **SERVED, **OWNED},
    MODEL,
)
def self_hosted_mtok(at: Working) -> Value:
    """Cost of a request / its tokens; against the load as a curve, for three models."""
    tokens = at["input_tokens"] + at["output_tokens"]
    for way, usd in usd_by_way(at).items():
        mtok = usd / tokens / PER_MTOK
        at.way(way, at.step(f"a million tokens {way}", "cost of a request / its tokens", mtok, "USD/Mtok"))
    at.curve(lambda: _by_load(at))
    return next(iter(at.ways.values()))


def _by_load(at: Working) -> Curve:
    loads = spaced(0.02, 1.0, 25)
    lines: list[Line] = []
    for name in ("llama-3.1-8b", "llama-3.1-70b", "llama-3.1-405b"):
        usd = mtok_at(at, name, mid(at.values["input_tokens"]), mid(at.values["output_tokens"]))
        lines.append(Line(name, tuple(usd / load for load in loads)))
    return Curve(
        "A million tokens on rented chips, by load",
        "load over the whole day",
        "share",
        "cost",
        "USD/Mtok",
        loads,
        tuple(lines),
    )


def mtok_at(at: Working, model: str, input_tokens: float, output_tokens: float) -> float:
    """USD a million tokens of a model at full load on the claim's chip, at the medians of everything else."""
    architecture = at.catalog.model(model)
    setup = layout(
        architecture, at.chip(), ServingSetup(input_tokens, output_tokens, precision=at.word("precision"))
    )
    seconds = float(np.median(chip_seconds(architecture, at.chip(), setup)))
    rent = mid(at.values["usd_per_chip_hour"]) * mid(at.values["residual"])
    return seconds * rent / SECONDS_PER_HOUR / (input_tokens + output_tokens) / PER_MTOK


@calculation_of(
    "markup",
    "List price over the cost on rented and on own chips",
    "ratio",
    {
        **REQUEST,
        "usd_per_mtok_input": Needed(
            "list price of input", "USD/Mtok", {"price": "$listed", "kind": "input"}
        ),
        "usd_per_mtok_output": Needed(
            "list price of output", "USD/Mtok", {"price": "$listed", "kind": "output"}
        ),
        **SERVED,
        **OWNED,
    },
    {**MODEL, "listed": "gpt-4-turbo", "model": "llama-3.1-405b"},
)
def markup(at: Working) -> Value:
    """The same request at list price over the law's cost, by how the chips are paid for."""
    listed = at["input_tokens"] * at["usd_per_mtok_input"] + at["output_tokens"] * at["usd_per_mtok_output"]
    listed = at.step(
        "at list price", "input × its price + output × its price", listed * PER_MTOK, "USD/query"
    )
    for way, usd in usd_by_way(at).items():
        at.way(way, at.step(f"list price over cost {way}", "one over the other", listed / usd, "ratio"))
    return next(iter(at.ways.values()))


@calculation_of(
    "batching_gain",
    "Cost of a token alone over its cost in a batch",
    "ratio",
    {
        **REQUEST,
        "batch": Needed(
            "requests answered at once", "requests", {"assumed": ENGINE_BATCH, "why": "vLLM's max_num_seqs"}
        ),
    },
    MODEL,
)
def batching_gain(at: Working) -> Value:
    """Seconds of a replica a request at batch 1 over those in the batch; against the batch as a curve."""
    question, answer = at["input_tokens"], at["output_tokens"]
    setup = layout(at.model(), at.chip(), ServingSetup(question, answer, precision=at.word("precision")))
    alone = point_of(at.model(), at.chip(), replace(setup, max_batch=1.0)).replica_seconds_per_request
    alone = at.step("alone", "law of serving, batch 1", alone, "replica-s/query")
    together = _in_batch(at, setup, at["batch"])
    together = at.step(
        "in the batch", "law of serving at the batch, as far as memory allows", together, "replica-s/query"
    )
    at.curve(lambda: _by_batch(at))
    return at.step("how many times less", "alone / in the batch", alone / together, "ratio")


def _in_batch(at: Working, setup: ServingSetup, batch: Value) -> Value:
    limited = replace(setup, max_batch=batch)  # type: ignore[arg-type]
    return point_of(at.model(), at.chip(), limited).replica_seconds_per_request


def _by_batch(at: Working) -> Curve:
    batches = tuple(float(2**power) for power in range(9))
    question, answer = mid(at.values["input_tokens"]), mid(at.values["output_tokens"])
    lines: list[Line] = []
    for name in ("llama-3.1-8b", "llama-3.1-70b", "llama-3.1-405b"):
        model = at.catalog.model(name)
        setup = layout(model, at.chip(), ServingSetup(question, answer, precision=at.word("precision")))
        seconds = [
            float(
                np.median(
                    point_of(model, at.chip(), replace(setup, max_batch=batch)).replica_seconds_per_request
                )
            )
            for batch in batches
        ]
        lines.append(Line(name, tuple(seconds[0] / each for each in seconds)))
    return Curve(
        "How many times less a token costs in a batch than alone",
        "requests answered at once",
        "requests",
        "gain over batch 1",
        "x",
        batches,
        tuple(lines),
    )


@calculation_of(
    "precision_saving",
    "What fewer bits save on one model",
    "share",
    {
        **REQUEST,
        "chips_before": Needed(
            "chips before", "chips", {"assumed": 0, "why": "0: the fewest that hold the model"}
        ),
    },
    {**MODEL, "before": "bf16", "after": "int4", "chips_after": 1},
)
def precision_saving(at: Working) -> Value:
    """1 - chip time a token after over before: on the fewest chips, or on the chips the claim names."""
    model, chip, constants = at.model(), at.chip(), load_calibration().serving
    question, answer = at["input_tokens"], at["output_tokens"]
    context = mid(question) + mid(answer)
    sizes = {
        bits: smallest_tensor_parallel_size(model, chip, at.word(bits), context, constants)
        for bits in ("before", "after")
    }
    for bits, size in sizes.items():
        at.step(
            f"fewest chips in {at.word(bits)}",
            "weights and one request in the memory of 1, 2, 4 … chips",
            float(size),
            "chips",
        )
    named = mid(at["chips_before"])
    sizes["before"] = max(2 ** round(float(np.log2(named))) if named >= 1 else 1, sizes["before"])
    times: dict[str, Value] = {}
    for bits, size in sizes.items():
        setup = ServingSetup(question, answer, tensor_parallel_size=size, precision=at.word(bits))
        times[bits] = at.step(
            f"{at.word(bits)} on {size}",
            "law of serving, chips × replica time",
            chip_seconds(model, chip, setup),
            "chip-s/query",
        )
    saved = at.step(
        "saved a token", "1 - chip time after / before", 1 - times["after"] / times["before"], "share"
    )
    at.way("a token", saved)
    by_chips = 1 - sizes["after"] / sizes["before"]
    at.way(
        "by the number of chips", at.step("chips saved", "1 - chips after / chips before", by_chips, "share")
    )
    return saved


@calculation_of(
    "operator_spread",
    "The dearest over the cheapest way to run one model",
    "ratio",
    {
        **REQUEST,
        "low_load": Needed(
            "load of the dearer operator",
            "share",
            {"assumed": "0.05 .. 0.2", "why": "a product of its own, one time zone"},
        ),
        "high_load": Needed(
            "load of the cheaper operator",
            "share",
            {"assumed": "0.5 .. 0.8", "why": "many customers' traffic pooled"},
        ),
        "on_demand": Needed("rent on demand", "USD/chip-hour", {"rental": "$chip", "term": "on_demand"}),
        "reserved": Needed(
            "rent for three years", "USD/chip-hour", {"rental": "$chip", "term": "reserved_3y"}
        ),
    },
    {**MODEL, "before": "bf16", "after": "fp8"},
)
def operator_spread(at: Working) -> Value:
    """Load x precision x terms, one operator over the other."""
    question, answer = at["input_tokens"], at["output_tokens"]
    times = {
        bits: chip_seconds(
            at.model(),
            at.chip(),
            layout(at.model(), at.chip(), ServingSetup(question, answer, precision=at.word(bits))),
        )
        for bits in ("before", "after")
    }
    bits = at.step(
        "by precision", "law of serving, chip time before / after", times["before"] / times["after"], "ratio"
    )
    load = at.step("by load", "higher load / lower load", at["high_load"] / at["low_load"], "ratio")
    terms = at.step("by terms", "rent on demand / for three years", at["on_demand"] / at["reserved"], "ratio")
    return at.step("all together", "product of the three", bits * load * terms, "ratio")


@calculation_of(
    "sparse_over_dense",
    "A token of a sparse model over a token of a dense one",
    "ratio",
    REQUEST,
    {"sparse": "mixtral-8x7b", "dense": "llama-2-13b", "chip": "h100-sxm", "precision": "bf16"},
)
def sparse_over_dense(at: Working) -> Value:
    """Chip time of one over the other, each on the layout that takes the least."""
    question, answer = at["input_tokens"], at["output_tokens"]
    times: dict[str, Value] = {}
    for name in ("sparse", "dense"):
        model = at.model(name)
        at.step(
            f"{model.name}, all weights",
            "counted from its architecture",
            float(model.total_parameters),
            "parameters",
        )
        at.step(f"{model.name}, active", "met by one token", float(model.active_parameters), "parameters")
        setup = layout(model, at.chip(), ServingSetup(question, answer, precision=at.word("precision")))
        times[name] = at.step(
            f"{model.name} on {setup.tensor_parallel_size}",
            "law of serving, chips × replica time",
            chip_seconds(model, at.chip(), setup),
            "chip-s/query",
        )
    return at.step("sparse over dense", "one over the other", times["sparse"] / times["dense"], "ratio")


@calculation_of(
    "bits_per_weight",
    "Bits of one weight by precision",
    "bits",
    {},
    {"precisions": ["int8", "int4"], "from": "fp32", "released": "bf16"},
)
def bits_per_weight(at: Working) -> Value:
    """8 x bytes of a weight, its share of the scales included."""
    from truecost.physics.memory import bytes_per_element

    for name in ("from", "released"):
        at.step(at.word(name), "8 × bytes a weight", 8 * bytes_per_element(at.word(name)), "bits")
    result: Value = 0.0
    for precision in at.words("precisions"):
        result = at.step(
            precision, "8 × bytes a weight, scales included", 8 * bytes_per_element(precision), "bits"
        )
        at.way(precision, result)
    return result


@calculation_of(
    "lowest_of_hosts",
    "List price of one open model, by kind of host",
    "ratio",
    {
        "other_input": Needed("usual hosts, input", "USD/Mtok", {"price": "$usual", "kind": "input"}),
        "other_output": Needed("usual hosts, output", "USD/Mtok", {"price": "$usual", "kind": "output"}),
        "output_share": Needed(
            "output's share of the tokens", "share", {"assumed": "0.1 .. 0.3", "why": "conversations"}
        ),
    },
    {
        "usual": "meta-llama/Llama-3.3-70B-Instruct",
        "hosts": ["groq", "cerebras", "sambanova"],
        "names": ["Groq", "Cerebras", "SambaNova"],
        "listed": ["llama-3.3-70b-versatile", "llama-3.3-70b", "Meta-Llama-3.3-70B-Instruct"],
    },
)
def lowest_of_hosts(at: Working) -> Value:
    """Price at the usual hosts over the price at each host on chips of its own making."""
    share = at["output_share"]
    usual = at.step(
        "usual hosts",
        "price of the median host, input and output mixed",
        _blend(at["other_input"], at["other_output"], share),
        "USD/Mtok",
    )
    best: Value | None = None
    for host, name, model in zip(at.words("hosts"), at.words("names"), at.words("listed"), strict=False):
        price = at.catalog.prices(model, at.as_of, host)
        of_input, of_output = (
            at.fact(f"{name}, {kind}", price.fact(kind)) / PER_MTOK for kind in ("input", "output")
        )
        mixed = _blend(of_input, of_output, share)
        ratio = at.step(
            name,
            "usual hosts / this host",
            usual / at.step(f"price at {name}", "list price, mixed", mixed, "USD/Mtok"),
            "ratio",
        )
        at.way(name, ratio)
        best = ratio if best is None else np.maximum(best, ratio)
    return best if best is not None else usual


def _blend(of_input: Value, of_output: Value, output_share: Value) -> Value:
    return of_input * (1 - output_share) + of_output * output_share


__all__ = ["SERVED", "chip_seconds", "floats", "layout", "mtok_at", "usd_per_request"]
