"""Inputs for the fuzz whose use goes wrong in a known way; in a module that its process imports."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from random import Random

from evaluation.faults.fuzz_process import Target

BAD = 1  # each input is a number below 4, and this one is bad


class DocumentedError(Exception):
    """What a user of the code expects."""


def make_targets() -> Mapping[str, Target]:
    """A target for each way in which an input can end."""
    return {
        'fine': _target(lambda: None),
        'refused': _target(_refuse),
        'undocumented': _target(_stumble),
        'crash': _target(_crash),
        'hang': _target(lambda: time.sleep(600)),
        'memory': _target(lambda: b'x' * (300 * 2**20)),
        'unreadable': Target(1.0, _number, _refuse_if_bad, len, (DocumentedError,)),
        'crash while read': Target(1.0, _number, _crash_if_bad, len, (DocumentedError,)),
    }


def _target(what_happens) -> Target:
    def use(data: bytes) -> None:
        if data[0] == BAD:
            what_happens()

    return Target(1.0, _number, bytes, use, (DocumentedError,))


def _number(chance: Random) -> bytes:
    return bytes([chance.randrange(4)])


def _refuse() -> None:
    raise DocumentedError('expected something else')


def _stumble() -> None:
    raise KeyError('nobody documents this')


def _crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _refuse_if_bad(data: bytes) -> bytes:
    if data[0] == BAD:
        raise RuntimeError('the middleware')
    return data


def _crash_if_bad(data: bytes) -> bytes:
    if data[0] == BAD:
        _crash()
    return data
