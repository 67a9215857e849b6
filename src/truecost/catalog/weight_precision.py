"""The precision a model's weights are released in, as its config.json or its name says it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from truecost.catalog.config_keys import ConfigKeys

PRECISION_WORDS = {
    "fp8": "fp8",
    "nvfp4": "nvfp4",
    "mxfp4": "mxfp4",
    "fp4": "fp4",
    "int8": "int8",
    "w8a8": "int8",
    "8bit": "int8",
    "int4": "int4",
    "w4a16": "int4",
    "4bit": "int4",
    "bf16": "bf16",
    "fp16": "fp16",
}
"""Words of a model's name that say a precision."""

QUANTISER_WORDS = {"awq": "int4", "gptq": "int4"}
"""Words that say how weights were quantised, and to what unless another word says otherwise."""


def released_precision(keys: ConfigKeys) -> str:
    """From our own key `weight_precision`, else the config's quantisation, else 16 bits.

    Weights stored in 32 bits are served in 16.
    """
    stored = "fp16" if keys.word("torch_dtype", "dtype") == "float16" else "bf16"
    if keys.word("expert_dtype") == "fp4":
        return "mxfp4"
    quantised = quantised_precision(keys.mapping("quantization_config"))
    return keys.word("weight_precision") or quantised or stored


def quantised_precision(quantization: Mapping[str, object]) -> str:
    """The precision a quantization_config names; empty when it says nothing we know.

    >>> quantised_precision({"quant_method": "fp8", "fmt": "e4m3"}), quantised_precision({})
    ('fp8', '')
    """
    text = json.dumps(dict(quantization), default=str, skipkeys=True).lower()
    weights = ConfigKeys(ConfigKeys(ConfigKeys(quantization).mapping("config_groups")).mapping("group_0"))
    bits = ConfigKeys(quantization).find("bits") or weights.find("weights.num_bits")
    is_float = weights.find("weights.type") == "float"
    if "nvfp4" in text or (bits == 4 and is_float and weights.find("weights.group_size") == 16):
        return "nvfp4"
    if "mxfp4" in text or (bits == 4 and is_float):
        return "mxfp4"
    if bits == 4 or '"load_in_4bit": true' in text or "awq" in text:
        return "int4"
    if "fp8" in text or (bits == 8 and is_float):
        return "fp8"
    return "int8" if bits == 8 or '"load_in_8bit": true' in text else ""
