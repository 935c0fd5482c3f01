"""The names of everything in an output folder."""

import re
from collections.abc import Iterable
from typing import Final
from uuid import uuid4

from raydrift.errors import SettingsError

ZIP: Final = "sampled_images.zip"
MASKS: Final = "masks.zip"
INPUT_MAPPING: Final = "input_mapping.parquet"
TARGET: Final = "target.parquet"
EMBEDDINGS: Final = "embeddings.parquet"
PROVENANCE: Final = "provenance.parquet"
REJECTED: Final = "rejected.parquet"
IMAGE_INDEX: Final = "image_index.parquet"
VIEWS: Final = "views.parquet"
RUN: Final = "run.json"
SHARDS: Final = "_shards"
LOCK: Final = "run.lock"
ACCEPTED: Final = "accepted.arrow"
"""In ``_shards/``: the ledger rows of the shards that are merged."""

IMAGE_COLUMN: Final = "image"
MASK_COLUMN: Final = "mask"
"""The columns of a shard that have PNGs."""

RESULTS: Final = (ZIP, MASKS, INPUT_MAPPING, TARGET, EMBEDDINGS, PROVENANCE, REJECTED)
"""The files that a finished run consists of, ``run.json`` apart, with its images in one zip."""

NUMBERED: Final = "sampled_images-"
"""What the names of the files begin with where the images are in several."""

METRICS: Final = "metrics.parquet"
CLASS_DRIFT: Final = "class_drift.parquet"
TASK: Final = "task.parquet"
TASK_BY_LEVEL: Final = "task_by_level.png"
OF_TASK: Final = (TASK, TASK_BY_LEVEL)
"""Beside the files of an experiment where the user's model was asked."""

KL_BY_BATCH: Final = "kl_by_batch.png"
KL_BY_LEVEL: Final = "kl_by_level.png"
REPORT: Final = "report.html"
EVALUATION: Final = "evaluation.json"
EVALUATING: Final = "_evaluation"
"""The folder in which the batches of an experiment are kept until all are measured."""

EVALUATED: Final = (REPORT, KL_BY_BATCH, KL_BY_LEVEL, METRICS, CLASS_DRIFT)
"""The files that an experiment consists of, ``evaluation.json`` apart."""

MATRIX: Final = "matrix.parquet"
VIEW_DIVERGENCE: Final = "view_divergence.parquet"
MATRIX_PLOT: Final = "matrix.png"
CORRUPTIONS: Final = "corruptions.parquet"
CORRUPTIONS_PLOT: Final = "corruptions.png"
MATRIX_RECORD: Final = "matrix.json"
VIEW_EMBEDDINGS: Final = "_view_embeddings"
VIEW_FITS: Final = "_view_fits"
VIEW_PICTURES: Final = "_view_pictures"
"""The folders in which the embeddings of views, or their pictures, and what was learned of them are
kept until all of a matrix is there."""

ADJUST_PICTURES: Final = "_adjust_pictures"
ADJUST_TRAININGS: Final = "_adjust_trainings"
"""The folders in which pictures and trainings are kept until an adjustment is finished."""

ADJUST_RECORD: Final = "adjust.json"
ADJUST_PLOT: Final = "adjust.png"
CURVES: Final = "curves.parquet"
ADJUSTED: Final = "adjusted.pt2"
CAMERA_NUMBERS: Final = "camera.json"
STAGES: Final = "stages.parquet"
PREDICTIONS: Final = "predictions.parquet"

CHECKPOINTS: Final = "_checkpoints"
"""In the folder of trainings: how far those are that are not done."""

MODELS: Final = "models"
"""The folder of the networks that were trained, in the output."""

_MODEL_FILE: Final = re.compile(r"[a-z]{2}_[a-z]+_[a-z]+-[0-9]+\.(pt|pt2)")

ADJUST_RESULTS: Final = (
    REPORT, ADJUST_PLOT, CURVES, ADJUSTED, CAMERA_NUMBERS, STAGES, PREDICTIONS,
)  # fmt: skip
"""The files that an adjustment consists of, ``adjust.json`` apart; it may lack the last two."""

MATRIX_RESULTS: Final = (
    REPORT, MATRIX_PLOT, CORRUPTIONS_PLOT, MATRIX, CORRUPTIONS, VIEW_DIVERGENCE,
)  # fmt: skip
"""The files that a matrix consists of, ``matrix.json`` apart; it may lack some of the tables."""

TRAINED: Final = "model"
"""The folder of what a training of a generative network leaves: its model and its state."""

GENERATOR: Final = "generator.safetensors"
TRAINING_STATE: Final = "training.pt"
TRAINING_RECORD: Final = "training.json"
EARLIER_MODELS: Final = "checkpoints"
"""In the folder of the model; generators of earlier saves are in the last one."""

SAMPLES: Final = "samples"
REAL_SAMPLES: Final = "real.png"
PROGRESS: Final = "progress.parquet"
PROGRESS_PLOT: Final = "progress.png"
TRAINING_PICTURES: Final = "_training_pictures"
"""The folder in which the pictures of a training are kept until it is finished."""

CLASS_TRAININGS: Final = "classes"
"""The folder of the trainings where every class has a network of its own; a folder a class."""

VALIDATION: Final = "validation.json"
"""What was found to be wrong with images of a training, by path."""

_SAVE_FILE: Final = re.compile(r"[0-9]{6}\.(png|safetensors)")

FORENSICS: Final = "forensics.parquet"
FORENSICS_PLOT: Final = "forensics.png"
FORENSICS_RECORD: Final = "forensics.json"
WORST: Final = "worst.toml"
CAMERAS: Final = "cameras"
"""The folder of the TOML files of the worst cameras, one a part and level."""

SEARCHING: Final = "_forensics"
"""The folder in which the searches of parts are kept until all are there."""

FORENSICS_RESULTS: Final = (REPORT, FORENSICS_PLOT, FORENSICS, WORST)
"""The files that a search for cameras consists of, ``forensics.json`` and the cameras apart."""

# What a member's folder may be called on every common filesystem, as it is.
_PLAIN: Final = " !#$&'()+,-.;=@[]^_`{}~"
_WINDOWS_DEVICE: Final = re.compile(
    r"(CON|PRN|AUX|NUL|COM[1-9¹²³]|LPT[1-9¹²³]|CONIN\$|CONOUT\$) *(\.|$)", re.IGNORECASE
)
_LONGEST_NAME: Final = 255

_NUMBERED_FILE: Final = re.compile(NUMBERED + r"([0-9]{5,}\.zip|[0-9]{6,}\.tar)")

_SHARD_FILE: Final = re.compile(r"part-[0-9]{8,}-[0-9a-f]{8}\.(parquet|json)")

_EARLIER_SHARD_FILE: Final = re.compile(r"part-[0-9]{8,}\.(parquet|json)")


def zip_name(number: int) -> str:
    """``sampled_images-00012.zip``: one of several zips."""
    return f"{NUMBERED}{number:05d}.zip"


def tar_name(number: int) -> str:
    """``sampled_images-000012.tar``: numbered as the tools of webdataset number theirs."""
    return f"{NUMBERED}{number:06d}.tar"


def camera_file(part: str, level: str) -> str:
    """``isp_gamma-0.3.toml``: the worst camera of a part at a level, in the folder of cameras.

    >>> camera_file("mine:Fog", "0.3")
    'mine%3AFog-0.3.toml'
    """
    return f"{class_folder(part)}-{level}.toml"


def view_folder(code: str) -> str:
    """``bi_s_me``: the folder of a view, in the folder of a run of views."""
    return code.replace(",", "_")


def model_name(code: str, split: int, suffix: str) -> str:
    """``bi_s_me-0.pt``: the network that was trained on a view, of a split."""
    return f"{view_folder(code)}-{split}{suffix}"


def is_model(name: str) -> bool:
    """Whether a file in ``models/`` is one of ours, by its name."""
    return _MODEL_FILE.fullmatch(name) is not None


def sample_name(save: int) -> str:
    """``000010.png``: the generated images of a save."""
    return f"{save:06d}.png"


def earlier_model(save: int) -> str:
    """``000010.safetensors``: the generators of a save."""
    return f"{save:06d}.safetensors"


def is_sample(name: str) -> bool:
    """Whether a file in ``samples/`` is a picture of a save, by its name."""
    return name != REAL_SAMPLES and is_of_save(name)


def is_of_save(name: str) -> bool:
    """Whether a file in ``samples/`` or ``checkpoints/`` is of a save, by its name."""
    return name == REAL_SAMPLES or _SAVE_FILE.fullmatch(name) is not None


def is_result(name: str) -> bool:
    """Whether a file in an output folder is one of a run's results, by its name.

    >>> [is_result(name) for name in ("sampled_images-000012.tar", "sampled_images.tar")]
    [True, False]
    """
    return name in (*RESULTS, IMAGE_INDEX, VIEWS) or _NUMBERED_FILE.fullmatch(name) is not None


def has_images(name: str) -> bool:
    """Whether a file among a run's results has images; masks are not."""
    return name != MASKS and not name.endswith(".parquet")


def in_short(names: Iterable[str]) -> list[str]:
    """Names of files, the numbered ones as one, in the way that shells and webdataset write it.

    >>> in_short([tar_name(0), tar_name(1), tar_name(2), "target.parquet"])
    ['sampled_images-{000000..000002}.tar', 'target.parquet']
    """
    numbered, others = list[str](), list[str]()
    for name in names:
        (numbered if _NUMBERED_FILE.fullmatch(name) else others).append(name)
    if len(numbered) < 2:
        return numbered + others
    ends = (numbered[0], numbered[-1])
    first, last = (name.removeprefix(NUMBERED).partition(".")[0] for name in ends)
    return [f"{NUMBERED}{{{first}..{last}}}{numbered[0][-4:]}", *others]


def new_attempt() -> str:
    """A name for an attempt at a shard; no other attempt has it."""
    return uuid4().hex[:8]


def shard_name(shard: int, attempt: str) -> str:
    """``part-00000012-9f86d081.parquet``."""
    return f"part-{shard:08d}-{attempt}.parquet"


def ledger_name(shard: int, attempt: str) -> str:
    """``part-00000012-9f86d081.json``: written last; where it is, its shard is whole."""
    return f"part-{shard:08d}-{attempt}.json"


def is_shard_file(name: str) -> bool:
    """Whether a file in ``_shards/`` is one of raydrift's, by its name."""
    return name == ACCEPTED or _SHARD_FILE.fullmatch(name) is not None


def is_earlier_shard_file(name: str) -> bool:
    """Whether a shard's file had this name before every attempt had a name of its own."""
    return _EARLIER_SHARD_FILE.fullmatch(name) is not None


def member_name(sample_id: int, class_name: str | None) -> str:
    """A sample's name in the zip, in its class's folder if a class is given."""
    name = f"{sample_id:08d}.png"
    return f"{class_folder(class_name)}/{name}" if class_name else name


def class_folder(class_name: str) -> str:
    """A class's folder in the zip; ``urllib.parse.unquote`` gives the class name back.

    Letters of all scripts, digits and most signs stay. ``%``, slashes, control characters, what
    Windows forbids, a dot or blank at either end, and the first letter of a name that is a device
    to Windows are percent-encoded, so that no member can leave the folder that the zip is unpacked
    to.

    >>> class_folder("golden retriever"), class_folder("../etc"), class_folder("nul.txt")
    ('golden retriever', '%2E.%2Fetc', '%6Eul.txt')
    """
    last = len(class_name) - 1
    device = _WINDOWS_DEVICE.match(class_name)
    return "".join(
        sign
        if (sign.isalnum() or sign in _PLAIN)
        and not (sign in ". " and place in (0, last))
        and not (device and place == 0)
        else "".join(f"%{byte:02X}" for byte in sign.encode())
        for place, sign in enumerate(class_name)
    )


def check_class_folders(class_names: Iterable[str]) -> None:
    """Makes sure that every class can have a folder wherever the zip is unpacked.

    Raises:
        SettingsError: A class's folder would have a longer name than filesystems allow.
    """
    for name in class_names:
        size = len(class_folder(name).encode())
        if size > _LONGEST_NAME:
            raise SettingsError(
                f"the class {name!r} would have a folder of {size} bytes in the zip, more than "
                f"{_LONGEST_NAME}: give it a shorter name, or leave --organize-by-class out"
            )
