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
class _Located:
    """A track's fitter, the side that it is for, and its last pose."""

    fitter: HandFitter
    handedness: Handedness
    pose: HandPose | None = None


class HandLocator:
    """Gives hands their pose in the camera's frame.

    Args:
        options: what is known; replacing it begins anew with every hand.
    """

    def __init__(self, options: LocatorOptions | None = None) -> None:
        self._options = options or LocatorOptions()
        self._tracks: dict[int, _Located] = {}

    @property
    def options(self) -> LocatorOptions:
        """What is known of the hands and of the camera."""
        return self._options

    @options.setter
    def options(self, options: LocatorOptions) -> None:
        if options != self._options:
            self._options, self._tracks = options, {}

    def locate(
        self,
        hands: Sequence[Hand],
        camera: CameraModel,
        image_width: int,
        image_height: int,
        stamp_s: float,
        depth: DepthImage | None = None,
    ) -> list[Hand]:
        """The hands of the next image with their poses; a held hand keeps its last one.

        Args:
            hands: as the tracker returns them.
            camera: of the image, or of the same image in another size.
            image_width: px.
            image_height: px.
            stamp_s: when the image was taken.
            depth: of the same moment.

        Raises:
            CameraInfoError: the camera's image has another shape.
        """
        last, self._tracks = self._tracks, {}
        located = []
        for hand in hands:
            track = last.get(hand.track_id)
            if track is None or track.handedness != hand.handedness:
                track = _Located(self._make_fitter(hand.handedness), hand.handedness)
            if hand.state == TrackingState.TRACKED:
                track.pose = track.fitter.fit(
                    hand, camera, image_width, image_height, stamp_s, depth
                )
            self._tracks[hand.track_id] = track
            located.append(replace(hand, pose=track.pose))
        return located

    def _make_fitter(self, handedness: Handedness) -> HandFitter:
        length_m = self._options.hand_lengths_m.get(handedness)
        return HandFitter(length_m, self._options.image_mirrored)
