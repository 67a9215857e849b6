"""`truecost ledger`: what a user types, what comes back, and the exit codes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Run
from tests.unit.ledger.logs import EXAMPLES, chat, write

from truecost.report.layout import width_of
from truecost.report.usage_text import import_page, report_page

DIALECTS = ("anthropic", "litellm-spend", "openai-chat", "openai-responses", "otel-genai")
LOGS = [EXAMPLES / f"{one}.jsonl" for one in DIALECTS]
KNOWN = ("--as-known", "2026-11-22")
MAP = (
    "ts=time,model=deployment,input_tokens=prompt_tokens,output_tokens=completion_tokens,cache_read_tokens=cached,"
    "user=who,feature=purpose,tag:cost_centre=cost_centre"
)


@pytest.fixture
def store(run: Run, tmp_path: Path) -> Path:
    """The shipped samples in a store."""
    done = run("ledger", "import", *LOGS, "--into", tmp_path / "usage")
    assert done.exit_code == 0, done.output
    return tmp_path / "usage"


def test_the_samples_of_every_dialect_are_taken_and_named(run: Run, tmp_path: Path) -> None:
    done = run("ledger", "import", *LOGS, "--into", tmp_path / "usage")
    assert done.stdout.startswith("78 requests added to")
    assert "8 spans that only summed the spans below: left out." in done.stdout
    for name in ("openai-chat", "openai-responses", "anthropic-messages", "litellm-spend", "otel-genai"):
        assert name in done.stdout
    mapped = run("ledger", "import", EXAMPLES / "proxy.csv", "--into", tmp_path / "usage", "--map", MAP)
    assert mapped.exit_code == 0, mapped.output
    assert mapped.stdout.startswith("10 requests added")


def test_the_help_names_every_dialect_that_is_read(run: Run) -> None:
    from truecost.ledger.readers import READERS

    told = run("ledger", "import", "--help").stdout
    assert all(f"\n  {name} " in told for name in READERS)


def test_lines_that_tell_of_no_request_are_counted(run: Run, tmp_path: Path) -> None:
    done = run("ledger", "import", EXAMPLES / "claude-code.jsonl", "--into", tmp_path / "usage")
    assert "22 lines that tell of no request of their own: passed over." in done.stdout


def test_again_adds_nothing(run: Run, store: Path) -> None:
    done = run("ledger", "import", *LOGS, "--into", store, "--json")
    told = json.loads(done.stdout)
    assert (told["rows"], len(told["skipped"]), told["rows_in_store"]) == (0, 5, 78)


def test_the_report_leads_with_coverage(run: Run, store: Path) -> None:
    done = run("ledger", "report", store, "--by", "feature,user", "--month", "2026-10", *KNOWN)
    lines = done.stdout.splitlines()
    assert max(map(width_of, lines)) <= 80
    assert ", 2026-10: at least 0.567 USD for 78 requests" in " ".join(lines[:3])
    assert "Priced: " in done.stdout.split("By feature, user")[0]
    assert "openai/house-model-7b: 2 requests" in done.stdout.split("By feature, user")[0]
    assert "Failed: 2 requests, 1 of them not billed" in done.stdout
    assert "as known on 2026-11-22" in done.stdout


def test_strict_exits_1_when_anything_has_no_price(run: Run, store: Path, tmp_path: Path) -> None:
    assert run("ledger", "report", store, "--strict", *KNOWN).exit_code == 1
    log = write(tmp_path / "good.jsonl", [chat(1)])
    assert run("ledger", "import", log, "--into", tmp_path / "good").exit_code == 0
    assert run("ledger", "report", tmp_path / "good", "--strict", *KNOWN).exit_code == 0


def test_strict_import_exits_1_when_lines_are_kept_aside(run: Run, tmp_path: Path) -> None:
    log = write(tmp_path / "log.jsonl", [chat(1), "{broken"])
    done = run("ledger", "import", log, "--into", tmp_path / "usage", "--strict")
    assert done.exit_code == 1
    assert "log.jsonl:2: not JSON at column 2" in " ".join(done.stdout.split())


def test_json_has_exact_amounts_and_units_in_its_keys(run: Run, store: Path) -> None:
    from decimal import Decimal

    told = json.loads(run("ledger", "report", store, "--by", "model", "--json", *KNOWN).stdout)
    assert sum(Decimal(one["usd"]) for one in told["groups"]) == Decimal(told["total"]["usd"])
    assert told["total"]["usd"] == "0.567276100000000"
    assert {"input_tokens", "cache_read_usd", "unpriced_entries"} <= set(told["groups"][0])


def test_a_formula_in_a_label_is_defused_in_csv(run: Run, tmp_path: Path) -> None:
    log = write(
        tmp_path / "log.jsonl", [chat(1, user="=HYPERLINK(1)"), chat(2, user="@x"), chat(3, user="plain")]
    )
    run("ledger", "import", log, "--into", tmp_path / "usage")
    out = tmp_path / "out.csv"
    done = run("ledger", "report", tmp_path / "usage", "--by", "user", "--csv", out, *KNOWN)
    assert done.exit_code == 0, done.output
    found = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert {one["user"] for one in found} == {"'=HYPERLINK(1)", "'@x", "plain"}
    assert {one["usd"] for one in found} == {"0.000560000000000"}
    assert run("ledger", "report", tmp_path / "usage", "--by", "user", "--csv", "-").stdout.startswith(
        "user,"
    )


def test_sql_is_printed(run: Run) -> None:
    done = run(
        "ledger", "sql", "report", "--dialect", "snowflake", "--by", "feature,user", "--month", "2026-10"
    )
    assert done.exit_code == 0
    assert "LEFT JOIN rates" in done.stdout
    assert run("ledger", "sql", "raport").exit_code == 2


def test_rates_are_written(run: Run, store: Path) -> None:
    done = run("ledger", "rates", store, *KNOWN)
    found = list(csv.DictReader(done.stdout.splitlines()))
    assert {"provider", "input_usd", "valid_from"} <= set(found[0])
    mini = [
        one
        for one in found
        if one["model"] == "gpt-4.1-mini-2025-04-14"
        and one["service_tier"] == "standard"
        and one["batch"] == "False"
    ]
    assert "0.000000400000000" in {one["input_usd"] for one in mini}


@pytest.mark.parametrize(("words", "message"), [
    (("import", "nowhere.jsonl", "--into", "usage"), "nowhere.jsonl: there is no such file"),
    (("report", "nowhere"), "there is no such folder; truecost ledger import LOGS --into nowhere makes one"),
    (("import", "x", "--into", "usage", "--map", "modle=a"), "no column 'modle'; the nearest is model"),
    (("import", "x", "--into", "usage", "--map", "model"), "write COLUMN=FIELD"),
    (("import", "x", "--into", "usage", "--format", "openai"), "no dialect 'openai'; the nearest"),
    (("import", "x", "--into", "usage", "--max-line", "9 days"), "--max-line"),
    (("import", "x", "--into", "usage", "--input-excludes-cache"), "goes with --map"),
    (("report", "x", "--by", "usr"), "the nearest is user"),
    (("report", "x", "--month", "soon"), "no month"),
    (("sql", "priced", "--dialect", "oracle"), "no dialect 'oracle'"),
])  # fmt: skip
def test_what_is_not_understood_is_one_message(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("ledger", *words)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_pages_keep_to_any_width(store: Path, tmp_path: Path, width: int) -> None:
    from truecost.ledger import import_usage, usage_report

    log = write(tmp_path / "log.jsonl", [chat(1), "{", chat(2, prompt=-1)])
    told = import_usage([log], tmp_path / "other").to_dict()
    report = usage_report(store, ("feature", "user", "model")).to_dict()
    for page in (
        import_page(told, width),
        report_page(report, width),
        report_page(report, width, everything=True),
    ):
        assert max(map(width_of, page.plain().splitlines())) <= width
