"""Where the hands of one camera are, in metres: a fitter for each track, kept while it lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hand_tracking_ros.tracking.hand import Hand, Handedness, HandPose, TrackingState
from hand_tracking_ros.tracking.placing.camera_model import CameraModel
from hand_tracking_ros.tracking.placing.depth_image import DepthImage
from hand_tracking_ros.tracking.placing.hand_fit import HandFitter


@dataclass(frozen=True)
class LocatorOptions:
    """What is known of the hands and of the camera.

    Attributes:
        hand_lengths_m: length of the left and of the right hand, from the wrist along the stretched
            middle finger to its tip; a side that is not in it has an average adult's.
        image_mirrored: the images are mirrored, as selfies are.
    """

    hand_lengths_m: Mapping[Handedness, float] = field(default_factory=dict)
    image_mirrored: bool = False


@dataclass
class _LocatedTrack:
    """A track's fitter and its last pose."""

    fitter: HandFitter
    pose: HandPose | None = None


class HandLocator:
    """Gives hands their pose in the camera's frame.

    Args:
        options: what is known; may be replaced between two images. A hand whose side, length or
            mirroring is then another begins anew; what is known of the others stays.
    """

    def __init__(self, options: LocatorOptions | None = None) -> None:
        self.options = options or LocatorOptions()
        # By identity, side, length and mirroring: a fitter is made for these.
        self._tracks: dict[tuple[int, Handedness, float | None, bool], _LocatedTrack] = {}

    def locate(
        self,
        hands: Sequence[Hand],
        camera: CameraModel,
        stamp_s: float,
        depth: DepthImage | None = None,
    ) -> list[Hand]:
        """The hands of the next image with their poses; a held hand keeps its last one.

        Args:
            hands: as the tracker returns them.
            camera: of the image, in its size.
            stamp_s: when the image was taken.
            depth: of the same moment.
        """
        last, self._tracks = self._tracks, {}
        is_mirrored = self.options.image_mirrored
        located = []
        for hand in hands:
            length_m = self.options.hand_lengths_m.get(hand.handedness)
            key = (hand.track_id, hand.handedness, length_m, is_mirrored)
            track = last.get(key) or _LocatedTrack(HandFitter(length_m, is_mirrored))
            self._tracks[key] = track
            if hand.state == TrackingState.TRACKED:
                track.pose = track.fitter.fit(hand, camera, stamp_s, depth)
            located.append(replace(hand, pose=track.pose))
        return located
