"""Replays a trace with Vidur and prints the seconds of its run; for an environment that has Vidur.

`python peer_vidur.py TRACE.csv STEP_SECONDS OUTPUT_FOLDER`. The trace has Vidur's own columns. Vidur's step
times come from data sets that it downloads when it starts; in their place every step takes as long as is
said, which spares it the work of predicting them. Nothing is written but its own config.
"""

from __future__ import annotations

import os
import sys
import time

CONTEXT = 131_072


def main() -> None:
    """One replica of Llama 3 70B on eight H100, chunked prefill as the other engines have it."""
    os.environ["WANDB_MODE"] = "disabled"
    from vidur import config
    from vidur.simulator import Simulator
    from vidur.utils.random import set_seeds

    trace, step_s, folder = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    take_constant_steps(step_s)
    stored = ("plots", "request_metrics", "batch_metrics", "utilization_metrics")
    written = ("write_metrics", "enable_chrome_trace", *(f"store_{what}" for what in stored))
    nothing = dict.fromkeys(written, False)
    asked = config.SimulationConfig(
        cluster_config=config.ClusterConfig(
            replica_config=config.ReplicaConfig(
                model_name="meta-llama/Llama-3-70B", num_pipeline_stages=1, tensor_parallel_size=8
            ),
            replica_scheduler_config=config.SarathiSchedulerConfig(batch_size_cap=256, chunk_size=8192),
        ),
        request_generator_config=config.TraceRequestGeneratorConfig(
            trace_file=trace, date="all", prefill_scale_factor=1, time_scale_factor=1, max_tokens=CONTEXT
        ),
        metrics_config=config.MetricsConfig(output_dir=folder, **nothing),
    )
    set_seeds(asked.seed)
    simulator = Simulator(asked)
    begin = time.perf_counter()
    simulator.run()
    print(f"seconds {time.perf_counter() - begin}")


def take_constant_steps(step_s: float) -> None:
    """Put a constant in the place of Vidur's default predictor."""
    from vidur._native.entities import ExecutionTime
    from vidur.execution_time_predictor import ExecutionTimePredictorRegistry as Registry
    from vidur.execution_time_predictor.base_execution_time_predictor import BaseExecutionTimePredictor
    from vidur.types import ExecutionTimePredictorType as Kind

    parts_of_a_layer = 12

    class Constant(BaseExecutionTimePredictor):
        """Every step takes as long as any other: all of it is one part of each layer."""

        def __init__(self, *given: object, **named: object) -> None:
            super().__init__(*given, **named)
            layers = self._num_layers_per_pipeline_stage
            each = [step_s * 1000 / layers, *[0.0] * (parts_of_a_layer - 1)]
            self.step = ExecutionTime(layers, *each, 0.0, 0.0)

        def get_execution_time(self, batch: object, pipeline_stage: int) -> object:
            """The same for every batch."""
            return self.step

    Constant.__abstractmethods__ = frozenset()
    Registry.unregister(Kind.RANDOM_FORREST)
    Registry.register(Kind.RANDOM_FORREST, Constant)


if __name__ == "__main__":
    main()
