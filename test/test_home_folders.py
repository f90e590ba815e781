"""`~nobody/file`, of a user that does not exist, is a file that is not there: no traceback."""

import pytest

from hand_tracking_ros.cameras.camera_info import load_camera_info
from hand_tracking_ros.media.sources import open_media
from hand_tracking_ros.tracking.errors import UserError

FILE = '~no_such_user/file'


def test_a_source_is_named():
    with pytest.raises(UserError, match=rf"source '{FILE}': no such file"):
        open_media(FILE)


def test_a_calibration_is_named():
    with pytest.raises(UserError, match=rf'camera_info_file {FILE}: cannot be read'):
        load_camera_info(FILE)


def test_a_file_of_parameters_is_named():
    pytest.importorskip('launch.actions', reason='launch is not installed')
    from hand_tracking_ros.ros.launch_arguments import checked_params_file

    with pytest.raises(RuntimeError, match=rf"params_file is '{FILE}', where no file is"):
        checked_params_file('params_file', FILE)
