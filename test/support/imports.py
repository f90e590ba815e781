"""What Python files import, read from their source: nothing is run."""

import ast
import sys

from support.checkout import CHECKOUT


def python_files(folder):
    """All Python files below a folder of the repository."""
    files = sorted((CHECKOUT / folder).rglob('*.py'))
    assert files, f'{folder} has no Python files'
    return files


def imported_modules(file):
    """Absolute names of what a Python file imports, in functions too."""
    for node in ast.walk(ast.parse(file.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{file} imports without naming the package'
            yield node.module
            # What is imported from a package may be a module of it.
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


def third_party_imports(files):
    """Top-level names that neither Python nor this package brings: name -> one file with it."""
    return {
        name: file
        for file in files
        for name in {module.split('.')[0] for module in imported_modules(file)}
        if name not in sys.stdlib_module_names and name != 'hand_tracking_ros'
    }
