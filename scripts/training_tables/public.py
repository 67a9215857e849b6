"""Published figures kept beside these modules: one table (public_*.csv) and one module a source.

The tables hold figures as their sources state them, each line with the page it stands on; they are small
enough to be kept here, so nothing is read from the folder of large tables.
"""

from __future__ import annotations

from pathlib import Path

from training_tables import public_simumax, public_torchtitan, public_tpu_recipes, public_vendors

SOURCES = (public_torchtitan, public_simumax, public_tpu_recipes, public_vendors)


def rows(directory: Path) -> list[dict[str, str]]:
    """The cases of every kept source in a fixed order; `directory` is not needed."""
    del directory
    return [row for source in SOURCES for row in source.rows()]
