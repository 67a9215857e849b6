"""Write the longest input of each API model, from LiteLLM's price table.

A maintainer's command, never run by a user:

    python scripts/import_context_windows.py      # pip downloads the wheel, then writes the table

It reads `max_input_tokens` of LiteLLM's table (Berri AI, MIT) from its wheel, as data, and writes
`context_windows.csv.gz` in the catalog's data: provider, plain name without date, tokens, source, day,
confidence. Where entries of one name differ (regions, snapshots), the longest is taken: a request is never
said to be too long by an entry of another. The same wheel gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api_price_lists import CHECKED, TEXT_MODES, litellm_identity
from import_api_prices import DATA, LITELLM, wheel, write_csv

from truecost.catalog.api_price_names import plain_name, without_date

COLUMNS = ("provider", "model", "input_tokens", "unit", "source", "checked", "confidence")


def windows(table: dict[str, Any]) -> Iterator[list[str]]:
    """The rows, one for each provider and plain name."""
    longest: dict[tuple[str, str], int] = {}
    for key, entry in table.items():
        tokens = entry.get("max_input_tokens")
        if not isinstance(tokens, int) or tokens <= 0 or entry.get("mode") not in TEXT_MODES:
            continue
        provider, model, _ = litellm_identity(key, entry.get("litellm_provider", ""))
        name = provider, without_date(plain_name(model))
        longest[name] = max(tokens, longest.get(name, 0))
    source = f"LiteLLM price table {LITELLM} (Berri AI, MIT), max_input_tokens"
    for (provider, model), tokens in longest.items():
        yield [provider, model, str(tokens), "tokens", source, CHECKED.isoformat(), "quoted"]


def main() -> None:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--litellm", type=Path, help="a wheel already downloaded")
    parser.add_argument("--out", type=Path, default=DATA)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lite = wheel(f"litellm=={LITELLM}", options.litellm, Path(folder))
        table = json.loads(lite.read("litellm/model_prices_and_context_window_backup.json"))
    write_csv(options.out / "context_windows.csv.gz", COLUMNS, windows(table))


if __name__ == "__main__":
    main()
