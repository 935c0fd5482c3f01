"""Arguments and options that several commands have."""

from typing import Annotated, Final

import typer

from raydrift.transforms.names import ImageTransform

_NAMES: Final = f"NAME: {', '.join(ImageTransform)}, or MODULE:CLASS of your own."

Input = Annotated[
    str | None,
    typer.Argument(
        help="Folder with one sub-folder a class, or a manifest: .parquet, .csv, or JSON lines as "
        "ModelArts has them, .manifest or .jsonl."
    ),
]
Split = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Only this sub-folder of the input, as train, or these rows of a manifest.",
        show_default="all",
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|none",
        help="The class of each image of a folder without class folders: a CSV or parquet file, or "
        "lines of a name and a class. none: all images are of one class.",
        show_default="sub-folders are classes",
    ),
]
Output = Annotated[str | None, typer.Argument(help="Folder to write.")]
Transform = Annotated[
    list[str] | None,
    typer.Option(
        "--transform",
        "-t",
        metavar="NAME:LEVEL",
        help="A transform at a level from 0 to 1; may be repeated, applied in this order. "
        f"{_NAMES}",
    ),
]
SweptTransform = Annotated[
    list[str] | None,
    typer.Option(
        "--transform",
        "-t",
        metavar="NAME|NAME:LEVEL",
        help="A transform that takes each level, or is held at one; may be repeated, applied in "
        f"this order. {_NAMES}",
        show_default="default",
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        metavar="FILE.toml", help="Of 'raydrift calibrate': drift as far as is asked for."
    ),
]
Target = Annotated[
    float | None,
    typer.Option(metavar="DIVERGENCE", help="With --profile: so far, in its metric."),
]
Level = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE", help="With --profile: this share of the divergence at full level."
    ),
]
Views = Annotated[
    list[str] | None,
    typer.Option(
        "--views",
        metavar="all|CODE",
        help="A view, as bi,s,me: demosaicing (bi bilinear, ma Malvar, me Menon), sharpening "
        "(s filter, u unsharp mask) and denoising (me median, ga Gaussian); may be repeated. "
        "all: the twelve of these.",
        show_default="all",
    ),
]
Compat = Annotated[
    bool | None,
    typer.Option("--compat", help="As published, with its borders and its unsharp mask."),
]
BatchSize = Annotated[int | None, typer.Option(help="Images a batch.", show_default="32")]
Seed = Annotated[int | None, typer.Option(help="0 to 2^64 - 1.", show_default="42")]
NumSamples = Annotated[int | None, typer.Option(show_default="all")]
Weights = Annotated[
    str | None,
    typer.Option(metavar="imagenet|random|PATH", help="Of the network.", show_default="imagenet"),
]
Normalize = Annotated[
    bool | None, typer.Option("--normalize", help="ImageNet's normalisation before embedding.")
]
Precision = Annotated[
    str | None,
    typer.Option(metavar="float32|bfloat16", help="Of the network.", show_default="float32"),
]
ImageSize = Annotated[
    str | None,
    typer.Option(metavar="N|HxW", help="Output height and width.", show_default="224"),
]
ValueRange = Annotated[
    str | None,
    typer.Option(
        metavar="LOW,HIGH",
        help="Sample values that become black and white, in images of more than 8 bits, with "
        "signed samples or with floats.",
        show_default="as some images of the input have them",
    ),
]
Raw = Annotated[
    bool | None,
    typer.Option(
        "--raw",
        help="The input is raw files of cameras (DNG, NEF, CR2, CR3, ARW, ...): develop them, and "
        "drift their cameras. More, as TIFF or PNG mosaics: the table raw of a TOML file.",
    ),
]
Masks = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help="A mask for each image, of the same path but for the suffix: it moves with the image, "
        "and goes to masks.zip.",
        show_default="a manifest's column mask, else none",
    ),
]
Twins = Annotated[
    str | None,
    typer.Option(
        metavar="PATH",
        help="What -t twin:LEVEL blends each image with: the output of raydrift translate, or a "
        "folder with images of the same paths but for the suffix.",
    ),
]
Task = Annotated[
    str | None,
    typer.Option(
        metavar="PATH|resnet18:PATH|resnet34:PATH",
        help="Your model: what does it get right, and where does it break? "
        "A torch.export program, TorchScript, or a state dict of torchvision's ResNet.",
    ),
]
TaskNormalize = Annotated[
    str | None,
    typer.Option(
        metavar="none|imagenet|M,M,M/D,D,D",
        help="Of your model's pixels, which are 0 to 1: means and standard deviations.",
        show_default="none",
    ),
]
TaskDrop = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Your model is broken where it has lost more accuracy, or IoU, than this.",
        show_default="0.1",
    ),
]
Splits = Annotated[
    int | None,
    typer.Option(
        help="How often the files are split: one part to learn from, one to test on.",
        show_default="5",
    ),
]
TrainSize = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Of the files of each class, to learn from.",
        show_default="0.8",
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(help="How often a network sees each image.", show_default="30"),
]
Augmentation = Annotated[
    str | None,
    typer.Option(
        metavar="none|weak|strong",
        help="Flips and quarter turns; or flips, turns, noise and a little blur.",
        show_default="none",
    ),
]
Levels = Annotated[
    str | None,
    typer.Option(
        metavar="FIRST:LAST:STEP|L,L,…",
        help="Both ends included, or a list.",
        show_default="0.1:1.0:0.1",
    ),
]
Container = Annotated[
    str | None,
    typer.Option(
        metavar="zip|zips|webdataset|tables",
        help="What the images are put into: one zip, several, tar files to be streamed, or "
        "nothing: the tables alone.",
        show_default="zip",
    ),
]
ContainerBytes = Annotated[
    int | None,
    typer.Option(
        metavar="BYTES",
        help="Of one of several zips or tar files, at most.",
        show_default="4 GiB and 1 GiB",
    ),
]
OrganizeByClass = Annotated[
    bool | None, typer.Option("--organize-by-class", help="Class folders in the container.")
]
ShardSize = Annotated[
    int | None, typer.Option(help="Samples a shard.", show_default="256, fewer for small sets")
]
OnError = Annotated[
    str | None,
    typer.Option(metavar="skip|fail", help="For images that cannot be used.", show_default="skip"),
]
MaxRejected = Annotated[
    float | None,
    typer.Option(metavar="FRACTION", help="Fail above this share of them.", show_default="0.1"),
]
Overwrite = Annotated[
    bool | None, typer.Option("--overwrite", help="Replace another run's output.")
]
KeepShards = Annotated[
    bool | None, typer.Option("--keep-shards", help="Keep _shards/ after the merge.")
]
NoFinalize = Annotated[
    bool | None, typer.Option("--no-finalize", help="Leave the merge to 'raydrift finalize'.")
]
Workers = Annotated[
    str | None,
    typer.Option(
        metavar="auto|N",
        help="Worker processes; auto: one a free CPU, and one each that joins the cluster.",
        show_default="auto",
    ),
]
Config = Annotated[
    str | None, typer.Option(metavar="FILE.toml", help="Settings; flags go before them.")
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="auto|HOST:PORT|ray://…", help="A Ray cluster.", show_default="this machine"
    ),
]
Mlflow = Annotated[
    str | None,
    typer.Option(
        metavar="URI",
        help="Log settings, curves, plots and models to this MLflow server, "
        "as http://127.0.0.1:5000.",
        show_default="nowhere",
    ),
]
MlflowExperiment = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The experiment there.", show_default="raydrift"),
]
MlflowRun = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="What the run is called there.",
        show_default="the command and the output",
    ),
]
Verbose = Annotated[bool | None, typer.Option("--verbose", help="Show Ray's own progress and log.")]
