"""Compute of training and post-training, and the chip-hours it takes.

Everything is counted in forward passes: a forward pass over one token costs `forward_flops` (2 FLOPs a
parameter it meets, plus attention: `physics.flops`), a backward pass twice that (arXiv:2001.08361, section
2.1). What turns FLOPs into chip-hours is the utilization over the *whole run*, restarts, evaluations and
pauses included, not the one of a benchmark: recorded runs reach about 0.28, benchmarks 0.4 to 0.6.
"""

from __future__ import annotations

from dataclasses import dataclass

from truecost.ranges import Value

SECONDS_PER_HOUR = 3600.0
HOURS_PER_DAY = 24.0

FORWARD, BACKWARD = 1.0, 2.0
BACKWARD_FROZEN = 1.0
"""Backward pass through frozen weights: gradients of activations, none of weights."""


def chip_hours(training_flops: Value, peak_flops: Value, utilization: Value) -> Value:
    """Chip-hours that a training takes: FLOPs / (peak FLOP/s x utilization x 3600).

    `peak_flops` is the dense peak of one chip at the precision the utilization refers to (BF16, as a
    rule); `utilization` the share of it, above 0 and at most 1, that counts as model FLOPs.

    >>> round(chip_hours(3.2856e24, 989.4e12, 0.3463) / 1e6, 2)  # DeepSeek-V3: 2.664 M hours of H800
    2.66
    """
    return training_flops / (peak_flops * utilization * SECONDS_PER_HOUR)


def run_days(chip_hours: Value, chips: Value, lost_share: Value = 0.0) -> Value:
    """Days from start to end on `chips` chips.

    `lost_share` of the time makes no progress (`physics.reliability.lost_share`): leave it at 0 where the
    utilization is that of a whole run, which holds it already.

    >>> round(run_days(2_664_000.0, 2048.0), 1)
    54.2
    """
    return chip_hours / (chips * HOURS_PER_DAY * (1 - lost_share))


def chips_for_days(chip_hours: Value, days: Value) -> Value:
    """Chips that do a number of chip-hours in some days: chip-hours / (days x 24), `run_days` turned round.

    >>> round(chips_for_days(2_664_000.0, 54.2))
    2048
    """
    return chip_hours / (days * HOURS_PER_DAY)


def fine_tuning_flops(forward_flops: Value, tokens: Value) -> Value:
    """Supervised fine-tuning of all weights on `tokens` (dataset x epochs): forward and backward.

    Formula: 3 x forward FLOPs a token x tokens, which is 6 N D without attention.

    >>> fine_tuning_flops(2 * 70e9, 1e9)
    4.2e+20
    """
    return (FORWARD + BACKWARD) * forward_flops * tokens


def adapter_tuning_flops(forward_flops: Value, tokens: Value, adapter_share: Value = 0.005) -> Value:
    """Low-rank adaptation (LoRA, arXiv:2106.09685): the weights stay frozen, small adapters learn.

    Formula: (2 + 3 x adapter share) x forward FLOPs a token x tokens, about 4 N D: forward, gradients of
    activations through the frozen weights, and all three passes of the adapters, `adapter_share` of the
    parameters (rank 16 on every matrix: 0.005 of an 8B model, 0.003 of a 70B one).

    >>> adapter_tuning_flops(2 * 70e9, 1e9, 0.0)
    2.8e+20
    """
    return (FORWARD + BACKWARD_FROZEN + 3 * adapter_share) * forward_flops * tokens


def distillation_flops(teacher_forward_flops: Value, student_forward_flops: Value, tokens: Value) -> Value:
    """Training a student on a teacher's output distribution: teacher forward, student forward and backward.

    A student that learns from text the teacher wrote earlier needs `fine_tuning_flops` and the serving
    cost of that text (`generation_chip_hours`) instead.

    >>> distillation_flops(2 * 70e9, 2 * 8e9, 1e9)
    1.88e+20
    """
    return (FORWARD * teacher_forward_flops + (FORWARD + BACKWARD) * student_forward_flops) * tokens


def direct_preference_flops(forward_flops: Value, tokens: Value) -> Value:
    """Direct preference optimisation (DPO, arXiv:2305.18290) over `tokens`, both answers of a pair counted.

    Formula: 4 x forward FLOPs a token x tokens: the policy forward and backward, the frozen reference
    forward.

    >>> direct_preference_flops(2 * 8e9, 1e9)
    6.4e+19
    """
    return (FORWARD + BACKWARD + FORWARD) * forward_flops * tokens


@dataclass(frozen=True, slots=True)
class PreferenceCycle:
    """FLOPs of one cycle of reinforcement learning from feedback, by what they are spent on.

    `generation` runs at the speed of serving, not of training: take its chip-hours from
    `generation_chip_hours`, those of `scoring` and `update` from `chip_hours`.
    """

    generation: Value
    scoring: Value
    update: Value

    @property
    def total(self) -> Value:
        """All FLOPs of the cycle."""
        return self.generation + self.scoring + self.update


def preference_cycle(
    policy_forward_flops: Value,
    tokens: Value,
    *,
    reward_forward_flops: Value,
    critic_forward_flops: Value = 0.0,
    epochs: Value = 1.0,
) -> PreferenceCycle:
    """One cycle of policy optimisation (PPO, arXiv:2203.02155; without critic GRPO, arXiv:2402.03300).

    `tokens` are those of all sampled answers with their prompts. The policy generates them (one forward
    pass a token); the reward model, the frozen reference (as large as the policy) and the critic read
    them (one forward pass each); policy and critic learn from them for `epochs` (forward and backward).

    >>> cycle = preference_cycle(2 * 70e9, 1e9, reward_forward_flops=2 * 8e9)
    >>> [float(part) for part in (cycle.generation, cycle.scoring, cycle.update)]
    [1.4e+20, 1.56e+20, 4.2e+20]
    """
    learners = policy_forward_flops + critic_forward_flops
    return PreferenceCycle(
        generation=FORWARD * policy_forward_flops * tokens,
        scoring=FORWARD * (reward_forward_flops + policy_forward_flops + critic_forward_flops) * tokens,
        update=(FORWARD + BACKWARD) * learners * epochs * tokens,
    )


def generation_chip_hours(output_tokens: Value, tokens_per_second_per_chip: Value) -> Value:
    """Chip-hours to write `output_tokens` (synthetic data, answers to be scored) with a served model.

    `tokens_per_second_per_chip` is that of a full batch without a latency limit
    (`physics.serving.serving_point`).

    >>> round(generation_chip_hours(1e9, 2000.0), 1)
    138.9
    """
    return output_tokens / tokens_per_second_per_chip / SECONDS_PER_HOUR
