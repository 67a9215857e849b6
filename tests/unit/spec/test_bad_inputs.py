"""Golden messages: all problems at once, each with file:line, field, value, what is allowed, nearest."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from truecost.spec import SpecError, load_text

HEAD = "name: x\nstart: 2026-12\n"
BODY = HEAD + "tiers: {free: {users: 10}}\n"
FIELDS = "name, start, months, tiers, serving, is_public"

CASES = {
    "unknown field, near name": (
        HEAD + "tiers:\n  free:\n    user: 10\n",
        "plan.yaml:5: tiers.free.user: unknown field; did you mean 'users'?"
        " (allowed: users, price, growth, series, contract)",
    ),
    "unknown field, nothing near": (
        BODY + "zzz: 1\n",
        f"plan.yaml:4: zzz: unknown field (allowed: {FIELDS})",
    ),
    "a field is missing": (
        HEAD + "tiers:\n  free:\n    price: 3\n",
        "plan.yaml:4: tiers.free.users: this field is needed (allowed: a number of at least 0 in users)",
    ),
    "nothing is written": (
        HEAD + "tiers:\n  free:\n    users:\n",
        "plan.yaml:5: tiers.free.users: nothing is written here (allowed: a number of at least 0 in users)",
    ),
    "another currency": (
        HEAD + "tiers: {free: {users: 1, price: 20 EUR}}\n",
        "plan.yaml:3: tiers.free.price: '20 EUR': 'EUR' is another currency; amounts are in US dollars"
        " (allowed: USD/month)",
    ),
    "another unit": (
        BODY + "serving:\n  memory: 80 GHz\n",
        "plan.yaml:5: serving.memory: '80 GHz': 'GHz' is not a unit of bytes"
        " (allowed: bytes, kB, MB, GB, TB, PB, EB, KiB)",
    ),
    "a share above 1": (
        BODY + "serving:\n  utilization: 1.4\n",
        "plan.yaml:5: serving.utilization: 1.4 is above 1; did you mean '1.4 %'?"
        " (allowed: a share above 0 and up to 1, such as 0.4 or 40 %)",
    ),
    "a share in per cent": (
        BODY + "serving: {utilization: 40}\n",
        "plan.yaml:4: serving.utilization: 40 is above 1; did you mean '40 %'?"
        " (allowed: a share above 0 and up to 1, such as 0.4 or 40 %)",
    ),
    "a range backwards": (
        HEAD + "tiers: {free: {users: 5 .. 1}}\n",
        "plan.yaml:3: tiers.free.users: '5 .. 1' runs from high to low; did you mean '1 .. 5'?"
        " (allowed: a number of at least 0 in users)",
    ),
    "a range with a dash": (
        HEAD + "tiers: {free: {users: 1-5}}\n",
        "plan.yaml:3: tiers.free.users: '1-5': write a range as 'low .. high'; did you mean '1 .. 5'?"
        " (allowed: a number of at least 0 in users)",
    ),
    "a multiplier at one end": (
        HEAD + "tiers: {free: {users: 1 .. 5M}}\n",
        "plan.yaml:3: tiers.free.users: '1 .. 5M': write k, M, B or T at both ends of a range or at neither"
        " (allowed: a number of at least 0 in users)",
    ),
    "below 0": (
        HEAD + "tiers: {free: {users: -5}}\n",
        "plan.yaml:3: tiers.free.users: -5 is below 0 (allowed: a number of at least 0 in users)",
    ),
    "a fraction of a month": (
        BODY + "months: 12.5\n",
        "plan.yaml:4: months: 12.5 is not a whole number"
        " (allowed: a whole number above 0 and up to 120 in months)",
    ),
    "other quantiles": (
        HEAD + "tiers: {free: {users: {p50: 1, p99: 9}}}\n",
        "plan.yaml:3: tiers.free.users: a number is written as one value, a range or its quantiles"
        " (allowed: 400, 400 .. 1600 (a 90 % interval), {p50: 800, p90: 1400})",
    ),
    "an impossible month": (
        "name: x\nstart: 2026-13\ntiers: {}\n",
        "plan.yaml:2: start: '2026-13' is no date: month must be in 1..12 (allowed: a month such as 2026-12)",
    ),
    "an impossible day": (
        HEAD + "tiers: {free: {users: 1, contract: {signed: 2026-02-30, seats: 0, regions: [a, b, c]}}}\n",
        "plan.yaml:3: tiers.free.contract.signed: '2026-02-30' is no date: day is out of range for month"
        " (allowed: a day such as 2026-11-22)\n"
        "plan.yaml:3: tiers.free.contract.seats: 0 is not at least 1\n"
        "plan.yaml:3: tiers.free.contract.regions: this needs at most 2 entries",
    ),
    "a choice": (
        BODY + "serving:\n  latency: batches\n",
        "plan.yaml:5: serving.latency: 'batches' is not a choice here; did you mean 'batch'?"
        " (allowed: interactive, batch)",
    ),
    "an unknown kind": (
        BODY + "serving:\n  options:\n    chat: {kind: apii}\n    code: {model: x}\n",
        "plan.yaml:6: serving.options.chat.kind: 'apii' is not a choice here; did you mean 'api'?"
        " (allowed: api, self_hosted)\n"
        "plan.yaml:7: serving.options.code.kind: this field is needed (allowed: api, self_hosted)",
    ),
    "a slip in one kind of a tagged union": (
        BODY + "serving:\n  options:\n    chat: {kind: self_hosted, chip: h100, tensor_paralel_size: 2}\n",
        "plan.yaml:6: serving.options.chat.tensor_paralel_size: unknown field; did you mean"
        " 'tensor_parallel_size'? (allowed: kind, chip, tensor_parallel_size)",
    ),
    "a slip in one model of a plain union": (
        BODY + "serving: {route: {kind: self_hosted, chips: h100}}\n",
        "plan.yaml:4: serving.route.chips: unknown field; did you mean 'chip'?"
        " (allowed: kind, chip, tensor_parallel_size)",
    ),
    "a name that a validator does not know": (
        BODY + "serving: {route: {kind: self_hosted, chip: h10}}\n",
        "plan.yaml:4: serving.route.chip: 'h10': no chip is called that; did you mean 'h100-sxm'?",
    ),
    "of no kind of a union": (
        BODY + "serving: {route: fast}\n",
        "plan.yaml:4: serving.route: 'fast' is not a mapping of fields"
        " (allowed: kind, model, usd_per_query, chip, tensor_parallel_size)",
    ),
    "one number of a list": (
        HEAD + "tiers:\n  free:\n    users: 1\n    series:\n      - 1\n      - -2\n",
        "plan.yaml:8: tiers.free.series.1: -2 is below 0 (allowed: a number of at least 0 in users)",
    ),
    "neither a number nor a list": (
        HEAD + "tiers: {free: {users: 1, series: many}}\n",
        "plan.yaml:3: tiers.free.series: 'many' is not a number (allowed: a number of at least 0 in users)",
    ),
    "fields that exclude each other": (
        HEAD + "tiers:\n  free:\n    users: 1\n    series: [1]\n    growth: 3 %\n",
        "plan.yaml:7: tiers.free.growth: a series leaves no room for growth; remove one",
    ),
    "a number where text belongs": (
        "name: 3\nstart: 2026-12\ntiers: {}\n",
        "plan.yaml:1: name: 3 is a number; put it in quotes to make it text",
    ),
    "not true or false": (
        BODY + "is_public: maybe\n",
        "plan.yaml:4: is_public: 'maybe' is not true or false (allowed: true, false)",
    ),
    "not a mapping": (
        HEAD + "tiers: 3\n",
        "plan.yaml:3: tiers: 3 is not a mapping of fields",
    ),
    "written twice": (
        BODY + "serving:\n  memory: 1\n  latency: batch\n  memory: 2\n",
        "plan.yaml:7: serving.memory: this field is written twice, here and on line 5",
    ),
    "everything at once, in the order of the lines": (
        "nam: x\nstart: 2026\ntiers:\n  free: {users: lots}\nserving:\n  utilization: 0\n",
        "plan.yaml:1: nam: unknown field; did you mean 'name'? (allowed: " + FIELDS + ")\n"
        "plan.yaml:2: start: 2026 is not a date (allowed: a month such as 2026-12)\n"
        "plan.yaml:4: tiers.free.users: 'lots' is not a number (allowed: a number of at least 0 in users)\n"
        "plan.yaml:6: serving.utilization: 0 is not above 0"
        " (allowed: a share above 0 and up to 1, such as 0.4 or 40 %)",
    ),
    "an alias without its anchor": (
        HEAD + "tiers: {free: *base}\n",
        "plan.yaml:3: tiers.free: the alias *base has no anchor &base above it",
    ),
    "an alias in itself": (
        HEAD + "tiers: &all {free: *all}\n",
        "plan.yaml:3: tiers.free: the alias *all contains itself",
    ),
    "a tag": (
        BODY.replace("name: x", "name: !!python/name:os.system x"),
        "plan.yaml:1: name: the tag 'tag:yaml.org,2002:python/name:os.system' is not used in a spec;"
        " remove it",
    ),
    "a merge of no mapping": (
        HEAD + "tiers: {free: {users: 1, <<: 3}}\n",
        "plan.yaml:3: tiers.free: '<<' takes in a mapping: write '<<: *name', with &name at the mapping",
    ),
    "a tab": (
        HEAD + "tiers:\n\tfree: 1\n",
        "plan.yaml:4: a tab in the indentation; YAML is indented with spaces",
    ),
    "two colons": (
        "name: x\nstart: a: b\n",
        "plan.yaml:2: a second ':' in one line; quote the value, or check the indentation",
    ),
    "a bracket left open": (
        "name: x\ntiers: [1, 2\nstart: 3\n",
        "plan.yaml:3: a '[' that is not closed, or a comma missing in the list (begun on line 2)",
    ),
    "a quote left open": (
        "name: 'x\nstart: 3\n",
        "plan.yaml:3: a quote that is not closed (begun on line 1)",
    ),
    "no colon": (
        "name: x\nstart\ntiers: 3\n",
        "plan.yaml:3: a line without ':'; write 'name: value' (begun on line 2)",
    ),
    "a character that YAML keeps": (
        "name: @home\n",
        "plan.yaml:1: a value cannot begin with '@' in YAML; put it in quotes",
    ),
    "a control character": (
        "name: x\ny: \x00\n",
        "plan.yaml:2: the character U+0000 cannot be in a YAML text",
    ),
    "two documents": (
        "name: x\n---\nname: y\n",
        "plan.yaml:2: a second document begins here ('---'); a spec is one document",
    ),
    "an empty file": ("", "plan.yaml:1: the file is empty; a spec is a mapping of fields, 'name: value'"),
    "a list": ("- 1\n", "plan.yaml:1: a spec is a mapping of fields, 'name: value'; this is a list"),
    "one value": (
        "hello\n",
        "plan.yaml:1: a spec is a mapping of fields, 'name: value'; this is one value, 'hello'",
    ),
    "too deep": ("x: " + "[" * 60 + "]" * 60, "plan.yaml:1: nested more than 40 levels deep"),
}


@pytest.mark.parametrize("case", CASES)
def test_message(case: str, plan_schema: type[Any]) -> None:
    text, expected = CASES[case]
    with pytest.raises(SpecError) as caught:
        load_text(text, "plan.yaml", plan_schema)
    assert str(caught.value) == inspect.cleandoc(expected)


def test_a_bomb_of_aliases_is_refused_quickly(plan_schema: type[Any]) -> None:
    levels = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    with pytest.raises(SpecError, match=r"plan\.yaml:5: a4: more than 100,000 values, aliases expanded"):
        load_text("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "\n".join(levels), "plan.yaml", plan_schema)


def test_a_text_of_too_many_values_is_refused(plan_schema: type[Any]) -> None:
    with pytest.raises(SpecError, match="more than 100,000 values"):
        load_text("x: [" + "1," * 240_000 + "]", "plan.yaml", plan_schema)


def test_a_hundred_problems_are_told_and_the_rest_counted(plan_schema: type[Any]) -> None:
    with pytest.raises(SpecError) as caught:
        load_text("".join(f"x{i}: 1\n" for i in range(150)), "plan.yaml", plan_schema)
    assert len(caught.value.problems) == 153
    assert str(caught.value).endswith("\nand 53 more")


def test_problems_carry_their_parts(plan_schema: type[Any]) -> None:
    with pytest.raises(SpecError) as caught:
        load_text(BODY + "serving: {latency: batches}\n", "plan.yaml", plan_schema)
    (problem,) = caught.value.problems
    assert (problem.place, problem.field, problem.value) == ("plan.yaml:4", "serving.latency", "'batches'")
    assert (problem.allowed, problem.nearest) == (("interactive", "batch"), ("batch",))
