"""Carry real request traces over into our own schema: `src/truecost/replay/data/*.csv.gz` and `traces.csv`.

A maintainer's command, never run by a user:

    python scripts/import_traces.py DIRECTORY --checked 2026-11-22

DIRECTORY holds the files as published. The same files give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from truecost.replay.traces import Trace, read_trace, write_trace

DATA = Path(__file__).parents[1] / "src" / "truecost" / "replay" / "data"
MOST_BYTES = 400_000
AZURE = (
    "https://github.com/Azure/AzurePublicDataset, AzureLLMInferenceDataset2023.md",
    "CC-BY-4.0",
    "Patel, Choukse, Zhang, Shah, Goiri, Maleki, Bianchini: "
    '"Splitwise: Efficient generative LLM inference using phase splitting", ISCA 2024',
    "times from the first request, lengths as published",
)
MOONCAKE = (
    "https://github.com/kvcache-ai/Mooncake, FAST25-release/traces/conversation_trace.jsonl",
    "Apache-2.0",
    "Qin, Li, He, Cui, Ren, Zhang, Wu, Zheng, Xu: "
    '"Mooncake: Trading More Storage for Less Computation", FAST 2025',
    "the whole trace; block hashes numbered anew",
)


@dataclass(frozen=True, slots=True)
class Carried:
    """One trace: our name, the published file, what it is, and source, licence, attribution and note."""

    name: str
    file: str
    what: str
    facts: tuple[str, str, str, str]


CARRIED = (
    Carried(
        "azure-conv-2023", "AzureLLMInferenceTrace2023_conv.csv",
        "an hour of a conversation service on Azure, November 2023", AZURE,
    ),
    Carried(
        "azure-code-2023", "AzureLLMInferenceTrace2023_code.csv",
        "an hour of a code-completion service on Azure, November 2023", AZURE,
    ),
    Carried(
        "mooncake-conversation", "mooncake_conversation_trace.jsonl",
        "an hour of conversations with Kimi, prompts as blocks of 512 tokens", MOONCAKE,
    ),
)  # fmt: skip


def carry(directory: Path, checked: str) -> Iterator[dict[str, Any]]:
    """Write every trace; the rows of the list of sources."""
    for one in CARRIED:
        trace = read_trace(directory / one.file)
        packed = _packed(trace)
        if len(packed) > MOST_BYTES:
            raise SystemExit(f"{one.name}: {len(packed):,} bytes are more than {MOST_BYTES:,}")
        (DATA / f"{one.name}.csv.gz").write_bytes(packed)
        print(f"{one.name}: {len(trace):,} requests, {len(packed):,} bytes")
        source, licence, attribution, note = one.facts
        yield {
            "name": one.name, "requests": len(trace), "what": one.what, "source": source, "licence": licence,
            "attribution": attribution, "checked": checked, "note": note,
        }  # fmt: skip


def _packed(trace: Trace) -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "trace.csv"
        write_trace(trace, str(path))
        return gzip.compress(path.read_bytes(), 9, mtime=0)


def main() -> None:
    """Read the arguments, write the data."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--checked", required=True, help="the day on which the files were seen, YYYY-MM-DD")
    asked = parser.parse_args()
    DATA.mkdir(exist_ok=True)
    rows = list(carry(asked.directory, asked.checked))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (DATA / "traces.csv").write_text(text.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    main()
