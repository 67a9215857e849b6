"""What is known of each constant of the training-step law before any measurement is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from truecost.physics.training_step.cases import GENERATIONS, LEGACY_STACK
from truecost.physics.training_step.constants import StepConstants, from_flat


class Prior(NamedTuple):
    """A constant before the fit."""

    median: float
    log_spread: float
    """Standard deviation of its logarithm; 0 for a constant that is set, not fitted."""
    unit: str
    meaning: str


_COMMON: Mapping[str, Prior] = {
    "matrix_efficiency_reference": Prior(
        0.70, 0.15, "share", "of the peak, large matrix products, at 0.7 W per TFLOP/s"
    ),
    "power_exponent": Prior(0.4, 0.25, "1", "of that share in the power behind a FLOP/s"),
    "wave_area": Prior(1.8e6, 0.4, "outputs", "of a product that the last wave of tiles leaves empty"),
    "tile_depth": Prior(128.0, 0.4, "inputs", "it takes to fill and drain a tile"),
    "memory_efficiency": Prior(0.8, 0.1, "share", "of peak memory bandwidth"),
    "expert_efficiency": Prior(0.7, 0.4, "share", "of the efficiency of dense products, grouped experts"),
    "fp8_efficiency": Prior(0.95, 0.1, "share", "of the 16-bit share of the peak, at 8 bits"),
    "block_scaled_efficiency": Prior(0.95, 0.1, "share", "of that, with block scales"),
    "fp4_efficiency": Prior(0.66, 0.2, "share", "of that, at 4 bits"),
    "cast_bytes": Prior(2.0, 0.5, "bytes", "moved for each number that is converted to 8 or 4 bits"),
    "attention_efficiency": Prior(
        0.38, 0.2, "share", "of the 16-bit peak, fused attention, at 0.7 W per TFLOP/s"
    ),
    "attention_chunk_tokens": Prior(
        256.0, 0.5, "tokens", "of a sequence at which fused attention is half as good"
    ),
    "unfused_bytes": Prior(40.0, 0.3, "bytes", "moved for each attention score that is written to memory"),
    "accumulation_bytes": Prior(
        6.0, 0.5, "bytes", "moved for each weight to add up its gradient, a micro-batch"
    ),
    "logit_bytes": Prior(20.0, 0.5, "bytes", "moved for each entry of the output distribution"),
    "routing_bytes": Prior(32.0, 0.5, "bytes", "moved for each number sent to an expert and back"),
    "expert_launch_s": Prior(1e-4, 0.7, "s", "of the host for each local expert and layer"),
    "tensor_launch_s": Prior(1e-3, 0.7, "s", "of the host for a layer's tensor-parallel exchanges"),
    "launch_forward_share": Prior(0.5, 0.3, "share", "of a layer's launches that belong to the forward pass"),
    "launch_gap_share": Prior(0.1, 0.5, "share", "of launch time the chip idles at the ends of kernels"),
    "link_efficiency": Prior(0.8, 0.1, "share", "of the fast link's rate in one direction"),
    "network_efficiency": Prior(0.6, 0.25, "share", "of the network's line rate"),
    "collective_latency_s": Prior(25e-6, 0.4, "s", "fixed time of one exchange"),
    "data_exposed": Prior(0.35, 0.5, "share", "of the gradient exchange that nothing hides"),
    "context_exposed": Prior(0.3, 0.6, "share", "of the exchange of keys and values that nothing hides"),
    "expert_exposed": Prior(0.5, 0.5, "share", "of the exchange with experts that nothing hides"),
    "head_imbalance": Prior(
        0.7, 0.4, "share", "of the longest pipeline stage's excess that the others wait for"
    ),
    "selective_share": Prior(0.35, 0.3, "share", "of the forward pass that selective recomputation repeats"),
    "optimizer_bytes": Prior(30.0, 0.3, "bytes", "moved for each parameter by the optimizer"),
    "step_s": Prior(5e-3, 0.5, "s", "of every step: data, clipping, logging"),
}


class _Stack(NamedTuple):
    """What is known of a stack: kernels a layer, what they fuse, what the schedule overlaps."""

    launch_s: float
    element_passes: float
    tensor_exposed: float
    sharded_exposed: float
    attention_kernel: float


_STACKS = {
    "megatron": _Stack(0.4e-3, 0.9, 0.3, 0.5, 1.2),
    "megatron-deepspeed": _Stack(2.5e-3, 1.3, 1.0, 0.6, 1.0),
    "fsdp": _Stack(1.5e-3, 1.6, 0.8, 0.5, 0.75),
    "torchtitan": _Stack(0.8e-3, 1.1, 0.8, 0.5, 0.75),
    "maxtext": _Stack(0.1e-3, 0.6, 0.5, 0.3, 1.2),
    "nanotron": _Stack(1.0e-3, 1.4, 1.0, 0.5, 0.75),
    LEGACY_STACK: _Stack(2.5e-3, 1.1, 1.0, 0.6, 1.0),
}
"""From counting kernels: an eager layer launches some 150 of them, both directions, at 10 us or more of
Python each; one fused by an engine or a compiler 40. Eager PyTorch reads and writes each number two to three
times as often as fused kernels do. Kernels of the vendor's library reach about 1.6 times the fused attention
of PyTorch (arXiv:2407.08608)."""
_ALL_EXPOSED = 1.0


def _by_stack() -> dict[str, Prior]:
    found: dict[str, Prior] = {}
    for name, stack in _STACKS.items():
        surely = 0.1 if stack.tensor_exposed == _ALL_EXPOSED else 0.5
        found |= {
            f"launch_s.{name}": Prior(stack.launch_s, 0.35, "s", "of the host for a layer, both directions"),
            f"element_passes.{name}": Prior(
                stack.element_passes, 0.35, "1", "memory passes between products, over those of fused kernels"
            ),
            f"tensor_exposed.{name}": Prior(
                stack.tensor_exposed, surely, "share", "of the tensor-parallel exchange that nothing hides"
            ),
            f"tensor_latency_s.{name}": Prior(5e-5, 0.7, "s", "fixed time of one tensor-parallel exchange"),
            f"sharded_exposed.{name}": Prior(
                stack.sharded_exposed, 0.5, "share", "of gathers of sharded weights that nothing hides"
            ),
            f"attention_kernel.{name}": Prior(
                stack.attention_kernel, 0.25, "1", "of a stack's fused attention over the mean stack's"
            ),
        }
    return found


_MATRIX_FACTOR = {"cdna": 0.85}
"""AMD's own maxima: 708 of 1,307 TFLOP/s on MI300X, 843 on MI325X, BF16: 0.82 and 0.89 of the share the law
gives their power
(https://rocm.blogs.amd.com/software-tools-optimization/measuring-max-achievable-flops-part2/README.html)."""


def _by_generation() -> dict[str, Prior]:
    found: dict[str, Prior] = {}
    for generation in GENERATIONS:
        found[f"matrix_factor.{generation}"] = Prior(
            _MATRIX_FACTOR.get(generation, 1.0), 0.05, "1", "of a chip generation on matrix products"
        )
        found[f"narrow_factor.{generation}"] = Prior(
            1.0, 0.2, "1", "of a chip generation on 8 and 4-bit products"
        )
        found[f"attention_factor.{generation}"] = Prior(
            1.0, 0.1, "1", "of a chip generation on fused attention"
        )
    return found


PRIORS: Mapping[str, Prior] = {**_COMMON, **_by_stack(), **_by_generation()}


def prior_constants() -> StepConstants:
    """The constants before any measurement."""
    return from_flat({name: prior.median for name, prior in PRIORS.items()})
