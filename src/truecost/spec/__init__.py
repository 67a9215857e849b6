"""Specs: YAML with places, numbers with units and ranges, every problem reported at once."""

from truecost.spec.document import Document, changed, load, load_text
from truecost.spec.errors import Problem, Problems, SpecError, nearest_names, refuse
from truecost.spec.numbers import Number
from truecost.spec.sampling import Leaf, leaves, sample
from truecost.spec.section import Day, Month, Section

__all__ = [
    "Day",
    "Document",
    "Leaf",
    "Month",
    "Number",
    "Problem",
    "Problems",
    "Section",
    "SpecError",
    "changed",
    "leaves",
    "load",
    "load_text",
    "nearest_names",
    "refuse",
    "sample",
]
