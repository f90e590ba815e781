"""Makes the ROS 2 wheels in this Python's environment usable for building packages.

Their exported CMake files name the Python of the machine that built them.
"""

import re
import sys
import sysconfig
from pathlib import Path

BUILD_PYTHON = re.compile(r'/opt/python/cp\d+-cp\d+')
BUILD_HEADERS = re.compile(BUILD_PYTHON.pattern + r'/include/python3\.\d+')


def main() -> int:
    headers = sysconfig.get_path('include')
    share = Path(sys.prefix, 'share')
    for file in share.rglob('*.cmake'):
        text = file.read_text(encoding='utf-8')
        fixed = BUILD_HEADERS.sub(lambda _: headers, text)
        fixed = BUILD_PYTHON.sub(lambda _: sys.prefix, fixed)
        if fixed != text:
            file.write_text(fixed, encoding='utf-8')
            print(f'corrected {file.relative_to(share)}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
