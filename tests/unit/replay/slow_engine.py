"""The same schedulers, written plainly: one step at a time, a loop over everything that runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from truecost.replay.engine import Limits, Requests


@dataclass
class Job:
    number: int
    target: int
    prompt: int
    output: int
    computed: int = 0
    generated: int = 0
    preempted: int = 0
    decoding: bool = False
    first_admit: float = np.nan
    first_token: float = np.nan
    finished: float = np.nan
    emitted_at: float = np.nan


Chunks: TypeAlias = list[tuple[Job, int]]
"""Prompts of a step, and how many tokens of each."""


@dataclass
class Slow:
    """One replica in an open loop, without prefix cache and drafts."""

    limits: Limits
    seconds: Callable[[int, int, int], float]
    waiting: list[Job] = field(default_factory=list[Job])
    running: list[Job] = field(default_factory=list[Job])
    gaps: list[float] = field(default_factory=list[float])
    peak: int = 0
    held: bool = False
    """With prompts first: after a preemption, until a sequence ends, no prompt goes before those decoding."""

    def blocks(self, tokens: int) -> int:
        return -(-tokens // self.limits.block_size)

    def used(self) -> int:
        return sum(self.blocks(job.computed) for job in self.running)

    def preempt(self) -> None:
        job = self.running.pop()
        job.computed, job.decoding = 0, False
        job.target = job.prompt + job.generated
        job.preempted += 1
        self.waiting.insert(0, job)

    def grow(self) -> bool:
        """A token more for all that decode; whether any was preempted for want of blocks."""
        preempted = False
        while True:
            decodes = [job for job in self.running if job.decoding]
            need = sum(job.computed % self.limits.block_size == 0 for job in decodes)
            if self.used() + need <= self.limits.kv_blocks:
                break
            self.preempt()
            preempted = True
        for job in decodes:
            job.computed += 1
        return preempted

    def prompts(self, now: float, budget: int, admits: bool = True) -> tuple[Chunks, bool]:
        """The prompt partly done, then waiting ones; whether the former was preempted."""
        limits = self.limits
        chunks: Chunks = []
        for job in [job for job in self.running if not job.decoding]:
            chunk = min(budget, job.target - job.computed)
            grown = self.blocks(job.computed + chunk) - self.blocks(job.computed)
            if self.used() + grown > limits.kv_blocks:
                self.preempt()
                return chunks, True
            job.computed += chunk
            budget -= chunk
            chunks.append((job, chunk))
        while admits and budget > 0 and self.waiting and len(self.running) < limits.max_num_seqs:
            job = self.waiting[0]
            if self.used() + self.blocks(job.target) > limits.kv_blocks:
                break
            if not limits.enable_chunked_prefill and job.target > budget:
                break
            self.running.append(self.waiting.pop(0))
            if np.isnan(job.first_admit):
                job.first_admit = now
            job.computed = min(budget, job.target)
            budget -= job.computed
            chunks.append((job, job.computed))
        return chunks, False

    def schedule(self, now: float) -> tuple[Chunks, list[Job]]:
        """The prompts of a step and the sequences that decode in it."""
        budget = self.limits.max_num_batched_tokens
        if not self.limits.prompts_first:
            preempted = self.grow()
            decodes = [job for job in self.running if job.decoding]
            chunks, _ = self.prompts(now, budget - len(decodes), admits=not preempted)
            return chunks, decodes
        lost = False
        if not (self.held and any(job.decoding for job in self.running)):
            chunks, lost = self.prompts(now, budget)
            if chunks:
                return chunks, []
        self.held |= self.grow() or lost
        return [], [job for job in self.running if job.decoding]

    def step(self, now: float) -> float | None:
        chunks, decodes = self.schedule(now)
        if not chunks and not decodes:
            return None
        self.peak = max(self.peak, self.used())
        context = sum(job.computed - 1 for job in decodes)
        now += self.seconds(sum(chunk for _, chunk in chunks), len(decodes), context)
        for job in decodes:
            self.emit(job, now)
        for job, _ in chunks:
            if job.computed == job.target:
                job.decoding = True
                self.emit(job, now)
        return now

    def emit(self, job: Job, now: float) -> None:
        job.generated += 1
        if job.generated == 1:
            job.first_token = now
        else:
            self.gaps.append(now - job.emitted_at)
        job.emitted_at = now
        if job.generated == job.output:
            job.finished = now
            self.running.remove(job)
            self.held = False


def slow_simulate(
    requests: Requests, seconds: Callable[[int, int, int], float], limits: Limits
) -> tuple[list[Job], Slow]:
    """What `simulate` should give."""
    longest = limits.longest_context
    jobs: list[Job] = []
    for number, (prompt, output) in enumerate(
        zip(requests.input_tokens, requests.output_tokens, strict=True)
    ):
        allowed = min(int(output), longest - int(prompt))
        jobs.append(Job(number, int(prompt), int(prompt), allowed))
    engine = Slow(limits, seconds)
    coming = [job for job in jobs if job.prompt < longest]
    now = 0.0
    while coming or engine.running or engine.waiting:
        while coming and requests.arrival_s[coming[0].number] <= now:
            engine.waiting.append(coming.pop(0))
        end = engine.step(now)
        now = float(requests.arrival_s[coming[0].number]) if end is None else end
    return jobs, engine
