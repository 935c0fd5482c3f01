"""The written form of the settings: a TOML file, flags, ``run.json``."""

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, cast, get_args, get_type_hints

from raydrift.errors import SettingsError, suggest
from raydrift.schedules.drift import Drift, plain_transforms
from raydrift.schedules.label_shift import LabelShift
from raydrift.settings.adjust import AdjustSettings
from raydrift.settings.corruptions import severities
from raydrift.settings.experiment import CalibrateSettings, EvaluateSettings
from raydrift.settings.forensics import ForensicsSettings, SearchSettings
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.levels import parse_levels
from raydrift.settings.matrix import MatrixSettings
from raydrift.settings.mlflow import MlflowSettings
from raydrift.settings.ranges import plain_range
from raydrift.settings.sweep import LEVELS, Sweep
from raydrift.settings.task import TaskSettings
from raydrift.settings.train import NETWORKS, TrainSettings
from raydrift.settings.views import ViewsSettings, view_codes
from raydrift.transforms import SETUPS, DriftProfile, ImageTransform, TransformInfo

T = TypeVar("T")
V = TypeVar("V", bound=ViewsSettings)

UNWRITTEN: Final = "(nothing is written)"
"""The output of settings by which nothing is written."""

_WANTED: Final = {
    "int": "give a whole number",
    "float": "give a number",
    "bool": "give true or false",
    "string": "give text",
    "dict": "write it as a table",
    "mapping": "write it as a table",
    "tuple": "write a list",
    "list": "write a list",
}
"""What to write, by the first word of pydantic's kinds of errors."""

_TYPES: Final = ("int", "float", "str", "bool")
"""How pydantic tells apart the types that one setting may have."""


def as_dict(settings: GenerateSettings) -> dict[str, Any]:
    """The settings as plain values, the way a TOML file or ``run.json`` holds them.

    Storage options are left out: they may be credentials.
    """
    plain = asdict(settings)
    del plain["storage_options"]
    plain["catalog"]["exclude"] = list(settings.catalog.exclude)
    plain["profile"] = settings.profile.written()
    plain["image"]["value_range"] = plain_range(settings.image.value_range)
    plain["transforms"] = [str(info) for info in settings.transforms]
    plain["drift"] = [drift.written() for drift in settings.drift]
    plain["label_shift"] = [shift.written() for shift in settings.label_shift]
    return plain


def read_toml(path: str) -> dict[str, Any]:
    """Reads a TOML file of settings; ``generate_settings`` checks what it says.

    Raises:
        SettingsError: There is no such file, or it is not TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"config file {path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"config file {path} is not TOML: {error}") from None


def generate_settings(values: Mapping[str, Any]) -> GenerateSettings:
    """Builds the settings of a run from plain values.

    Args:
        values: Nested as in TOML; ``transforms`` are written ``"NAME:LEVEL"``, ``drift`` and
            ``label_shift`` are lists of tables.

    Raises:
        SettingsError: An unknown key, a wrong type or a value out of range; the message names the
            key and what to write instead.

    >>> generate_settings({"input": "a", "output": "b", "transforms": ["hue:1"]}).transforms
    (TransformInfo(transf_type=<ImageTransform.HUE: 'hue'>, drift_level=1.0),)
    """
    values = dict(values)
    values["profile"] = _profile(values.get("profile", {}), values)
    check_keys(GenerateSettings, values, "")
    for name in ("input", "output"):
        if name not in values:
            raise SettingsError(f"{name} is missing: name it on the command line or in the file")
    values["transforms"] = _transforms(values.get("transforms", ()))
    values["drift"] = _tables(Drift, "drift", values.get("drift", ()))
    values["label_shift"] = _tables(LabelShift, "label_shift", values.get("label_shift", ()))
    if isinstance(cluster := values.get("cluster"), Mapping):
        values["cluster"] = {name: _counted(name, value) for name, value in cluster.items()}
    return checked_as(GenerateSettings, values)


def evaluate_settings(values: Mapping[str, Any]) -> EvaluateSettings:
    """Builds the settings of an experiment from plain values.

    Args:
        values: Those of a run, and ``levels``, ``batches`` and the tables ``task`` and ``mlflow``;
            ``transforms`` without a level sweep.

    Raises:
        SettingsError: As for ``generate_settings``.

    >>> settings = evaluate_settings({"input": "a", "output": "b", "levels": "0.5,1"})
    >>> print(settings.sweep, settings.sweep.levels)
    default (0.5, 1.0)
    """
    values = dict(values)
    levels, batches = _levels(values.pop("levels", LEVELS)), values.pop("batches", None)
    task, mlflow = _task(values.pop("task", None)), mlflow_settings(values.pop("mlflow", None))
    transforms = values.pop("transforms", [str(ImageTransform.DEFAULT)])
    if isinstance(batches, bool) or not isinstance(batches, int | None):
        raise SettingsError(f"batches is {batches!r}: give a whole number")
    written = _listed(transforms)
    if not all(isinstance(one, str) for one in written):
        raise SettingsError(f'transforms is {transforms!r}: write a list, ["default"]')
    sweep = Sweep.parse([str(one) for one in written], levels)
    return EvaluateSettings(generate_settings(values), sweep, batches, task, mlflow)


def views_settings(values: Mapping[str, Any]) -> ViewsSettings:
    """Builds the settings of a run of views from plain values.

    Args:
        values: Those of a run, and ``views`` and ``compat``.

    Raises:
        SettingsError: As for ``generate_settings``.

    >>> views_settings({"input": "a", "output": "b", "views": ["bi,s,ga"]}).views
    ('bi,s,ga',)
    """
    return _settings_of_views(ViewsSettings, values)


def matrix_settings(values: Mapping[str, Any]) -> MatrixSettings:
    """Builds the settings of a matrix from plain values.

    Args:
        values: Those of a run of views; ``splits``, ``train_size``, ``divergence``, ``corruptions``
            and the tables ``train`` and ``mlflow``.

    Raises:
        SettingsError: As for ``generate_settings``.

    >>> matrix_settings({"input": "a", "output": "b", "views": ["bi,s,ga", "me,u,me"]}).splits
    5
    """
    tables = {"train": _train(values.get("train")), "mlflow": mlflow_settings(values.get("mlflow"))}
    return _settings_of_views(MatrixSettings, {**values, **tables})


def forensics_settings(values: Mapping[str, Any]) -> ForensicsSettings:
    """Builds the settings of a search for the cameras that harm a model most from plain values.

    Args:
        values: Those of a run, ``levels``, and the tables ``task``, ``forensics`` and ``mlflow``.

    Raises:
        SettingsError: As for ``generate_settings``, or no model is named.

    >>> task, parts = {"model": "m.pt2"}, "isp_gamma,isp_black_level"
    >>> found = forensics_settings(
    ...     {"input": "a", "output": "b", "task": task, "forensics": {"parts": parts}})
    >>> found.parts
    ('isp_gamma', 'isp_black_level')
    """
    values = dict(values)
    levels = parse_levels(_levels(values.pop("levels", LEVELS)))
    task, asked = _task(values.pop("task", None)), values.pop("forensics", {})
    mlflow = mlflow_settings(values.pop("mlflow", None))
    if not isinstance(asked, Mapping):
        raise SettingsError(f"forensics is {asked!r}: write it as a table, [forensics]")
    check_keys(SearchSettings, asked, "forensics.")
    run = generate_settings(values)
    if task is None:
        raise SettingsError("task is missing: whom do cameras harm? give --task PATH, or [task]")
    return ForensicsSettings(run, task, SearchSettings(**asked), levels, mlflow)


def _levels(written: object) -> str:
    """Levels as they are written on the command line."""
    if isinstance(written, Iterable) and not isinstance(written, str | bytes | Mapping):
        written = ",".join(map(str, written))
    if not isinstance(written, str):
        raise SettingsError(f'levels is {written!r}: write "{LEVELS}" or a list, [0.2, 0.4]')
    return written


def _settings_of_views(kind: type[V], values: Mapping[str, Any]) -> V:
    values = dict(values)
    names = [item.name for item in fields(kind) if item.name != "run"]
    own: dict[str, Any] = {name: values.pop(name) for name in names if name in values}
    if "views" in own:
        own["views"] = view_codes(own["views"])
    if "corruptions" in own:
        own["corruptions"] = severities(own["corruptions"])
    return checked_as(kind, {"run": generate_settings(values), **own})


def adjust_settings(values: Mapping[str, Any]) -> AdjustSettings:
    """Builds the settings of an adjustment from plain values.

    Args:
        values: Those of a run, the tables ``task`` and ``mlflow``, and the other fields of
            ``AdjustSettings``.

    Raises:
        SettingsError: As for ``generate_settings``; or there is no model.

    >>> adjust_settings({"input": "a", "output": "b", "task": {"model": "m.pt2"}}).epochs
    30
    """
    values = dict(values)
    task, mlflow = _task(values.pop("task", None)), mlflow_settings(values.pop("mlflow", None))
    if task is None:
        raise SettingsError("task.model is missing: give --task MODEL, or model in [task]")
    tables: dict[str, Any] = {"task": task, "mlflow": mlflow}
    names = {item.name for item in fields(AdjustSettings)} - {"run", *tables}
    own: dict[str, Any] = {name: values.pop(name) for name in names if name in values}
    return checked_as(AdjustSettings, {"run": generate_settings(values), **tables, **own})


def calibrate_settings(values: Mapping[str, Any]) -> CalibrateSettings:
    """Builds the settings of a calibration from plain values.

    Args:
        values: Those of an experiment, without its output; ``calibration`` has the profile to
            write, the metric, the target, the plot and ``for_images``; ``task`` and ``mlflow`` are
            left aside.

    Raises:
        SettingsError: As for ``generate_settings``.

    >>> calibrate_settings({"input": "a", "calibration": {"target": 0.5}}).target
    0.5
    """
    values = dict(values)
    asked = values.pop("calibration", {})
    if not isinstance(asked, Mapping):
        raise SettingsError(f"calibration is {asked!r}: write it as a table, [calibration]")
    names = [item.name for item in fields(CalibrateSettings) if item.name not in ("run", "sweep")]
    for key in asked:
        if key not in names:
            raise SettingsError(f"unknown key calibration.{key}: {suggest(key, names)}")
    found = evaluate_settings(values | {"output": UNWRITTEN})
    return checked_as(
        CalibrateSettings, {"run": found.run, "sweep": found.sweep, **asked}, "calibration."
    )


def checked_as(kind: type[T], values: Mapping[str, Any], prefix: str = "") -> T:
    """The settings of these values, each of the type that it has to be."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, SettingsError):
            raise cause from None
        # One of several types that a value may have is named with brackets.
        key = prefix + ".".join(part for part in map(str, first["loc"]) if _is_key(part))
        value = "not to be shown" if key.startswith("storage_options") else repr(first["input"])
        remedy = _WANTED.get(first["type"].partition("_")[0], _lower(first["msg"]))
        raise SettingsError(f"{key} is {value}: {remedy}") from None


def _is_key(part: str) -> bool:
    """Whether a part of pydantic's place is a key, and not one of the types a value may have."""
    return "[" not in part and part not in _TYPES


def _counted(name: str, value: object) -> object:
    """A setting of the cluster; those that count processes may be ``auto``, or a flag's digits."""
    if name not in ("workers", "embedders") or not isinstance(value, str):
        return value
    if value == "auto":
        return None
    try:
        return int(value)
    except ValueError:
        raise SettingsError(
            f'cluster.{name} is {value!r}: give a whole number, or "auto"'
        ) from None


def _profile(written: object, values: dict[str, Any]) -> DriftProfile:
    """The profile; what families share stands in tables of its own, which are taken out."""
    shared = {name: values.pop(name) for name in SETUPS if name in values}
    if isinstance(written, DriftProfile):
        return replace(written, **shared) if shared else written
    if not isinstance(written, Mapping):
        raise SettingsError(f"profile is {written!r}: write it as tables, [profile.rotate]")
    return DriftProfile(**{**written, **shared})


def _task(written: object) -> TaskSettings | None:
    missing = "task.model is missing: give --task PATH, or model in [task]"
    return _own_table(TaskSettings, "task", written, "model", missing)


def mlflow_settings(written: object) -> MlflowSettings | None:
    """What the table ``[mlflow]`` says, or a URI in its place; None: nothing."""
    missing = "mlflow.uri is missing: give --mlflow URI, or uri in [mlflow]"
    if isinstance(written, str):
        return MlflowSettings(written)
    return _own_table(MlflowSettings, "mlflow", written, "uri", missing)


def _train(written: object) -> TrainSettings | None:
    missing = (
        "train.network is missing: give --train NETWORK, or network in [train]: one of "
        f"{', '.join(NETWORKS)}"
    )
    return _own_table(TrainSettings, "train", written, "network", missing)


def _own_table(kind: type[T], name: str, written: object, needed: str, missing: str) -> T | None:
    """The settings of a table that may be left out; a key of it is needed."""
    if written is None or isinstance(written, kind):
        return written
    if not isinstance(written, Mapping):
        raise SettingsError(f"{name} is {written!r}: write it as a table, [{name}]")
    check_keys(kind, written, f"{name}.")
    if needed not in written:
        raise SettingsError(missing)
    return kind(**written)


def _listed(written: object) -> list[Any]:
    if not isinstance(written, Iterable) or isinstance(written, str | bytes | Mapping):
        raise SettingsError(f'transforms is {written!r}: write a list, ["gaussian_blur:0.5"]')
    return list(written)


def _transforms(written: object) -> tuple[TransformInfo, ...]:
    return plain_transforms(written, "transforms") if written not in ((), []) else ()


def _tables(kind: Callable[..., T], name: str, written: object) -> list[T]:
    """The drifts or label shifts of a list of tables; what is wrong is said of its number."""
    if not isinstance(written, Sequence) or isinstance(written, str | bytes):
        raise SettingsError(f"{name} is {written!r}: write it as a table, [[{name}]]")
    return [_table(kind, f"{name} {number}", one) for number, one in enumerate(written, 1)]


def _table(kind: Callable[..., T], name: str, one: object) -> T:
    if not isinstance(one, Mapping):
        if is_dataclass(one):
            return cast(T, one)
        raise SettingsError(f"{name} is {one!r}: write it as a table, [[{name.split()[0]}]]")
    keys = [item.name for item in fields(cast(Any, kind))]
    for key in one:
        if key not in keys:
            raise SettingsError(f"{name} has an unknown key {key}: {suggest(key, keys)}")
    try:
        return kind(**one)
    except SettingsError as error:
        raise SettingsError(f"{name}: {error}") from None


def check_keys(kind: type, values: Mapping[str, Any], prefix: str) -> None:
    """Refuses keys that a dataclass, or one in it, does not have.

    Raises:
        SettingsError: There is one; the message suggests another.
    """
    hints = get_type_hints(kind)
    for key, value in values.items():
        if key not in hints:
            raise SettingsError(f"unknown key {prefix}{key}: {suggest(key, hints)}")
        hint = hints[key]
        either = get_args(hint) if isinstance(hint, UnionType) else (hint,)
        table = next(filter(is_dataclass, either), None)
        if value is None and NoneType in either:
            continue
        if table is not None and not is_dataclass(value):
            if not isinstance(value, Mapping):
                raise SettingsError(f"{prefix}{key} is {value!r}: write it as a table, [{key}]")
            check_keys(cast(type, table), value, f"{prefix}{key}.")


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
