"""How a model is trained after pre-training, from a valid spec: what learns, what is beside it, how much.

Full fine-tuning takes the steps of pre-training. Adapters (LoRA) leave the weights frozen. Distillation and
preference optimisation (DPO) add forward passes of a frozen model to each step; in reinforcement learning a
step is a cycle of writing answers, scoring them and learning from them (`truecost.training.cycle`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from truecost.catalog.architectures import Architecture
from truecost.physics.goodput import Operations
from truecost.physics.memory import bytes_per_element
from truecost.physics.training_step.adapters import adapters
from truecost.ranges import Range
from truecost.spec import Problems
from truecost.training.assumptions import Assumed
from truecost.training.lookups import Lookups
from truecost.training.schema import Lora, Rlhf, TrainSpec

if TYPE_CHECKING:
    from truecost.physics.training_step.setup import Setup

TUNING_SEQUENCES = 64
"""Sequences of a fine-tuning step where none are stated: recipes take 8 to 128."""
TUNING_BATCH_SOURCE = "estimate of this package"
TUNES = frozenset({"full", "lora", "distill", "dpo"})
"""Methods that learn from a data set, of any size: nothing stands in for it."""
ANSWERS = "tokens of an answer with its prompt"


@dataclass(frozen=True, slots=True)
class Reader:
    """A frozen model that reads every sequence of a step."""

    role: str
    architecture: Architecture
    precision: str | None
    path: str
    """The field of the spec that names it."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the policy writes in a cycle."""

    prompts: int
    samples: int
    prompt_tokens: int
    output_tokens: int
    precision: str

    @property
    def sequences(self) -> int:
        """Answers of a cycle."""
        return self.prompts * self.samples

    @property
    def tokens(self) -> int:
        """Of an answer with its prompt."""
        return self.prompt_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Method:
    """A method with the models it takes beside the one that learns."""

    name: str = "pretrain"
    readers: tuple[Reader, ...] = ()
    answers: Answers | None = None
    critic: Architecture | None = None
    epochs: int = 1
    """Times a cycle learns from its answers."""

    @property
    def is_plain(self) -> bool:
        """Whether a step is nothing but its update."""
        return not self.readers and self.answers is None

    def batches(self, global_batch_size: int) -> int:
        """Updates for each time through the answers of a cycle; 1 where a step is one update."""
        return 1 if self.answers is None else self.answers.sequences // global_batch_size


PLAIN = Method()
"""Pre-training."""


def method_of(spec: TrainSpec, architecture: Architecture, lookups: Lookups, assumed: Assumed) -> Method:
    """The method of a spec that `check_method` has passed."""
    if spec.method == "distill" and spec.distill is not None:
        teacher = lookups.model(spec.distill.teacher)
        return Method("distill", (Reader("teacher", teacher, spec.distill.precision, "distill.teacher"),))
    if spec.method == "dpo":
        return Method("dpo", (Reader("reference", architecture, None, "model"),))
    if spec.method == "rlhf" and spec.rlhf is not None:
        return _rewarded(spec.rlhf, architecture, lookups, assumed)
    return Method(spec.method)


def _rewarded(spec: Rlhf, architecture: Architecture, lookups: Lookups, assumed: Assumed) -> Method:
    readers: list[Reader] = []
    if spec.reward_model is not None:
        readers.append(Reader("reward", lookups.model(spec.reward_model), None, "rlhf.reward_model"))
    if spec.reference:
        readers.append(Reader("reference", architecture, None, "model"))
    critic = lookups.model(spec.critic) if spec.critic is not None else None
    if spec.algorithm == "ppo":
        if critic is None:
            critic = architecture
            assumed.take("rlhf.critic", architecture.name, "as large as the policy")
        readers.append(Reader("critic", critic, None, "rlhf.critic"))
    answers = Answers(
        spec.prompts_per_step, spec.samples, spec.prompt_tokens, spec.output_tokens, spec.generation_precision
    )
    return Method("rlhf", tuple(readers), answers, critic, spec.epochs)


def check_method(spec: TrainSpec, problems: Problems) -> None:
    """Keys stand with the method they belong to, and the method has what it needs."""
    for key in ("lora", "distill", "rlhf"):
        if getattr(spec, key) is not None and spec.method != key:
            problems.add(key, f"belongs to method {key}, not {spec.method}", nearest=[f"method: {key}"])
    needs = {"distill": "distill.teacher", "rlhf": "rlhf.output_tokens"}
    if spec.method in needs and getattr(spec, spec.method) is None:
        problems.add(needs[spec.method], f"method {spec.method} needs it")
    if spec.epochs is not None and spec.dataset_tokens is None:
        problems.add("epochs", "goes with dataset_tokens; tokens counts epochs already")
    if spec.dataset_tokens is not None and (spec.tokens is not None or spec.method not in TUNES):
        said = "tokens says it already" if spec.tokens is not None else f"is not for method {spec.method}"
        problems.add("dataset_tokens", said, nearest=["tokens"])
    if spec.method in TUNES and spec.dataset_tokens is None and spec.tokens is None:
        problems.add("dataset_tokens", f"method {spec.method} needs it, or tokens")
    is_packed = spec.method == "lora" and spec.lora is not None and spec.lora.base_precision is not None
    if is_packed and spec.precision not in ("bf16", "fp16"):
        problems.add("lora.base_precision", "stored weights are widened to 16 bits", nearest=["bf16"])
    if spec.method == "rlhf" and spec.rlhf is not None:
        _check_rewarded(spec, spec.rlhf, problems)


def _check_rewarded(spec: TrainSpec, asked: Rlhf, problems: Problems) -> None:
    if asked.critic is not None and asked.algorithm != "ppo":
        problems.add("rlhf.critic", f"{asked.algorithm} learns without one", nearest=["algorithm: ppo"])
    if (asked.steps is None) == (spec.tokens is None):
        said = "tokens says it already" if asked.steps else "method rlhf needs it, or tokens"
        problems.add("rlhf.steps", said)
    answers = asked.prompts_per_step * asked.samples
    batch = spec.batch.global_batch_size
    if batch is not None and answers % batch:
        problems.add(
            "batch.global_batch_size",
            f"{batch:,} does not divide the {answers:,} answers of a step",
            nearest=[str(answers)],
        )
    tokens = asked.prompt_tokens + asked.output_tokens
    if spec.batch.sequence_length is not None and spec.batch.sequence_length != tokens:
        problems.add("batch.sequence_length", f"{ANSWERS} are {tokens:,}", nearest=[str(tokens)])


def stated_tokens(spec: TrainSpec) -> float | Range | None:
    """Tokens of the run as the spec says them: as they are, data set x epochs, or cycles x answers."""
    if spec.rlhf is not None and spec.rlhf.steps is not None:
        one = spec.rlhf
        return float(
            (spec.rlhf.steps * one.prompts_per_step * one.samples) * (one.prompt_tokens + one.output_tokens)
        )
    given, times = (spec.tokens, 1.0) if spec.dataset_tokens is None else (spec.dataset_tokens, spec.epochs)
    times = times or 1.0
    if isinstance(given, Range):
        return Range(given.low * times, given.high * times)
    return None if given is None else float(given) * times


def learning(spec: TrainSpec, architecture: Architecture, assumed: Assumed) -> dict[str, float]:
    """What of a Setup says which weights learn; nothing where all do."""
    if spec.method != "lora":
        return {}
    lora = spec.lora
    if lora is None:
        lora = Lora()
        assumed.take("lora", f"rank {lora.rank}, targets {lora.targets}", "usual", source="arXiv:2106.09685")
    found = adapters(architecture, lora.rank, lora.targets)
    return {
        "weight_gradients": min(found.share(architecture), 0.999),
        "adapter_elements": found.elements,
        "frozen_bytes": bytes_per_element(lora.base_precision) if lora.base_precision else 0.0,
    }


def operations_of_method(spec: TrainSpec, setup: Setup) -> dict[str, float]:
    """How a post-training run is operated where the spec does not say.

    It starts as fast as a run restarts, in its full batch, and its checkpoints hold what learns.
    """
    if spec.method == "pretrain":
        return {}
    usual = Operations()
    return {
        "start_hours": float(usual.restart_hours),
        "ramp_tokens_share": 0.0,
        "checkpoint_bytes_per_parameter": float(usual.checkpoint_bytes_per_parameter)
        * setup.weight_gradients,
    }


def method_told(method: Method) -> dict[str, Any]:
    """The method as plain values."""
    found: dict[str, Any] = {"name": method.name}
    if method.readers:
        found["models"] = {one.role: one.architecture.name for one in method.readers}
    if method.answers is not None:
        answers = method.answers
        found |= {
            "answers_per_step": answers.sequences,
            "prompt_tokens": answers.prompt_tokens,
            "output_tokens": answers.output_tokens,
            "epochs": method.epochs,
        }
    return found
