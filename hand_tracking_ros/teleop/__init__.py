"""From a hand to a robot: the target's motion, the node around it, its parameters."""
