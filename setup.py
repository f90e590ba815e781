"""`pip install .`: the hand tracker for machines without ROS, as a library and two programs.

In a ROS 2 workspace colcon builds this package with CMakeLists.txt and never reads this file.
"""

from setuptools import setup

PROGRAMS = ('prepare_models', 'process_media')
# The modules of tools/ that the two programs need; the others need ROS or the checkout.
TOOL_MODULES = (
    *PROGRAMS,
    'annotated_output',
    'media',
    'media_source',
    'onnx_graph',
    'prefetch',
    'programs',
    'simulated_media',
    'tflite_to_onnx',
    'video_writer',
    'wheel_download',
)

setup(
    name='hand_tracking_ros',
    version='0.1.0',
    description="Hands in camera images: MediaPipe's hand models on ONNX Runtime",
    license='Apache-2.0',
    python_requires='>=3.10',  # Ubuntu 22.04, the oldest with a supported ROS 2
    packages=[
        'hand_tracking_ros',
        'hand_tracking_ros.models',
        'hand_tracking_ros.simulation',
        'hand_tracking_ros.tracking',
    ],
    package_dir={'hand_tracking_ros.models': 'models'},
    package_data={'hand_tracking_ros.models': ['manifest.yaml']},
    py_modules=[f'hand_tracking_ros.tools.{name}' for name in TOOL_MODULES],
    # The lower bounds were tried together on Python 3.10; the upper are the next major releases.
    install_requires=[
        'numpy>=1.21,<3',  # 1.21: Ubuntu 22.04's; the results are the same with numpy 1 and 2
        # For a GPU: pip uninstall onnxruntime, then pip install onnxruntime-gpu.
        'onnxruntime>=1.16,<2',
        # 4.5.4: Ubuntu 22.04's. Headless: no window is opened, no display libraries are needed.
        'opencv-python-headless>=4.5.4,<6',
        'PyYAML>=5.4,<7',  # 5.4: Ubuntu 22.04's
        'tqdm>=4.57,<5',  # 4.57: Ubuntu 22.04's
    ],
    extras_require={
        # No `gpu`: an extra cannot take onnxruntime away, and onnxruntime-gpu owns the same module.
        # Needed once, to make the model files.
        'prepare': ['tflite>=2.10', 'onnx>=1.13,<2'],
        # A runtime to choose instead of ONNX Runtime; 2023.3 and 2026.4 were tried.
        'openvino': ['openvino>=2023.3'],
        # Annotated videos in H.264, which every player shows; MPEG-4 without it.
        'video': ['av>=12'],
    },
    entry_points={
        'console_scripts': [f'{name} = hand_tracking_ros.tools.{name}:main' for name in PROGRAMS]
    },
)
