"""Azure's public LLM inference traces of 2023 and 2024: one CSV row a request, with a date to 100 ns or 1 µs.

Source: https://github.com/Azure/AzurePublicDataset, AzureLLMInferenceDataset2023.md and 2024.md.
"""

from truecost.replay.traces.dialects.columns import A_DATE, TableDialect

AZURE = TableDialect(
    name="azure",
    what="Azure LLM inference trace, 2023 and 2024",
    time="TIMESTAMP",
    given="ContextTokens",
    answer="GeneratedTokens",
    units_per_s=A_DATE,
)
