"""`truecost claims`: the list, one claim, the conflicts, JSON, the page, own claims, mistakes."""

from __future__ import annotations

import json
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from truecost.cli import main

VOID = {"meta", "link", "br", "img", "input", "hr", "circle", "rect", "line", "path"}


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["claims", *words])
    return result.exit_code, result.stdout, result.stderr


def test_the_list_has_every_claim_under_its_verdict_within_80_columns() -> None:
    code, text, _ = run()
    assert code == 0
    assert text.startswith("75 published claims, recomputed\n")
    assert "h100-cluster: contradicts h100-price: 14x, too low" in text
    assert "We get 135 – 180 M" in text.replace("135 M", "135") or "135 M – 180 M USD" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    assert (
        text.index("Contradicts itself")
        < text.index("Off (")
        < text.index("Holds if")
        < text.index("The rule")
    )


def test_one_claim_shows_its_calculation_and_inputs_within_80_columns() -> None:
    code, text, _ = run("batching")
    assert code == 0
    assert text.startswith("batching: holds if requests answered at once")
    for part in ("What would make it true", "1. alone", "From", "llama-3.1-70b"):
        assert part in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_conflicts_are_listed_with_what_reconciles_them() -> None:
    code, text, _ = run("--conflicts")
    assert code == 0
    assert "both hold at 20.0 k – 40.0 k tokens a query" in " ".join(text.split())
    assert all(len(line) <= 80 for line in text.splitlines())
    code, one, _ = run("consumer-day", "--conflicts")
    assert code == 0
    assert "self-host-cost" in one
    assert "api-markup" not in one


def test_json_has_every_key_that_is_documented() -> None:
    code, text, _ = run("--json")
    assert code == 0
    report = json.loads(text)
    assert len(report["claims"]) == 75
    page = (Path(__file__).parents[3] / "docs" / "claims.md").read_text(encoding="utf-8")
    for keys in (report, report["claims"][0], report["claims"][0]["verdict"], report["conflicts"][0]):
        for key in keys:
            assert f"`{key}`" in page, key
    assert "NaN" not in text
    assert "Infinity" not in text


def test_an_unknown_claim_is_refused_with_the_nearest() -> None:
    code, _, error = run("h100-clutser")
    assert code == 2
    assert "h100-cluster" in error


def test_an_own_file_with_mistakes_names_the_lines(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("claims:\n  x:\n    topic: nothing\n", encoding="utf-8")
    code, _, error = run("--file", str(file))
    assert code == 2
    assert f"{file}:3" in error
    assert run("--file", str(tmp_path / "none.yaml"))[0] == 2


def test_html_and_one_claim_do_not_go_together(tmp_path: Path) -> None:
    code, _, error = run("batching", "--html", str(tmp_path / "page.html"))
    assert code == 2
    assert "leave out ID" in error


class Balance(HTMLParser):
    """The tags that are open, and the addresses that a page asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"]] if given.get("id") else []
        self.links += [value for name in ("src", "href") if (value := given.get(name))]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        while self.open and self.open[-1] in ("li", "dt", "dd", "p") and self.open[-1] != tag:
            self.open.pop()
        assert self.open, tag
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("page") / "claims.html"
    code, text, _ = run("--html", str(target))
    assert code == 0
    assert text == ""
    return target.read_text(encoding="utf-8")


def test_the_page_is_well_formed_small_and_asks_for_nothing(page: str) -> None:
    assert len(page.encode()) <= 300_000
    seen = Balance()
    seen.feed(page)
    assert seen.open == []
    assert len(seen.ids) == len(set(seen.ids))
    assert all(link.startswith("#") for link in seen.links)
    assert {link[1:] for link in seen.links} <= set(seen.ids)
    assert "<script" not in page
    assert "url(" not in page


def test_the_page_has_every_claim_and_its_curves(page: str) -> None:
    assert page.count('<details class="claim"') == 75
    assert "How many times less a token costs in a batch than alone" in page
    assert "Break-even volume by the API" in page


def test_names_of_own_claims_are_escaped(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        "claims:\n  x:\n    topic: price\n    statement: <script>alert(1)</script> costs 3 USD.\n    low: 3\n"
        "    unit: USD\n    as_of: 2026-01-01\n",
        encoding="utf-8",
    )
    target = tmp_path / "page.html"
    assert run("--file", str(file), "--html", str(target))[0] == 0
    assert "<script" not in target.read_text(encoding="utf-8")


def test_the_list_takes_no_more_than_two_seconds_of_work() -> None:
    import subprocess
    import sys

    script = (
        "import time; from truecost.evidence.claims import claims; claims().to_dict(); "
        "print(time.process_time())"
    )
    begin = time.process_time()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 2.5
    assert time.process_time() - begin < 10
