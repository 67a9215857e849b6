"""Names: spellings that mean the same, and an error that teaches."""

from __future__ import annotations

import pytest

from truecost.catalog.names import UnknownName, normalise, resolve

INDEX = {"h100-sxm": "h100-sxm", "h100": "h100-sxm", "h100-nvl": "h100-nvl", "a100-sxm-80": "a100-sxm-80"}


@pytest.mark.parametrize(
    "spelling",
    ["h100-sxm", "H100_SXM", "NVIDIA H100 SXM", "nvidia/h100.sxm", "  h100 -- sxm ", "nvidia-h100-sxm"],
)
def test_spellings_of_one_name_are_equal(spelling: str) -> None:
    assert normalise(spelling) == "h100-sxm"


@pytest.mark.parametrize(
    ("left", "right"), [("A100 80 GB", "a100-80gb"), ("Llama-3.1", "llama 3_1"), ("80GiB", "80 gib")]
)
def test_sizes_and_versions_keep_their_meaning(left: str, right: str) -> None:
    assert normalise(left) == normalise(right)


@pytest.mark.parametrize("name", ["nvidia", "AMD", "google/"])
def test_a_vendor_alone_stays_a_name(name: str) -> None:
    assert normalise(name).startswith(name.lower().strip("/"))


def test_normalising_twice_changes_nothing() -> None:
    once = normalise("NVIDIA A100 SXM4 80 GB")
    assert normalise(once) == once


def test_resolve_finds_the_key_behind_an_alias() -> None:
    assert resolve("H100", INDEX, "accelerator") == "h100-sxm"


def test_an_unknown_name_says_what_is_near() -> None:
    with pytest.raises(UnknownName, match="unknown accelerator 'h100-smx'; nearest: h100-sxm") as caught:
        resolve("h100-smx", INDEX, "accelerator")
    assert (caught.value.kind, caught.value.name) == ("accelerator", "h100-smx")
    assert caught.value.nearest[0] == "h100-sxm"
    assert len(set(caught.value.nearest)) == len(caught.value.nearest) <= 3


def test_a_name_near_nothing_offers_nothing() -> None:
    with pytest.raises(UnknownName) as caught:
        resolve("zzzzzz", INDEX, "model")
    assert str(caught.value) == "unknown model 'zzzzzz'"
    assert isinstance(caught.value, ValueError)
