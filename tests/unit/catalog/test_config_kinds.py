"""Configs that are none of ours are refused by name; what a config leaves out is named."""

from __future__ import annotations

import pytest

import truecost
from truecost.catalog.config_json import from_config
from truecost.catalog.config_kinds import defaults

CONFIG: dict[str, object] = {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
}


def config(**changes: object) -> dict[str, object]:
    return {key: value for key, value in {**CONFIG, **changes}.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model_type": "bert"}, "model_type bert: encoders are not modelled"),
        ({"model_type": "xlm-roberta"}, "model_type xlm-roberta: encoders"),
        ({"model_type": "t5"}, "model_type t5: encoder-decoder models are not modelled"),
        ({"model_type": "mamba2", "num_attention_heads": None}, "state-space (Mamba) layers alone"),
        (
            {"model_type": None, "num_attention_heads": None, "ssm_cfg": {}},
            "state-space (Mamba) layers alone",
        ),
        ({"num_key_value_heads": 5}, "num_key_value_heads 5 does not divide the 32 attention heads"),
    ],
)
def test_what_is_none_of_ours_is_refused_by_name(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match="my model") as refused:
        from_config(config(**changes), "my model", "test")
    assert said in str(refused.value)


@pytest.mark.parametrize("changes", [{"hidden_size": -4096}, {"num_attention_heads": 0}])
def test_one_wrong_size_is_one_problem(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be a whole number") as refused:
        from_config(config(**changes), "my model", "test")
    assert ";" not in str(refused.value)


def test_missing_keys_are_named_once() -> None:
    with pytest.raises(ValueError, match="missing") as refused:
        from_config({"model_type": "llama", "kv_lora_rank": 512}, "my model", "test")
    said = str(refused.value)
    assert said.count("qk_nope_head_dim") == 1
    assert said.count("intermediate_size") == 1


def test_a_family_on_record_leaves_nothing_to_name() -> None:
    assert defaults(config()) == []
    assert defaults({**CONFIG, "model_type": "gpt2", "num_key_value_heads": None}) == []


def test_what_a_config_leaves_out_is_an_assumption_of_the_run() -> None:
    model = config(model_type="my_own", num_key_value_heads=None, tie_word_embeddings=None)
    run = truecost.train(
        {"as_of": "2026-11-22", "model": model, "cluster": {"accelerator": "h100", "count": 8}}
    )
    named = {one["field"]: one["value"] for one in run.assumptions}
    assert named["model.model_type"] == "my_own"
    assert named["model.gated_mlp"] is True
    assert named["model.tie_word_embeddings"] is False
    assert named["model.num_key_value_heads"] == 32
    whole = truecost.train(
        {"as_of": "2026-11-22", "model": config(), "cluster": {"accelerator": "h100", "count": 8}}
    )
    assert not any(one["field"].startswith("model.") for one in whole.assumptions)
