"""The glue to ROS 2: the hand tracker node, its inputs, parameters and outputs."""
