"""The figures of the glossary: each term shown by something worked out from the catalog when asked for."""

from truecost.evidence.glossary.example import Example, Facts
from truecost.evidence.glossary.explained import EXAMPLES, Explained, explained, explained_all

__all__ = ["EXAMPLES", "Example", "Explained", "Facts", "explained", "explained_all"]
