"""Small traces in every dialect, as they are published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

AZURE = """\
TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:15:46.6805900,374,44
2023-11-16 18:15:50.9951690,396,109
2023-11-16 18:15:51.2224670,879,55
"""
AZURE_2024 = """\
TIMESTAMP,ContextTokens,GeneratedTokens
2024-05-10 00:00:00.009930+00:00,2162,5
2024-05-10 00:00:00.017335+00:00,2399,6
"""
BURSTGPT = """\
Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type
5,ChatGPT,472,18,490,Conversation log
45,ChatGPT,1087,0,1087,Conversation log
118,GPT-4,417,276,693,API log
"""
BURSTGPT_SESSIONS = """\
Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type
5,b-7,1.5,ChatGPT,472,18,490,Conversation log
45,a-1,1.5,ChatGPT,1087,3,1090,Conversation log
118,b-7,1.5,GPT-4,417,276,693,API log
"""
MOONCAKE = """\
{"timestamp": 0, "input_length": 1100, "output_length": 500, "hash_ids": [46, 47, 48]}
{"timestamp": 3001, "input_length": 900, "output_length": 490, "hash_ids": [46, 90]}
"""
BAILIAN = """\
{"chat_id": 159, "parent_chat_id": -1, "timestamp": 61.114, "input_length": 40, "output_length": 132, \
"type": "text", "turn": 1, "hash_ids": [1089, 1090, 1091]}
{"chat_id": 160, "parent_chat_id": -1, "timestamp": 61.5, "input_length": 10, "output_length": 5, \
"type": "search", "turn": 1, "hash_ids": [7]}
{"chat_id": 170, "parent_chat_id": 159, "timestamp": 65.2, "input_length": 60, "output_length": 8, \
"type": "text", "turn": 2, "hash_ids": [1089, 1090, 1092, 1093]}
{"chat_id": 171, "parent_chat_id": 170, "timestamp": 69.2, "input_length": 70, "output_length": 8, \
"type": "text", "turn": 3, "hash_ids": [1089, 1090, 1092, 1093, 1094]}
"""
SHAREGPT = json.dumps(
    [
        {
            "id": "a",
            "conversations": [
                {"from": "human", "value": "x" * 40},
                {"from": "gpt", "value": "y" * 80},
                {"from": "human", "value": "z" * 8},
                {"from": "gpt", "value": "w" * 4},
            ],
        },
        {"id": "b", "conversations": [{"from": "gpt", "value": "no prompt before it"}]},
    ]
)
LENGTHS = '[{"prompt_len": 10, "output_len": 20}, {"prompt_len": 30, "output_len": 40}]'
PAIRS = "[[10, 20], [30, 40]]"
VLLM = json.dumps(
    {
        "backend": "vllm", "request_rate": "inf", "max_concurrency": 8, "total_input_tokens": 60,
        "input_lens": [10, 20, 30], "output_lens": [5, 0, 7], "start_times": [100.5, 100.25, 101.0],
    }
)  # fmt: skip
OPENAI = """\
{"id": "c1", "object": "chat.completion", "created": 1700000005, "usage": {"prompt_tokens": 12, \
"completion_tokens": 3}}
{"id": "c0", "object": "chat.completion", "created": 1700000000, "usage": {"prompt_tokens": 9, \
"completion_tokens": 30}}
"""
OPENAI_BATCH_OUTPUT = """\
{"id": "b1", "custom_id": "r1", "response": {"status_code": 200, "body": {"created": 1700000000, "usage": \
{"prompt_tokens": 12, "completion_tokens": 3}}}, "error": null}
{"id": "b2", "custom_id": "r2", "response": {"status_code": 400, "body": {}}, "error": {"code": "bad"}}
"""
OPENAI_BATCH_INPUT = """\
{"custom_id": "r1", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m", "messages": \
[{"role": "user", "content": "Twelve chars"}], "max_tokens": 100}}
"""
OWN = "arrival_s,input_tokens,output_tokens,session_id\n0,5,6,u\n1.5,7,8,\n2,9,10,u\n"

FILES: dict[str, tuple[str, str, str]] = {
    "azure": ("azure.csv", AZURE, "azure"),
    "azure-2024": ("azure24.csv", AZURE_2024, "azure"),
    "burstgpt": ("burst.csv", BURSTGPT, "burstgpt"),
    "burstgpt-sessions": ("bursts.csv", BURSTGPT_SESSIONS, "burstgpt"),
    "mooncake": ("moon.jsonl", MOONCAKE, "mooncake"),
    "bailian": ("qwen.jsonl", BAILIAN, "qwen-bailian"),
    "sharegpt": ("share.json", SHAREGPT, "sharegpt"),
    "lengths": ("lengths.json", LENGTHS, "sharegpt"),
    "pairs": ("pairs.json", PAIRS, "sharegpt"),
    "vllm": ("bench.json", VLLM, "vllm-benchmark"),
    "openai": ("log.jsonl", OPENAI, "openai"),
    "openai-output": ("out.jsonl", OPENAI_BATCH_OUTPUT, "openai"),
    "openai-input": ("in.jsonl", OPENAI_BATCH_INPUT, "openai"),
    "own": ("own.csv", OWN, "truecost"),
}
"""By case: file name, text, dialect."""


def write(directory: Path, name: str, text: str) -> Path:
    """A file with this text."""
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


def case(directory: Path, name: str) -> Path:
    """The file of a case."""
    file, text, _ = FILES[name]
    return write(directory, file, text)


def told(error: Any) -> str:
    """The one problem of an error."""
    (problem,) = error.value.problems
    return str(problem)
