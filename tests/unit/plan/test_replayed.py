"""Own chips by a replay: what a replica carries comes from a trace, and only from one of the same fleet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from tests.unit.plan.specs import AS_OF, fleet

from truecost import plan
from truecost.catalog.catalog import load
from truecost.plan.serving.replayed import replayed
from truecost.spec import SpecError

AT = "serving__chat__self_hosted__"
SECONDS = "serving.chat.self_hosted.replica_seconds_per_call"
REPLAY: dict[str, Any] = {
    "as_of": AS_OF,
    "model": "llama-3.1-70b",
    "fleet": {"accelerator": "h100-sxm", "tensor_parallel_size": 4, "replicas": 2},
    "precision": {"weights": "fp8"},
    "traffic": {
        "synthetic": {
            "requests": 300, "input_tokens": 1000, "output_tokens": 300, "arrival": {"rate_per_s": 5}
        }
    },
    "slo": {"ttft_p99_s": 2.0, "tpot_p99_s": 0.5},
}  # fmt: skip


def _written(folder: Path, **changes: Any) -> str:
    path = folder / "replay.yaml"
    path.write_text(yaml.safe_dump(REPLAY | changes), encoding="utf-8")
    return str(path)


def _on_replay(file: str, **changes: Any) -> dict[str, Any]:
    return fleet(**{f"{AT}tensor_parallel_size": 4, f"{AT}replay": file, **changes})


def test_a_class_with_the_trace_s_tokens_takes_the_replay_s_seconds(tmp_path: Path) -> None:
    file = _written(tmp_path)
    result = plan(_on_replay(file))
    found = replayed(file, load(), result.as_of)
    assert found.seconds == pytest.approx(found.replicas / found.requests_per_s)
    seconds = result.explain(SECONDS)
    assert isinstance(seconds.value, dict)
    assert seconds.value["p50"] == pytest.approx(found.seconds, rel=0.03)
    assert seconds.value["p5"] < seconds.value["p50"] < seconds.value["p95"]
    sources = [child for child in seconds.children if child.key == f"replay/{file}"]
    assert len(sources) == 1
    assert "truecost replay" in sources[0].source


def test_a_class_with_more_tokens_takes_more(tmp_path: Path) -> None:
    file = _written(tmp_path)
    middles: list[float] = []
    for tokens in (300, 900):
        value = plan(_on_replay(file, demand__requests__chat__output_tokens=tokens)).explain(SECONDS).value
        assert isinstance(value, dict)
        middles.append(value["p50"])
    assert middles[1] > 1.5 * middles[0]


def test_a_hybrid_takes_it_too(tmp_path: Path) -> None:
    spec = _on_replay(_written(tmp_path))
    spec["serving"]["chat"] |= {"api": {"model": "gpt-4.1-mini"}, "hybrid": {}, "use": "hybrid"}
    result = plan(spec)
    assert any(fact["key"].startswith("replay/") for fact in result.statement()["assumptions"])


def test_a_slower_slo_carries_more(tmp_path: Path) -> None:
    strict = replayed(_written(tmp_path, slo={"ttft_p99_s": 0.5}), load(), plan(fleet()).as_of)
    (tmp_path / "other").mkdir()
    loose = replayed(_written(tmp_path / "other", slo={"ttft_p99_s": 20.0}), load(), plan(fleet()).as_of)
    assert loose.seconds <= strict.seconds * (1 + 1e-6)
    assert np.isfinite(loose.seconds)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({f"{AT}chip": "a100-sxm-80gb"}, "did you mean 'h100-sxm'"),
        ({f"{AT}tensor_parallel_size": 8}, "has 4, and the plan says 8"),
        ({f"{AT}precision": "bf16"}, "did you mean 'fp8'"),
        ({f"{AT}tpot_limit": 30}, "the SLO of the replay"),
        ({f"{AT}replay": "nowhere.yaml"}, "there is no such file"),
    ],
)
def test_a_replay_of_another_fleet_is_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        plan(_on_replay(_written(tmp_path), **changes))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"slo": {"tpot_p99_s": 1e-6}}, "keeps its SLO at no rate"),
        ({"model": "llama-3.1-71b"}, "did you mean"),
        (
            {"traffic": {"synthetic": REPLAY["traffic"]["synthetic"] | {"arrival": {"concurrency": 4}}}},
            "by a clock",
        ),
    ],
)
def test_a_replay_that_says_nothing_is_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        plan(_on_replay(_written(tmp_path, **changes)))
    assert said in str(refused.value)
    assert "serving.chat.self_hosted.replay" in str(refused.value)
