"""docs/evidence.md shows what its commands print."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_page_is_current() -> None:
    spec = importlib.util.spec_from_file_location("evidence_page", ROOT / "scripts" / "evidence_page.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    text = script.PAGE.read_text(encoding="utf-8")
    assert len(script.PAIR.findall(text)) == 3
    assert text == script.page(text), "run: python scripts/evidence_page.py"
