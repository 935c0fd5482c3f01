"""The ways in which an image can drift: their names, their classes, and how strongly."""

from raydrift.transforms.catalogue import plain_name, plain_transforms, transform_class
from raydrift.transforms.info import TransformInfo, check_level, split_level
from raydrift.transforms.names import SETUPS, ImageTransform, Name
from raydrift.transforms.profile import DriftProfile
from raydrift.transforms.transform import Parameters, Transform

__all__ = [
    "SETUPS",
    "DriftProfile",
    "ImageTransform",
    "Name",
    "Parameters",
    "Transform",
    "TransformInfo",
    "check_level",
    "plain_name",
    "plain_transforms",
    "split_level",
    "transform_class",
]
