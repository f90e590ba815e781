"""`pip install .`: the hand tracker for machines without ROS, as a library and two programs.

In a ROS 2 workspace colcon builds this package with CMakeLists.txt and never reads this file.
"""

import runpy

from setuptools import find_packages, setup

TABLE = runpy.run_path('hand_tracking_ros/programs.py')['PROGRAMS']
PROGRAMS = ('prepare_models', 'process_media')  # those that need no ROS
NEED_ROS = [f'hand_tracking_ros.{room}' for room in ('cameras', 'demo', 'ros', 'teleop')]

setup(
    name='hand_tracking_ros',
    version='0.1.0',
    description="Hands in camera images: MediaPipe's hand models on ONNX Runtime",
    license='Apache-2.0',
    python_requires='>=3.10',  # Ubuntu 22.04, the oldest with a supported ROS 2
    packages=[
        *find_packages(include=['hand_tracking_ros*'], exclude=NEED_ROS),
        'hand_tracking_ros.models',
    ],
    package_dir={'hand_tracking_ros.models': 'models'},
    package_data={
        'hand_tracking_ros': ['py.typed'],
        'hand_tracking_ros.models': ['manifest.yaml'],
    },
    install_requires=[
        'numpy>=1.21,<3',  # 1.21: Ubuntu 22.04's; the results are the same with numpy 1 and 2
        # For a GPU: pip uninstall onnxruntime, then pip install onnxruntime-gpu.
        'onnxruntime>=1.16,<2',
        # 4.5.4: Ubuntu 22.04's. Headless: no window is opened, no display libraries are needed.
        'opencv-python-headless>=4.5.4,<6',
        'PyYAML>=5.4,<7',  # 5.4: Ubuntu 22.04's
        'tqdm>=4.57,<5',  # 4.57: Ubuntu 22.04's
        # Rotations; 0.3.1: Ubuntu 22.04's. Not SciPy, whose import takes 0.4 s.
        'transforms3d>=0.3.1,<1',
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
    entry_points={'console_scripts': [f'{name} = {TABLE[name]}:main' for name in PROGRAMS]},
)
