"""`pip install .`: the hand tracker for machines without ROS, as a library and two programs.

In a ROS 2 workspace colcon builds this package with CMakeLists.txt and never reads this file.
"""

import runpy
from pathlib import Path

from setuptools import find_packages, setup

PROGRAMS = ('prepare_models', 'process_media')  # those that need no ROS
NEED_ROS = [f'hand_tracking_ros.{room}' for room in ('cameras', 'demo', 'ros', 'teleop')]

setup(
    name='hand_tracking_ros',
    version=runpy.run_path('hand_tracking_ros/version.py')['VERSION'],
    description="Hands in camera images: MediaPipe's hand models on ONNX Runtime",
    long_description=Path('README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    # Placeholders, as in package.xml: the project has no public address yet.
    author='hand_tracking_ros maintainers',
    author_email='maintainers@hand-tracking-ros.example',
    url='https://hand-tracking-ros.example',
    project_urls={
        'Source': 'https://hand-tracking-ros.example/repository',
        'Bug tracker': 'https://hand-tracking-ros.example/issues',
    },
    license='Apache-2.0',
    keywords=['hand tracking', 'hand pose', 'MediaPipe', 'ONNX', 'robotics', 'ROS 2'],
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Developers',
        'Intended Audience :: Science/Research',
        'Operating System :: OS Independent',
        *(f'Programming Language :: Python :: 3.{minor}' for minor in (10, 11, 12, 13)),
        'Topic :: Scientific/Engineering :: Image Recognition',
        'Typing :: Typed',
    ],
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
        # 4.8.1.78: the first without CVE-2023-4863 in libwebp; Ubuntu 22.04's OpenCV 4.5.4 works
        # too, and Ubuntu mends it. Headless: no window is opened, no display libraries are needed.
        # pip knows no "this or opencv-python": see docs/troubleshooting.md.
        'opencv-python-headless>=4.8.1.78,<6',
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
    entry_points={
        'console_scripts': [
            f'{name} = hand_tracking_ros.programs:run_as_called' for name in PROGRAMS
        ]
    },
)
