"""`truecost ledger whatif`: what a user types, what comes back, and the exit codes."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.ledger.logs import EXAMPLES, NOW, take
from tests.unit.ledger.test_reporting import own

from truecost.ledger import import_usage
from truecost.report.layout import width_of

KNOWN = ("--as-known", "2026-11-22")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two of the shipped samples in a store."""
    folder = tmp_path_factory.mktemp("samples") / "usage"
    import_usage([EXAMPLES / "openai-chat.jsonl", EXAMPLES / "anthropic.jsonl"], folder, now=NOW)
    return folder


def test_the_saving_comes_first_and_what_is_not_known_last(run: Run, store: Path) -> None:
    done = run("ledger", "whatif", store, "--model", "gpt-5-mini", "--for", "feature != search", *KNOWN)
    assert done.exit_code == 0, done.output
    text = " ".join(done.stdout.split())
    assert max(map(width_of, done.stdout.splitlines())) <= 80
    assert "on gpt-5-mini, " in text.split("Compared: ")[0]
    assert " USD saved (" in text.split("Compared: ")[0]
    assert "Of usage with: feature != search" in text
    for part in ("By kind of token, USD", "By model, as it was, USD", "tokens for one", "0.541 – 0.870"):
        assert part in text
    assert "Whether the answers are good enough" in text.split("What this does not know")[1]
    assert "as known on 2026-11-22" in text


@pytest.mark.parametrize(("options", "said"), [
    (("--batch",), "as a batch, "), (("--cache-ttl", "1h"), "with writes kept 1h, "),
    (("--cache-off",), "without caches, "), (("--cache-hit-rate", "80%"), "with 80 % of the input cached, "),
    (("--model", "claude-haiku-4-5", "--batch", "--cache-ttl", "5m"),
     "on claude-haiku-4-5, as a batch, with writes kept 5m, "),
])  # fmt: skip
def test_every_change_is_told_in_words(run: Run, store: Path, options: tuple[str, ...], said: str) -> None:
    done = run("ledger", "whatif", store, *options, "--by", "feature", *KNOWN)
    assert done.exit_code == 0, done.output
    assert said in " ".join(done.stdout.split())
    assert max(map(width_of, done.stdout.splitlines())) <= 80


def test_json_and_csv_hold_every_digit(run: Run, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "groups.csv"
    options = ("--model", "gpt-5-mini", "--by", "model", "--csv", out, "--json", *KNOWN)
    told: dict[str, Any] = json.loads(run("ledger", "whatif", store, *options).stdout)
    assert {"before", "after_low", "after_high", "saving_usd", "saving_share", "left_out", "moves"} <= set(
        told
    )
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    for side in ("low", "high"):
        assert sum(Decimal(row[f"after_{side}_usd"]) for row in rows) == Decimal(told[f"after_{side}"]["usd"])
    low, high = (Decimal(told["saving_usd"][end]) for end in ("low", "high"))
    assert low == Decimal(told["before"]["usd"]) - Decimal(told["after_high"]["usd"]) < high


def test_what_is_left_out_is_named_and_strict_exits_1(run: Run, tmp_path: Path) -> None:
    take(tmp_path, own("gpt-4.1", "openai", input_tokens=1), own("deepseek-chat", "deepseek", input_tokens=1))
    usage = tmp_path / "usage"
    done = run("ledger", "whatif", usage, "--batch", *KNOWN)
    assert (done.exit_code, done.stderr) == (0, "truecost: 1 line of usage in neither sum\n")
    assert "Left out of both sides, without a price after: 1" in done.stdout
    assert run("ledger", "whatif", usage, "--batch", "--strict", *KNOWN).exit_code == 1
    nothing = run("ledger", "whatif", usage, "--tier", "ultrafast", *KNOWN)
    assert nothing.exit_code == 1
    assert "nothing can be compared" in " ".join(nothing.stdout.split())
    none = run("ledger", "whatif", usage, "--batch", "--for", "feature = x", *KNOWN)
    assert (none.exit_code, "no usage to ask about" in " ".join(none.stdout.split())) == (1, True)


def test_a_negotiated_price_and_a_dearer_alternative(run: Run, tmp_path: Path) -> None:
    take(tmp_path, own("gpt-4.1-mini", "openai", input_tokens=1_000_000))
    overlay = tmp_path / "own.yaml"
    stated = "source: our contract\nchecked: 2026-09-01\nprices:\n  gpt-4.1: {input: 1.0, output: 4.0}\n"
    overlay.write_text(stated, encoding="utf-8")
    options = ("ledger", "whatif", tmp_path / "usage", "--model", "gpt-4.1", *KNOWN)
    assert "2 USD in place of 0.4 USD: 1.6 USD dearer (400 %)" in " ".join(
        run(*options).stdout.replace("\xa0", " ").split()
    )
    done = run(*options, "--catalog", overlay, "--json")
    assert json.loads(done.stdout)["after_low"]["usd"] == "1.000000000000000", done.output


@pytest.mark.parametrize(("options", "message"), [
    ((), "nothing is changed: name a --model"),
    (("--batch", "--tier", "flex"), "a request is sent as a batch or at a tier, not both"),
    (("--model", "gpt-5-minny"), "unknown model with an API price 'gpt-5-minny'; nearest: "),
    (("--batch", "--for", "featur = x"), "--for featur = x: character 1: there is no column 'featur'"),
    (("--batch", "--by", "featur"), "the nearest is feature"),
    (("--tier", "flexx"), "unknown service tier 'flexx'; nearest: flex"),
    (("--tier", "batch"), "--tier batch: write --batch"),
    (("--cache-hit-rate", "most"), "a share such as 80% or 0.8"), (("--cache-hit-rate", "80"), "from 0 to 1"),
    (("--model", "o3", "--tokenizer-ratio", "2..1"), "from low to high as 1.1..1.4"),
    (("--batch", "--session", "user"), "--session goes with --cache-ttl"),
    (("--cache-ttl", "1h", "--session", "nobody"), "usage cannot be grouped by 'nobody'"),
])  # fmt: skip
def test_what_is_not_understood_exits_2_with_one_message(
    run: Run, store: Path, options: tuple[str, ...], message: str
) -> None:
    done = run("ledger", "whatif", store, *options, *KNOWN)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
