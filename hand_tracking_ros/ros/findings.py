"""What is wrong with a camera, if anything: told from its statistics, with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus

from hand_tracking_ros.ros.image_statistics import WINDOW_S, Snapshot
from hand_tracking_ros.ros.notices import Finding
from hand_tracking_ros.tracking.networks.model_checksum import ModelFile

# More dropped images than this share are no hiccup.
MAX_DROPPED = 0.1
# A hand at the image's border has no pose now and then; so many images in a row are no accident.
MAX_IMAGES_WITHOUT_POSE = 10
# Stamps that differ more from the clock come from another clock: networks are not so slow, and
# computers that are synchronized not so far apart.
MAX_STAMP_AGE_S, MAX_STAMP_AHEAD_S = 10.0, 0.1
# Latency is judged by the median of so many images, so that it recovers soon.
LATENCY_WINDOW = 20


@dataclass(frozen=True)
class Circumstances:
    """What is known of a camera beside its statistics.

    Attributes:
        topic: where the images come from.
        publishers: names of the nodes that publish there.
        image_timeout_s: without an image for longer the camera is stale.
        max_latency_s: what is expected from a stamp to the result.
        uses_sim_time, is_clock_running: the node takes the time from /clock; and there is any.
        transport_remedy: what helps against images that are lost on the way.
        calibration: its state, and where it is: the topic.
        calibration_topic: where the calibration comes from.
        depth: its state.
        input_warning: why calibration or depth cannot be used; empty if nothing is wrong.
        num_tracks: hands that are tracked or remembered.
        execution_provider: what the networks run on.
        provider_warning: why not on what was asked for; empty if they do.
        model_files: palm detector and landmark model.
        frame_warning: TF frames that somebody else has; empty if none.
    """

    topic: str
    publishers: Sequence[str] = ()
    image_timeout_s: float = 3.0
    max_latency_s: float = 0.5
    uses_sim_time: bool = False
    is_clock_running: bool = True
    transport_remedy: str = ''
    calibration: str = ''
    calibration_topic: str = ''
    depth: str = ''
    input_warning: str = ''
    num_tracks: int = 0
    execution_provider: str = ''
    provider_warning: str = ''
    model_files: Sequence[ModelFile] = ()
    frame_warning: str = ''


def findings(snapshot: Snapshot, circumstances: Circumstances) -> list[Finding]:
    """All that is wrong with a camera now, the worst first."""
    silence = _silence(snapshot, circumstances)
    checks = (_provider, _publishers, _frames, _clock)
    if silence is None:
        checks = (_bad_image, *checks, _input, _poses, _loss, _drops, _latency, _backwards)
    found = [silence, *(check(snapshot, circumstances) for check in checks)]
    return list(filter(None, found))


def _warning(text: str, recovered: str) -> Finding:
    return Finding(DiagnosticStatus.WARN, text, recovered)


def _silence(snapshot: Snapshot, circumstances: Circumstances) -> Finding | None:
    topic, is_stale = circumstances.topic, snapshot.silent_s > circumstances.image_timeout_s
    if not snapshot.total.received:
        # The log says more to whoever waits for a first image, see input_advice.py.
        level = DiagnosticStatus.STALE if is_stale else DiagnosticStatus.WARN
        return Finding(level, f'no images on {topic} yet')
    if not is_stale:
        return None
    text = f'no images on {topic} for {_duration(snapshot.silent_s)}, expected one at least every '
    text += f'{circumstances.image_timeout_s:g} s (parameter image_timeout)'
    return Finding(DiagnosticStatus.STALE, text, f'images on {topic} again')


def _bad_image(snapshot: Snapshot, _circumstances: Circumstances) -> Finding | None:
    # The log has it already, see ErrorLog.
    is_new = snapshot.new.with_errors
    return Finding(DiagnosticStatus.ERROR, snapshot.last_error) if is_new else None


def _provider(_snapshot: Snapshot, circumstances: Circumstances) -> Finding | None:
    # The log has it already, from the runtime.
    text = circumstances.provider_warning
    return Finding(DiagnosticStatus.WARN, text) if text else None


def _publishers(_snapshot: Snapshot, circumstances: Circumstances) -> Finding | None:
    topic, names = circumstances.topic, circumstances.publishers
    if len(names) < 2:
        return None
    return _warning(
        f'{len(names)} publishers on {topic} ({", ".join(names)}): the tracker takes the images of '
        'all for those of one camera; stop all but one, or give each camera a topic of its own',
        f'only one publisher on {topic} again',
    )


def _frames(_snapshot: Snapshot, circumstances: Circumstances) -> Finding | None:
    text = circumstances.frame_warning
    return _warning(text, 'the names of the hand frames are free again') if text else None


def _input(_snapshot: Snapshot, circumstances: Circumstances) -> Finding | None:
    text = circumstances.input_warning
    recovered = f'calibration and depth of {circumstances.topic} can be used now'
    return _warning(text, recovered) if text else None


def _poses(snapshot: Snapshot, circumstances: Circumstances) -> Finding | None:
    if snapshot.images_without_pose < MAX_IMAGES_WITHOUT_POSE:
        return None
    topic = circumstances.calibration_topic
    return _warning(
        f'hands in the last {snapshot.images_without_pose} images of {circumstances.topic} have '
        f'no pose although {topic} has a calibration: is it the one of this camera?',
        f'hands in the images of {circumstances.topic} have a pose again',
    )


def _clock(snapshot: Snapshot, circumstances: Circumstances) -> Finding | None:
    topic, age_s = circumstances.topic, snapshot.stamp_age_s
    recovered = f'the stamps of {topic} fit the clock now'
    if circumstances.uses_sim_time and not circumstances.is_clock_running:
        return _warning(
            'use_sim_time is true, but there is no time on /clock: play the bag with --clock, or '
            'start without use_sim_time',
            recovered,
        )
    if not _is_of_another_clock(age_s):
        return None
    side = 'before' if age_s > 0 else 'after'
    if circumstances.uses_sim_time:
        clock, remedy = '/clock', 'is the publisher on the same clock?'
    else:
        clock, remedy = (
            "this computer's clock",
            'for a bag or a simulation start with use_sim_time:=true (and play with --clock); '
            "else synchronize the computers' clocks, or the driver does not set header.stamp",
        )
    return _warning(
        f'stamps of {topic} are {_duration(abs(age_s))} {side} {clock}: {remedy}', recovered
    )


def _loss(snapshot: Snapshot, circumstances: Circumstances) -> Finding | None:
    topic, lost = circumstances.topic, snapshot.recent.lost_in_transport
    if not lost:
        return None
    return _warning(
        f'{lost} of {lost + snapshot.recent.received} images on {topic} were lost in transport in '
        f'the last {WINDOW_S:g} s ({snapshot.total.lost_in_transport} since the start): '
        f'{circumstances.transport_remedy}',
        f'no more images on {topic} are lost in transport',
    )


def _drops(snapshot: Snapshot, circumstances: Circumstances) -> Finding | None:
    topic, recent = circumstances.topic, snapshot.recent
    if recent.dropped <= MAX_DROPPED * recent.received or recent.dropped < 2:
        return None
    camera = f', the camera sends {snapshot.camera_hz:.1f} Hz' if snapshot.camera_hz else ''
    return _warning(
        f'{recent.dropped} of {recent.received} images on {topic} were dropped in the last '
        f'{WINDOW_S:g} s: this computer is too slow{camera}; try model_complexity: 0, '
        'max_num_hands: 1, or a lower camera rate',
        f'the images on {topic} are processed as they come again',
    )


def _latency(snapshot: Snapshot, circumstances: Circumstances) -> Finding | None:
    topic, limit_s = circumstances.topic, circumstances.max_latency_s
    if not snapshot.latencies_s or _is_of_another_clock(snapshot.stamp_age_s):
        return None
    latency_s = float(np.median(snapshot.latencies_s[-LATENCY_WINDOW:]))
    if latency_s <= limit_s:
        return None
    processing_s = float(np.median(snapshot.processing_s[-LATENCY_WINDOW:]))
    return _warning(
        f'hands come {1000 * latency_s:.0f} ms after the stamp of their image on {topic}, expected '
        f'at most {1000 * limit_s:.0f} (parameter max_latency); {1000 * processing_s:.0f} ms of it '
        'are processing, the rest camera and transport',
        f'hands come within max_latency of the stamps on {topic} again',
    )


def _backwards(snapshot: Snapshot, circumstances: Circumstances) -> Finding | None:
    topic, backwards = circumstances.topic, snapshot.recent.backward_stamps
    if not backwards:
        return None
    return _warning(
        f'stamps on {topic} ran backwards {backwards} times in the last {WINDOW_S:g} s: tracks '
        'begin anew each time (a bag that loops, a clock that was set, two publishers?)',
        f'stamps on {topic} rise again',
    )


def _is_of_another_clock(age_s: float | None) -> bool:
    return age_s is not None and not -MAX_STAMP_AHEAD_S <= age_s <= MAX_STAMP_AGE_S


def _duration(seconds: float) -> str:
    for unit, unit_s in (('days', 86400.0), ('h', 3600.0), ('min', 60.0)):
        if seconds >= 2 * unit_s:
            return f'{seconds / unit_s:.1f} {unit}'
    return f'{seconds:.1f} s'
