"""Hardware without losses and fixed times, so that what a law says can be worked by hand."""

from __future__ import annotations

from truecost.physics.calibration import ServingConstants

PERFECT = ServingConstants(
    memory_efficiency=1.0, cache_efficiency=1.0, memory_speed_exponent=0.0, gemm_efficiency=1.0,
    expert_gemm_efficiency=1.0, expert_half_width=0.0, attention_efficiency=1.0, link_efficiency=1e12,
    element_passes=0.0, layer_latency_s=0.0, quantized_layer_latency_s=0.0, expert_layer_latency_s=0.0,
    exchange_latency_s=0.0, later_latency_factor=1.0, step_latency_s=0.0, prefill_layer_latency_s=0.0,
    delivery_steps=0.0, prefill_chunk_tokens=8192.0, usable_memory_share=1.0, runtime_bytes=0.0,
    sequence_latency_s=0.0, first_token_s=0.0,
)  # fmt: skip
