"""A simulated camera that looks at simulated hands, with exact ground truth; needs no ROS.

simulator = CameraSimulator(SimulatorOptions(scene='wave', seed=1))
frame = simulator.render(0.5)
frame.image, frame.depth_m, frame.hands[0].camera_landmarks_m
"""
