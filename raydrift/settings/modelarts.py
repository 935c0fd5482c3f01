"""The names that ModelArts' image generation operators have for their settings, and ours.

``max_epoch`` of CycleGan is ``epochs`` of the table ``train``, and so on. Defaults are theirs, too:
ours are the same. Hyphens and underscores are one: StyleGan's parameters are written with both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from raydrift.errors import SettingsError, suggest

_Path = tuple[str, ...]

_PREDICT: Final = "predict"
_RESUME: Final = "resume"
_TRUE: Final = (True, 1, "true")
_FALSE: Final = (False, 0, "false", "", None)


@dataclass(frozen=True)
class Operator:
    """One of the operators.

    Attributes:
        name: As ModelArts calls it.
        settings: Its parameters, with underscores: where each stands in our settings; several
            places get the same value. ``predict`` and ``resume`` are apart: with ``predict`` a
            ``resume`` is the model that makes the images, without it the training starts from it.
    """

    name: str
    settings: Mapping[str, tuple[_Path, ...]]

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of all its parameters."""
        return (*self.settings, _PREDICT, _RESUME)


CYCLEGAN: Final = Operator(
    "CycleGan",
    {
        "do_validation": (("validate", "check"),),
        "image_channel": (("channels",),),
        "image_height": (("image", "height"),),
        "image_width": (("image", "width"),),
        "batch_size": (("train", "batch_size"),),
        "max_epoch": (("train", "epochs"),),
        "g_learning_rate": (("train", "generator_rate"),),
        "d_learning_rate": (("train", "discriminator_rate"),),
        "log_frequency": (("train", "log_every"),),
        "save_frequency": (("train", "save_every"),),
    },
)

STYLEGAN: Final = Operator(
    "StyleGan",
    {
        "do_validation": (("validate", "check"),),
        "resolution": (("image", "height"), ("image", "width")),
        "batch_size": (("train", "batch_size"),),
        "total_kimg": (("train", "kimg"),),
        "generate_num": (("num_samples",),),
    },
)


def modelarts_values(parameters: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
    """The settings that an operator's parameters stand for.

    Args:
        parameters: By their names, with hyphens or underscores.
        operator: Whose they are.

    Returns:
        The values nested as a TOML file has them.

    Raises:
        SettingsError: One has an unknown name, or two are the same; or there is to be no training
            and no model is named.

    >>> modelarts_values({"total-kimg": 10, "resolution": 64}, STYLEGAN)
    {'image': {'height': 64, 'width': 64}, 'train': {'kimg': 10}}
    """
    for name in parameters:
        if _plain(name) not in operator.parameters:
            raise SettingsError(
                f"{operator.name} has no parameter {name!r}: "
                f"{suggest(_plain(name), operator.parameters)}"
            )
    return with_our_names(parameters, operator)


def with_our_names(values: Mapping[str, Any], operator: Operator) -> dict[str, Any]:
    """Gives the settings of a TOML file our names where it has those of an operator.

    Args:
        values: The settings, nested as in TOML; an operator's parameters stand outside the tables.
        operator: Whose names they may have.

    Returns:
        The settings with our names alone; others than an operator's stay as they are.

    Raises:
        SettingsError: A setting is given under both names; or there is to be no training and no
            model is named.

    >>> with_our_names({"seed": 7, "max_epoch": 20, "train": {"workers": 2}}, CYCLEGAN)
    {'seed': 7, 'train': {'workers': 2, 'epochs': 20}}
    """
    theirs = dict[str, tuple[str, Any]]()
    ours = dict[str, Any]()
    for name, value in values.items():
        plain = _plain(name)
        if plain not in operator.parameters:
            ours[name] = dict(value) if isinstance(value, Mapping) else value
        elif plain in theirs:
            raise SettingsError(f"{theirs[plain][0]} and {name} are the same: leave one out")
        else:
            theirs[plain] = name, value
    for plain, places in operator.settings.items():
        if plain in theirs:
            for place in places:
                _put(ours, place, *theirs[plain])
    _put_model(ours, theirs)
    return ours


def _put_model(ours: dict[str, Any], theirs: Mapping[str, tuple[str, Any]]) -> None:
    """``resume`` is the model, or where the training starts from."""
    predict = _is_true(*theirs.get(_PREDICT, (_PREDICT, False)))
    resume = theirs.get(_RESUME, (_RESUME, None))[1] or None
    if predict and resume is None and ours.get("model") is None:
        raise SettingsError(
            "predict is true, and no model is named: give resume = PATH, the folder of a finished "
            "run or its generator.safetensors"
        )
    if resume is not None:
        _put(ours, ("model",) if predict else ("train", "resume"), _RESUME, resume)


def _is_true(name: str, value: object) -> bool:
    plain = value.lower() if isinstance(value, str) else value
    if plain not in (*_TRUE, *_FALSE):
        raise SettingsError(f"{name} is {value!r}: give true or false")
    return plain in _TRUE


def _put(ours: dict[str, Any], place: _Path, name: str, value: object) -> None:
    inside: Any = ours
    for table in place[:-1]:
        inside = inside.setdefault(table, {})
        if not isinstance(inside, dict):
            raise SettingsError(f"{table} is {inside!r}: write it as a table, [{table}]")
    if inside.get(place[-1]) is not None:
        raise SettingsError(f"{name} is {'.'.join(place)}, which is given too: leave one out")
    inside[place[-1]] = value


def _plain(name: str) -> str:
    return name.replace("-", "_")
