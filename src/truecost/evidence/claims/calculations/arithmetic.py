"""What the claim's own figures come to: a formula that the claim writes itself."""

from __future__ import annotations

from truecost.evidence.claims.formula import evaluate
from truecost.evidence.claims.working import Working, calculation_of
from truecost.ranges import Value


@calculation_of("arithmetic", "What the stated figures come to", "", {})
def arithmetic(at: Working) -> Value:
    """Each line of the claim's formula in turn; the last is the result. Its unit is the claim's."""
    known: dict[str, Value] = {}
    result: Value = 0.0
    for name, text in at.formula.items():
        values = {**{key: at.values[key] for key in at.values}, **known}
        result = evaluate(text, values)
        known[name] = at.step(
            name.replace("_", " "), text.replace("*", "×").replace("××", "^").replace("_", " "), result, ""
        )
    return result
