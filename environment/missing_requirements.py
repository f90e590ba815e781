"""Prints the requirements whose module cannot be imported here, beside a sourced ROS 2.

What apt installed counts as present even where pip does not know of it (python3-opencv). numpy
stays within its major version, which the compiled parts of that ROS 2 were built for; the exact
pins become upper bounds, so that pip can choose releases that suit it.
"""

import importlib.util
import re
import sys
from importlib import metadata
from pathlib import Path

LINE = re.compile(r'(?P<requirement>[^#\s]+)\s*#\s*import (?P<module>\w+)')


def main(argv: list[str]) -> int:
    for file in argv:
        for line in Path(file).read_text(encoding='utf-8').splitlines():
            match = LINE.match(line)
            if match and importlib.util.find_spec(match['module']) is None:
                print(match['requirement'].replace('==', '<='))
    try:
        version = metadata.version('numpy')
    except metadata.PackageNotFoundError:
        return 0
    print(f'numpy>={version},<{int(version.split(".")[0]) + 1}')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
