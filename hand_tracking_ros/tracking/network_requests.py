"""What trackers ask the networks, and one run of a network for all who ask at the same time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

Result = TypeVar('Result')


class Request(NamedTuple):
    """Something for a network to do.

    Attributes:
        look: the network's method: a list of views in, a list with an answer for each out.
        views: what it is to look at.
    """

    look: Callable[[list], list]
    views: Sequence


def answer_together(jobs: Sequence[Generator[Request, list, Result]]) -> list[Result]:
    """Drive generators that yield requests, and return what each of them returns.

    Requests to the same network that are open at the same time go through it in one batch.
    """
    results: dict[int, Result] = {}
    answers: dict[int, list | None] = dict.fromkeys(range(len(jobs)))
    while answers:
        requests: dict[int, Request] = {}
        for job, answer in answers.items():
            try:
                requests[job] = jobs[job].send(answer)
            except StopIteration as end:
                results[job] = end.value
        answers = _answers(requests)
    return [results[job] for job in range(len(jobs))]


def _answers(requests: dict[int, Request]) -> dict[int, list]:
    """Each job's answer."""
    batches: dict[Callable, list[int]] = {}
    for job, request in requests.items():
        batches.setdefault(request.look, []).append(job)
    answers = {}
    for look, jobs in batches.items():
        seen = iter(look([view for job in jobs for view in requests[job].views]))
        answers |= {job: list(islice(seen, len(requests[job].views))) for job in jobs}
    return answers
