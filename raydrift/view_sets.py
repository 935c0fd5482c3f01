"""``raydrift.views`` and ``raydrift.matrix``: the Python faces of runs over views."""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from raydrift.checked import path_text
from raydrift.dataset import DriftedDataset, open_dataset
from raydrift.settings.catalog import CatalogSettings
from raydrift.settings.cluster import ClusterSettings
from raydrift.settings.corruptions import severities
from raydrift.settings.embedding import EmbeddingSettings
from raydrift.settings.given import run_given
from raydrift.settings.matrix import MatrixSettings
from raydrift.settings.mlflow import MlflowSettings, mlflow_given
from raydrift.settings.output import FaultSettings, OutputSettings
from raydrift.settings.raw import RawSettings
from raydrift.settings.train import TrainSettings
from raydrift.settings.views import ALL, ViewsSettings, view_codes
from raydrift.storage import layout
from raydrift.transforms import DriftProfile

if TYPE_CHECKING:
    from raydrift.report.matrix import Matrix


def views(
    input_path: str | os.PathLike[str],
    output_path: str | os.PathLike[str],
    views: str | Iterable[str] = ALL,
    *,
    compat: bool = False,
    split: str | None = None,
    catalog: CatalogSettings | None = None,
    seed: int = 42,
    num_samples: int | None = None,
    input_dim: Any = (224, 224),
    raw: RawSettings | None = None,
    masks: str | os.PathLike[str] | None = None,
    profile: DriftProfile | None = None,
    organize_by_class: bool = False,
    shard_size: int | None = None,
    keep_shards: bool = False,
    overwrite: bool = False,
    faults: FaultSettings | None = None,
    storage_options: Mapping[str, Any] | None = None,
    cluster: ClusterSettings | None = None,
    progress: bool = True,
) -> dict[str, DriftedDataset]:
    """Develops every image in several ways, as a camera would.

    A photograph goes through the reference camera backwards, and each view develops its mosaic. The
    same call again on an output that is not finished makes what is missing of it.

    Args:
        input_path: A folder with one sub-folder a class, or a manifest; a local path or a URI.
        output_path: The folder to write: a folder a view, and ``views.parquet``.
        views: ``all`` twelve, or codes: demosaicing (``bi`` bilinear, ``ma`` Malvar, ``me`` Menon),
            sharpening (``s`` filter, ``u`` unsharp mask) and denoising (``me`` median, ``ga``
            Gaussian), as ``bi,s,me``.
        compat: As published, see ``raydrift.camera.develop``.
        split: The sub-folder of the input that has the class folders, or the split of a manifest.
        catalog: Where the classes are told, and what is left out; None: sub-folders are classes.
        seed: Of the order of the images.
        num_samples: How many images; None: all.
        input_dim: Height and width of the pictures, or one number for both.
        raw: What the raw files of the input are, ``RawSettings()`` a camera's; None: photographs.
        masks: A folder with a mask for each image, of the same path but for the suffix; None: a
            manifest's column ``mask``, else none.
        profile: Its ``camera`` is the reference camera.
        organize_by_class: Whether the containers have class folders.
        shard_size: Samples a shard; None: as many as suit the workers.
        keep_shards: Whether the shards stay after the merge.
        overwrite: Whether another run's output there is replaced.
        faults: What happens with images that cannot be used.
        storage_options: How buckets are reached.
        cluster: Where the work is done.
        progress: Whether it is shown on standard error.

    Returns:
        The dataset of each view, by its code.

    Raises:
        SettingsError: (a ``ValueError``) A view is unknown or comes twice, or a setting cannot be.
        OutputError: The folder holds another run.
        RaydriftError: The run failed; the same call goes on.

    Example:
        ::

            sets = raydrift.views("photos", "out", ["bi,s,me", "me,u,ga"])
            print(sets["me,u,ga"][0].label)
    """
    from raydrift.engine.views import views as run

    settings = ViewsSettings(
        run_given(
            input_path,
            output_path,
            split=split,
            catalog=catalog,
            seed=seed,
            num_samples=num_samples,
            profile=profile,
            input_dim=input_dim,
            raw=raw,
            masks=masks,
            write=OutputSettings(
                organize_by_class=organize_by_class,
                shard_size=shard_size,
                keep_shards=keep_shards,
                overwrite=overwrite,
            ),
            faults=faults,
            storage_options=storage_options,
            cluster=cluster,
        ),
        view_codes(views),
        compat,
    )
    run(settings, quiet=not progress)
    output = settings.run.output.rstrip("/")
    return {
        code: open_dataset(f"{output}/{layout.view_folder(code)}", storage_options)
        for code in settings.views
    }


def matrix(
    input_path: str | os.PathLike[str],
    output_path: str | os.PathLike[str],
    views: str | Iterable[str] = ALL,
    *,
    compat: bool = False,
    splits: int = 5,
    train_size: float = 0.8,
    divergence: str = "kl_softmax",
    corruptions: int | str | Iterable[int] = "none",
    train: TrainSettings | None = None,
    split: str | None = None,
    catalog: CatalogSettings | None = None,
    seed: int = 42,
    num_samples: int | None = None,
    batch_size: int = 32,
    weights: str | os.PathLike[str] = "imagenet",
    normalize: bool = False,
    precision: str = "float32",
    input_dim: Any = (224, 224),
    raw: RawSettings | None = None,
    masks: str | os.PathLike[str] | None = None,
    profile: DriftProfile | None = None,
    overwrite: bool = False,
    storage_options: Mapping[str, Any] | None = None,
    cluster: ClusterSettings | None = None,
    mlflow: MlflowSettings | str | None = None,
    progress: bool = True,
) -> "Matrix":
    """Measures how well what is learned on one view of a camera does on another.

    A logistic regression is trained on the embeddings of each view, or a network on its pictures,
    and tested on those of each other one, on other files. Beside it stands how far the views are
    from each other. The same call again on an output that is not finished does what is missing of
    it.

    Args:
        input_path: As for ``views``.
        output_path: The folder to write: ``matrix.parquet``, ``view_divergence.parquet``,
            ``matrix.json``, ``matrix.png`` and ``report.html``, with ``corruptions`` also
            ``corruptions.parquet`` and ``corruptions.png``.
        views: As for ``views``, at least two.
        compat: As for ``views``.
        splits: How often the files are split in two parts, one to learn from, one to test on; at
            least 2.
        train_size: The share of the files of each class that is learned from.
        divergence: A name in ``METRICS``, or ``none``.
        corruptions: The severities, from 1 to 5, at which each model is also tested on its own view
            under ten published corruptions: 3, (1, 3, 5), "1:5:1" or ``none``.
        train: The network to train on each view, and how; None: a logistic regression.
        split: As for ``views``.
        catalog: As for ``views``; its ``source`` names the pictures that splits keep whole.
        seed: Of the order of the images, the splits and the trainings.
        num_samples: How many images; None: all.
        batch_size: Images whose divergence is measured together.
        weights: ``imagenet``, ``random``, or the path of a ResNet18 state dict.
        normalize: Whether pixels are normalised by ImageNet's mean and deviation.
        precision: ``float32`` or ``bfloat16``, of the network.
        input_dim: As for ``views``.
        raw: As for ``views``.
        masks: As for ``views``; a U-Net learns them.
        profile: As for ``views``.
        overwrite: Whether another matrix there is replaced.
        storage_options: How buckets are reached.
        cluster: Where the work is done.
        mlflow: The MLflow server that is told what was found, or its URI; None: none is.
        progress: Whether it is shown on standard error.

    Returns:
        What was found, in the order of ``Matrix.views``: ``probe.means.accuracy`` is the table with
        a row a train view and a column a test view, ``divergence.median`` how far they are,
        ``corruptions.drop`` what each corruption costs and ``corruptions.ratio`` how that compares.
        Of trained networks ``trained`` stands in the place of ``probe``.

    Raises:
        SettingsError: (a ``ValueError``) A setting cannot be, or there are too few files.
        OutputError: The folder holds another matrix.
        TrackingError: The MLflow server did not take what was found; the output is whole.
        RaydriftError: The run failed; the same call goes on.

    Example:
        ::

            found = raydrift.matrix("photos", "measured", ["bi,s,me", "me,u,ga"])
            print(found.views, found.probe.means.accuracy)

            network = raydrift.TrainSettings("resnet18", epochs=20, augmentation="weak")
            found = raydrift.matrix("photos", "trained", ["bi,s,me", "me,u,ga"], train=network)
            print(found.trained.means.accuracy)
    """
    from raydrift.engine.matrix import matrix as run

    settings = MatrixSettings(
        run_given(
            input_path,
            output_path,
            split=split,
            catalog=catalog,
            seed=seed,
            num_samples=num_samples,
            profile=profile,
            input_dim=input_dim,
            raw=raw,
            masks=masks,
            embedding=EmbeddingSettings(
                weights=path_text("weights", weights),
                normalize=normalize,
                precision=precision,
                batch_size=batch_size,
            ),
            write=OutputSettings(overwrite=overwrite),
            storage_options=storage_options,
            cluster=cluster,
        ),
        view_codes(views),
        compat,
        splits,
        train_size,
        divergence,
        severities(corruptions),
        train,
        mlflow_given(mlflow),
    )
    return run(settings, quiet=not progress)
