"""Camera images in, hands out: `tracking` without ROS, `ros` for the node."""

from pkgutil import extend_path

# In the checkout this folder comes before the installed package, and the messages generated at
# build time lie in the latter only: search both for modules.
__path__ = extend_path(__path__, __name__)
