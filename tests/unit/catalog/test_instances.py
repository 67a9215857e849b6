"""Instance types of clouds: each has chips that the catalog knows, with a source."""

from __future__ import annotations

from truecost.catalog.accelerators import load_accelerators
from truecost.catalog.instances import load_instances


def test_every_instance_has_known_chips_and_a_source() -> None:
    chips = load_accelerators()
    for name, one in load_instances().items():
        assert one.chip in chips, name
        assert 1 <= one.chips <= 16, name
        assert one.fact.source.startswith("https://"), name
        assert one.fact.unit == "chips an instance", name


def test_sizes_of_a_family_that_do_not_go_by_their_name() -> None:
    found = load_instances()
    assert [found[name].chips for name in ("g5.12xlarge", "g5.16xlarge", "g5.24xlarge", "g7e.12xlarge")] == [
        4,
        1,
        4,
        2,
    ]
    assert (found["inf2.24xlarge"].chips, found["g2-standard-32"].chips, found["a2-megagpu-16g"].chips) == (
        6,
        1,
        16,
    )
    assert (found["p4d.24xlarge"].chip, found["p4de.24xlarge"].chip) == ("a100-sxm-40", "a100-sxm-80")
