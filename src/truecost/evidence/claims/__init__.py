"""Published claims, each recomputed by the laws and facts, its verdict derived from the numbers by one rule.

>>> from truecost.evidence.claims import claims
>>> claims("h100-cluster").verdict.kind.value
'contradicts'
"""

from truecost.evidence.claims.check import Checked, Report, claims
from truecost.evidence.claims.conflicts import Conflict
from truecost.evidence.claims.model import Claim
from truecost.evidence.claims.verdict import Kind, Verdict

__all__ = ["Checked", "Claim", "Conflict", "Kind", "Report", "Verdict", "claims"]
