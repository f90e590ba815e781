"""The two networks: where their files are, what they run on, what goes in and what comes out."""

import os

# Before ONNX Runtime is imported: from release 1.29 on it reports its use to its makers unless
# told not to.
os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')
