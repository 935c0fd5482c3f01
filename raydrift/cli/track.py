"""``raydrift track``: tells MLflow of an output that is finished already."""

from typing import Annotated

import typer

from raydrift.cli.options import Mlflow, MlflowExperiment, MlflowRun


def track(
    output: Annotated[
        str, typer.Argument(help="Finished output of evaluate, matrix, forensics or adjust.")
    ],
    mlflow: Mlflow = None,
    mlflow_experiment: MlflowExperiment = None,
    mlflow_run: MlflowRun = None,
    config: Annotated[
        str | None,
        typer.Option(metavar="FILE.toml", help="Whose tables mlflow and storage_options are used."),
    ] = None,
) -> None:
    """Log a finished output to MLflow: settings, numbers, plots, tables, models. Needs no Ray.

    One MLflow run is made, and none if the same result is there already.
    """
    from raydrift.cli.console import console
    from raydrift.cli.settings import read_values
    from raydrift.model_runs import track as run
    from raydrift.settings.tracked import track_settings

    flags = {
        "output": output,
        "mlflow": {"uri": mlflow, "experiment": mlflow_experiment, "run": mlflow_run},
    }
    settings, options = read_values(config, flags, track_settings)
    console().print(run(output, settings, storage_options=options))
