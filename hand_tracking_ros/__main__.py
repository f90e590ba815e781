"""`python3 -m hand_tracking_ros PROGRAM ...`, see programs.py."""

import sys

from hand_tracking_ros.programs import main

if __name__ == '__main__':
    sys.exit(main())
