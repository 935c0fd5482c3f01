"""What a run found, told to the user's tracking server."""

from raydrift.engine.reports import track_reporter
from raydrift.paths import StoragePath
from raydrift.settings.mlflow import MlflowSettings
from raydrift.storage.evaluated import MeasuredRecord


def check_tracking(settings: MlflowSettings | None) -> None:
    """Makes sure, before the work, that a run can be tracked after it.

    Raises:
        SettingsError: MLflow is not installed, or the server cannot be used.
    """
    if settings is not None:
        from raydrift.tracking.mlflow_run import check_server

        check_server(settings)


def track_output(
    settings: MlflowSettings | None, output: StoragePath, record: MeasuredRecord, quiet: bool
) -> None:
    """Tracks a finished output, before what it was made of is deleted.

    Args:
        settings: The server; None: nothing is tracked.
        output: The folder.
        record: Its record.
        quiet: Whether it is not said where.

    Raises:
        TrackingError: The server does not take it. What was found is whole, and so is what it was
            made of: the same command has little to do until it is here again.
    """
    if settings is None:
        return
    from raydrift.tracking.mlflow_run import track

    found = track(settings, output, type(record))
    said = "tracked" if found.is_new else "was tracked before"
    track_reporter(quiet)(f"mlflow: {said}: {found.place}")
