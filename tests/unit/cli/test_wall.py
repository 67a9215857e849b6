"""`truecost wall`: a lab lead's question, answered without a plan."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from truecost.cli import main


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["wall", *words])
    return done.exit_code, done.stdout, done.stderr


def test_the_check_figures_are_on_the_page() -> None:
    code, page, _ = run("--flops", "2.1e25")
    assert code == 0
    for figure in ("456 B", "7.67 T", "213 B", "21.9 T", "149 B", "71.3 T"):
        assert figure in page
    assert "2404.10102" in page
    assert all(len(line) <= 80 for line in page.splitlines())


def test_volumes_are_read_with_their_multiples() -> None:
    code, page, _ = run("--flops", "2.1e25", "--served", "60T", "--served", "60e12 tokens", "--json")
    told = json.loads(page)
    assert code == 0
    assert [row["served_tokens"] for row in told["rows"]] == [60e12, 60e12]
    assert told["rows"][0]["parameters"] == pytest.approx(213e9, rel=0.02)
    assert set(told["levers"]) == {"sparsity", "quantization", "distillation"}


def test_another_law_and_another_price_give_another_answer() -> None:
    _, plain, _ = run("--flops", "2.1e25", "--json")
    _, other, _ = run("--flops", "2.1e25", "--json", "--law", "hoffmann-2022", "--serving-price", "2")
    assert json.loads(plain)["rows"][1]["parameters"] > 2 * json.loads(other)["rows"][1]["parameters"]


def test_nothing_served_moves_no_lever_but_the_wall() -> None:
    code, page, _ = run("--flops", "1e24", "--served", "0")
    assert code == 0
    assert "fewer bits" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--flops", "many"), "--flops: 'many' is not a number"),
        (("--flops", "0"), "above 0"),
        (("--flops", "1e24", "--served", "-3"), "at least 0"),
        (("--flops", "1e24", "--serving-price", "0"), "above 0"),
        (("--flops", "1e24", "--law", "mine"), "besiroglu-2024"),
        ((), "--flops"),
    ],
)
def test_nonsense_is_refused_with_what_is_wrong(words: tuple[str, ...], said: str) -> None:
    code, _, error = run(*words)
    assert code == 2
    assert said in error
