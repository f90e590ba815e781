"""CvBridge for machines without cv_bridge: those of its methods that this package uses."""

import array

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header


class CvBridge:
    """cv_bridge.CvBridge without its conversions between encodings."""

    def cv2_to_imgmsg(self, cvim, encoding, header=None):
        """Return an array (H, W) or (H, W, channels) as an Image; `encoding` is the array's own."""
        height, width = cvim.shape[:2]
        return Image(
            header=header or Header(),
            height=height,
            width=width,
            encoding=encoding,
            step=cvim.nbytes // height,
            data=_byte_array(cvim),
        )

    def compressed_imgmsg_to_cv2(self, cmprs_img_msg):
        """Return the decoded picture in OpenCV's channel order, None if it cannot be decoded."""
        return cv2.imdecode(np.frombuffer(cmprs_img_msg.data, np.uint8), cv2.IMREAD_UNCHANGED)

    def cv2_to_compressed_imgmsg(self, cvim, dst_format='jpg'):
        """Return a picture in OpenCV's channel order as a CompressedImage."""
        _, encoded = cv2.imencode(f'.{dst_format}', cvim)
        return CompressedImage(format=dst_format, data=_byte_array(encoded))


def _byte_array(samples):
    """Return the array's bytes as what a uint8[] field takes without a check per element."""
    data = array.array('B')
    data.frombytes(np.ascontiguousarray(samples).view(np.uint8))
    return data
