"""The Arrow schema of every table that is written to disk."""

from typing import Final

import pyarrow as pa

EMBEDDING_SIZE: Final = 512
"""Values in one embedding: the width of ResNet18's last pooling layer."""

INPUT_MAPPING: Final = pa.schema(
    [("sample_id", pa.int64()), ("timestamp", pa.float64()), ("file_name", pa.string())]
)
"""``input_mapping.parquet``: which member of the zip a sample is."""

TARGET: Final = pa.schema(
    [("sample_id", pa.int64()), ("timestamp", pa.float64()), ("label", pa.int64())]
)
"""``target.parquet``: which label a sample has."""

EMBEDDINGS: Final = pa.schema(
    [
        ("sample_id", pa.int64()),
        ("timestamp", pa.float64()),
        ("embedding", pa.list_(pa.float64(), EMBEDDING_SIZE)),
    ]
)
"""``embeddings.parquet``: what the network saw in a sample."""

TRANSFORMS: Final = pa.list_(
    pa.struct(
        [
            ("type", pa.string()),
            ("level", pa.float64()),
            ("kernel", pa.string()),
            ("parameters", pa.string()),
        ]
    )
)
"""A sample's transforms in order: as asked for (type, level), and as drawn (kernel, parameters).

The parameters are a JSON object, ``{"degrees": 12.5}``."""

PROVENANCE: Final = pa.schema(
    [
        ("sample_id", pa.int64()),
        ("source_path", pa.string()),
        ("class_name", pa.string()),
        ("drifted", pa.bool_()),
        ("level", pa.float64()),
        ("reason", pa.string()),
        ("transforms", TRANSFORMS),
        ("content_crc", pa.int64()),
        ("profile", pa.string()),
    ]
)
"""``provenance.parquet``: where a sample came from, whether it drifted, how strongly (the largest
level in force on it), why, all that was done to it, the CRC-32 of its file and its mask, and the
name of the colour profile that was applied to it, if one was."""

VIEWS: Final = pa.schema(
    [
        ("sample_id", pa.int64()),
        ("view", pa.string()),
        ("class_name", pa.string()),
        ("label", pa.int64()),
        ("source_path", pa.string()),
        ("folder", pa.string()),
        ("file_name", pa.string()),
    ]
)
"""``views.parquet``: of each sample and view the picture, as the folder of the view and the member
of its zip."""

CAMERA: Final = pa.field("camera", pa.string())
"""What a raw file was developed with, a JSON object (``drift.camera.raw.camera_facts``)."""

RAW: Final = (CAMERA, pa.field("row", pa.int32()), pa.field("column", pa.int32()))
"""Columns of ``provenance.parquet`` and of the shards where the input is raw files: the camera, and
the first pixel of the tile of the mosaic that the sample is, null where it is the whole."""

COPY: Final = (pa.field("draw_id", pa.int64()), pa.field("epoch", pa.int32()))
"""Columns of ``provenance.parquet`` and of the shards where each image comes several times: what
was drawn is keyed by them, and not by the sample's place: the image's row in the whole input,
sorted by path, and the epoch."""

REPLACED_BY: Final = pa.field("replaced_by", pa.string())
"""Column of ``provenance.parquet`` and of the shards where a drift replaces images: the path of the
image of another set that came in the place of the sample's own, null where none did."""

REJECTED: Final = pa.schema(
    [
        ("sample_id", pa.int64()),
        ("path", pa.string()),
        ("stage", pa.string()),
        ("error", pa.string()),
        ("content_crc", pa.int64()),
    ]
)
"""``rejected.parquet``: the images that could not be used, why, and the CRC-32 of their files, null
where these could not be read."""

IMAGE_INDEX: Final = pa.schema(
    [
        ("sample_id", pa.int64()),
        ("container", pa.string()),
        ("offset", pa.int64()),
        ("size", pa.int64()),
    ]
)
"""``image_index.parquet``, beside tar files, which have no directory: in which of them a sample's
PNG is, from which byte on, and how many bytes it has."""

METRICS: Final = pa.schema(
    [
        ("batch", pa.int64()),
        ("level", pa.float64()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("samples", pa.int64()),
    ]
)
"""``metrics.parquet``: each metric of each batch at each level; null where the batch is too small
for it. ``samples`` are the images of the batch that could be used."""

GAN_PROGRESS: Final = pa.schema(
    [
        ("step", pa.int64()),
        ("images", pa.int64()),
        ("seconds", pa.float64()),
        ("name", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
    ]
)
"""``progress.parquet`` of a training: what was found after so many steps, real images and seconds.
Losses and learning rates, the chance of augmentation, images a second, and measures of generated
images with their 95 % intervals, null without one; a value is NaN where it is not defined."""

CLASS_DRIFT: Final = pa.schema(
    [
        ("level", pa.float64()),
        ("class_name", pa.string()),
        ("samples", pa.int64()),
        ("mean", pa.float64()),
        ("lower_quartile", pa.float64()),
        ("median", pa.float64()),
        ("upper_quartile", pa.float64()),
    ]
)
"""``class_drift.parquet``: ``kl_softmax`` of the single images of a class at a level, nats."""

TASK_SCORES: Final = pa.schema(
    [
        ("level", pa.float64()),
        ("class_name", pa.string()),
        ("samples", pa.int64()),
        ("accuracy", pa.float64()),
        ("f1", pa.float64()),
        ("nll", pa.float64()),
        ("ece", pa.float64()),
        ("iou", pa.float64()),
    ]
)
"""``task.parquet``: what the user's model gets right at each level, null for the originals, of the
images of a class, null for all: accuracy (of a class: the share of its images that is right), F1
(of all: the mean over the classes that there are or that were predicted), mean negative log
likelihood, nats, and expected calibration error in 15 equal bins; or, of a model that answers for
each pixel, intersection over union (of all: the mean over the classes that there are). A score that
has nothing to be taken of is null."""

FORENSICS: Final = pa.schema(
    [
        ("part", pa.string()),
        ("level", pa.float64()),
        ("samples", pa.int64()),
        ("accuracy", pa.float64()),
        ("iou", pa.float64()),
        ("loss", pa.float64()),
        ("climbed", pa.float64()),
        ("drawn_accuracy", pa.float64()),
        ("drawn_iou", pa.float64()),
        ("found_part", pa.string()),
        ("found_level", pa.float64()),
        ("camera", pa.string()),
    ]
)
"""``forensics.parquet``: what the worst camera that was found for a part and a level leaves of a
model: accuracy, or mean intersection over union of a model that answers for each pixel, mean cross
entropy, nats, and that less its penalty, null without one; what drift as ``generate`` draws it
leaves at that level; for which part and level the camera was found, which may be a lower one; and
the camera, a JSON object with the names of ``provenance.parquet``. The first row, whose part and
level are null, is of the originals."""

MATRIX: Final = pa.schema(
    [
        ("train_view", pa.string()),
        ("test_view", pa.string()),
        ("split", pa.int64()),
        ("samples", pa.int64()),
        ("accuracy", pa.float64()),
        ("f1", pa.float64()),
    ]
)
"""``matrix.parquet``: what a probe or a network that was trained on one view gets right on another
one, of the test part of each split: how many samples that has, the share that is right, and the
mean over the classes of F1."""

MATRIX_IOU: Final = pa.schema(
    [
        ("train_view", pa.string()),
        ("test_view", pa.string()),
        ("split", pa.int64()),
        ("samples", pa.int64()),
        ("iou", pa.float64()),
    ]
)
"""``matrix.parquet`` of networks that learn masks: intersection over union of the foreground, of
the pixels of all images of the test part; 1 where there is none, and none is found."""

_CORRUPTION: Final = (pa.field("corruption", pa.string()), pa.field("severity", pa.int64()))

FITTED: Final = pa.schema([*MATRIX, *_CORRUPTION])
FITTED_IOU: Final = pa.schema([*MATRIX_IOU, *_CORRUPTION])
"""What a fit gets right on each view, and on its own view under each corruption and severity; these
are null where nothing is corrupted."""

CORRUPTIONS: Final = pa.schema(
    [pa.field("view", pa.string()), *_CORRUPTION, *list(MATRIX)[MATRIX.get_field_index("split") :]]
)
"""``corruptions.parquet``: what a probe or a network that was trained on a view gets right on the
same view when its pictures are corrupted, of the test part of each split; otherwise as
``matrix.parquet``."""

CORRUPTIONS_IOU: Final = pa.schema([*list(CORRUPTIONS)[:5], MATRIX_IOU.field("iou")])
"""``corruptions.parquet`` of networks that learn masks, which stay as they are."""

CURVES: Final = pa.schema(
    [
        ("training", pa.string()),
        ("split", pa.int64()),
        ("epoch", pa.int64()),
        ("samples", pa.int64()),
        ("loss", pa.float64()),
        ("quality", pa.float64()),
        ("f1", pa.float64()),
        ("nll", pa.float64()),
    ]
)
"""``curves.parquet``: how the trainings of an adjustment stood after each epoch, of the images that
they did not learn from: how many these are, the mean loss of the epoch's steps (null before the
first), accuracy or mean IoU, and of classes the mean of F1 and the negative log likelihood, nats.
``training`` is ``learned`` (the camera too), ``frozen`` (the model alone), or one of ``original``
and ``drifted``: the user's model without any training, on images as they are and drifted."""

STAGES: Final = pa.schema(
    [
        ("training", pa.string()),
        ("split", pa.int64()),
        ("sample_id", pa.int64()),
        ("source_path", pa.string()),
        ("stage", pa.string()),
        ("picture", pa.binary()),
        ("height", pa.int64()),
        ("width", pa.int64()),
        ("values", pa.binary()),
        ("gradient", pa.binary()),
    ]
)
"""``stages.parquet``: what each stage of a camera makes of some images at the end of a training, in
the order of the stages: a PNG, cut off at black and white; the numbers, and how the loss of the
image changes with each of them, little-endian float32 of shape (3, height, width). The last stage,
``shown``, is what the model gets."""

PREDICTIONS: Final = pa.schema(
    [
        ("training", pa.string()),
        ("split", pa.int64()),
        ("sample_id", pa.int64()),
        ("source_path", pa.string()),
        ("class_name", pa.string()),
        ("label", pa.int64()),
        ("predicted", pa.int64()),
        ("logits", pa.list_(pa.float32())),
    ]
)
"""``predictions.parquet``: what a model answers at the end of a training about each image that it
did not learn from: ``predicted`` is the label of the largest of its ``logits``, which stand in the
order of the labels."""

VIEW_DIVERGENCE: Final = pa.schema(
    [
        ("batch", pa.int64()),
        ("of_view", pa.string()),
        ("from_view", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
    ]
)
"""``view_divergence.parquet``: how far the pictures of one view are from those that another one
makes of the same images, batch by batch; null where a batch is too small for the metric."""

FILE_RANGE: Final = pa.struct(
    [("path", pa.string()), ("offset", pa.int64()), ("size", pa.int64()), ("name", pa.string())]
)
"""A file, or a range of its bytes, as the fields of ``paths.FileRange``."""

REPLACED: Final = pa.struct([("set", pa.int32()), *FILE_RANGE])
"""Where the image is that replaces a sample's own: in the set of which drift, and where there."""

TASK: Final = pa.schema(
    [
        ("shard", pa.int64()),
        ("sample_id", pa.int64()),
        ("timestamp", pa.float64()),
        ("source_path", pa.string()),
        ("class_name", pa.string()),
        ("label", pa.int64()),
        ("where", pa.list_(pa.bool_())),
        ("file_state", pa.int64()),
        ("row", pa.int32()),
        ("column", pa.int32()),
        ("mask", pa.string()),
        ("twin", FILE_RANGE),
        ("replaced", REPLACED),
        *COPY,
    ]
)
"""What a worker is told of each sample of its shard; ``where``: which drifts are meant for it, one
value a drift, none where each is meant for all; ``file_state``: ``Catalog.states``; ``row`` and
``column``: the first pixel of the tile of its file that it is, null of a whole file; ``mask``: the
path of its mask, null where it has none; ``twin``: where its twin is, likewise; ``replaced``: where
the image is that replaces it, likewise; ``draw_id`` and ``epoch``: what keys its draws, null where
its own number does."""

REMARKS: Final = pa.list_(
    pa.struct([("text", pa.string()), ("images", pa.int64()), ("examples", pa.list_(pa.string()))])
)
"""A shard's remarks on its images: the text, how many images it is true of, and a few of them."""

VIEWED: Final = pa.schema(
    [
        ("sample_id", pa.int64()),
        ("class_name", pa.string()),
        ("label", pa.int64()),
        ("source_path", pa.string()),
        ("file_name", pa.string()),
        ("content_crc", pa.int64()),
    ]
)
"""``_shards/part-*.parquet`` of a run of views, whose images are in the shards of the views."""

IMAGE: Final = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""An image file as Hugging Face ``datasets`` stores it."""


def provenance(raw: bool, copies: bool = False, replaced: bool = False) -> pa.Schema:
    """``provenance.parquet``, of photographs or of raw files, once each or as copies.

    Args:
        raw: Whether the input is raw files.
        copies: Whether each image comes several times.
        replaced: Whether a drift replaces images.
    """
    also = (*(RAW if raw else ()), *(COPY if copies else ()), *([REPLACED_BY] if replaced else ()))
    return pa.schema([*PROVENANCE, *also])


def shard(
    embeddings: bool,
    raw: bool = False,
    masks: bool = False,
    copies: bool = False,
    replaced: bool = False,
) -> pa.Schema:
    """``_shards/part-*.parquet``: everything there is to know of a shard's samples."""
    names = ("sample_id", "timestamp", "label", "class_name", "source_path")
    types = (pa.int64(), pa.float64(), pa.int64(), pa.string(), pa.string())
    columns = [pa.field(name, kind) for name, kind in zip(names, types, strict=True)]
    columns += [
        pa.field("file_name", pa.string()),
        pa.field("image", IMAGE),
    ]
    if masks:
        columns.append(pa.field("mask", IMAGE))
    columns += [
        PROVENANCE.field(name)
        for name in ("drifted", "level", "reason", "transforms", "content_crc", "profile")
    ]
    if raw:
        columns += RAW
    if copies:
        columns += COPY
    if replaced:
        columns.append(REPLACED_BY)
    if embeddings:
        columns.append(pa.field("embedding", EMBEDDINGS.field("embedding").type))
    return pa.schema(columns)
