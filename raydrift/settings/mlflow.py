"""Where what was found is tracked."""

from dataclasses import dataclass, field

from raydrift.checked import check_types, require
from raydrift.errors import SettingsError

EXPERIMENT = "raydrift"
"""The experiment, unless another is named."""


@dataclass(frozen=True)
class MlflowSettings:
    """The MLflow server that is told what a run found.

    Attributes:
        uri: The tracking server, as ``http://127.0.0.1:5000``, or another store that MLflow knows;
            how to log in is read from MLflow's environment variables.
        experiment: The experiment, which is made if it is not there.
        run: The name of the MLflow run; None: the command and the name of the output folder.

    Raises:
        SettingsError: (a ``ValueError``) One of them is empty, or no text.
    """

    uri: str = field(repr=False)  # it may hold a login
    experiment: str = EXPERIMENT
    run: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.uri, str):  # whatever it is, it is not shown
            raise SettingsError("mlflow.uri is no text: give a URI, as http://127.0.0.1:5000")
        check_types(self, "mlflow.")
        wanted = "give a URI, as http://127.0.0.1:5000"
        require(bool(self.uri.strip()), "mlflow.uri", self.uri, wanted)
        for name in ("experiment", "run"):
            value = getattr(self, name)
            ok = value is None or bool(value.strip())
            require(ok, f"mlflow.{name}", value, "give a name, or leave it out")


def mlflow_given(given: MlflowSettings | str | None) -> MlflowSettings | None:
    """What a Python face was given: the settings, or the URI alone.

    Raises:
        SettingsError: It is neither.

    >>> mlflow_given("http://127.0.0.1:5000").experiment
    'raydrift'
    """
    if given is None or isinstance(given, MlflowSettings):
        return given
    return MlflowSettings(given)
