"""Levers: what can be changed in a plan, alone and together, and what each change is worth."""

from truecost.advise.levers.advice import Advice, Advised, advice
from truecost.advise.levers.every import every_lever, lever_sets
from truecost.advise.levers.lever import Lever, WhyNot

__all__ = ["Advice", "Advised", "Lever", "WhyNot", "advice", "every_lever", "lever_sets"]
