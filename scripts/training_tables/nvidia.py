"""NVIDIA's three tables of measured training steps as rows of `training_steps.csv`.

`rows(directory)` reads `throughput_nvidia_megatron_bridge.csv`, `throughput_nvidia_nemo_history.csv` and
`throughput_nvidia_dgxc.csv`. A step's time is tokens of a global batch over tokens a second (the two the
sources state exactly); their TFLOP/s are a cross-check, because they count attention in full (nemo, dgxc),
half (bridge) or not at all (fine-tuning of packed samples).
"""

from __future__ import annotations

from pathlib import Path

from training_tables import nvidia_bridge, nvidia_dgxc, nvidia_nemo


def rows(directory: Path) -> list[dict[str, str]]:
    """All rows of the three tables in the order of their files; a row not used says why in `left_out`."""
    return [
        *nvidia_bridge.rows(directory / "throughput_nvidia_megatron_bridge.csv"),
        *nvidia_nemo.rows(directory / "throughput_nvidia_nemo_history.csv"),
        *nvidia_dgxc.rows(directory / "throughput_nvidia_dgxc.csv"),
    ]
