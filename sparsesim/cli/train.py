"""`sparsesim train`: one of the paper's networks, with thresholds on its gradients, to ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparsesim.cli import options
from sparsesim.cli.interrupt import postponed
from sparsesim.cli.progress import training_progress

if TYPE_CHECKING:
    from sparsesim.spec.thresholds import Thresholds
    from sparsesim.train.dataset import Dataset
    from sparsesim.train.recipe import Recipe
    from sparsesim.train.training import Trained


def train(
    recipe: Annotated[
        str,
        typer.Argument(help="A topology (see 'list topologies') or a recipe's .toml file."),
    ],
    data: Annotated[
        str,
        typer.Option("--data", help="A folder of MNIST, CIFAR or pictures, or an .npz."),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for the model and what was seen.")
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change one key of the recipe, as epochs=3; may be repeated."),
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option("--map", help="A TOML file whose [gradients] say what each layer's get."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", help="Stop after so many steps in all.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the folder's checkpoint.")
    ] = False,
    force: options.Force = False,
) -> None:
    """Train a network; gradients below a threshold become zero, and are counted."""
    from sparsesim.errors import SpecError
    from sparsesim.spec.thresholds import Thresholds
    from sparsesim.train.dataset import open_dataset
    from sparsesim.train.recipe import Recipe
    from sparsesim.train.torch_module import load_torch

    if steps is not None and steps < 1:
        raise SpecError(f"steps {steps} is out of range; use 1 or more")
    chosen = options.changed(Recipe.from_toml(recipe), settings)
    chosen_rules = Thresholds.from_toml(rules) if rules else None
    _refuse(output, resume, force)
    load_torch()
    found = open_dataset(data)

    from sparsesim.train.training import CHECKPOINT
    from sparsesim.train.training import train as run

    made = not output.exists()
    output.mkdir(exist_ok=True)
    try:
        with training_progress() as show, postponed():
            trained = run(
                chosen, found, output, chosen_rules, resume, progress=show, stop_after=steps
            )
    except KeyboardInterrupt:
        if (output / CHECKPOINT).exists():
            options.said(output / CHECKPOINT, "the same command with --resume")
        raise
    finally:
        if made and not any(output.iterdir()):
            output.rmdir()
    _write(trained, chosen, chosen_rules, found, output)


def _refuse(folder: Path, resume: bool, force: bool) -> None:
    """Before any work: a folder that would lose something."""
    from sparsesim.files import refuse_filled
    from sparsesim.train.training import CHECKPOINT

    if (folder / CHECKPOINT).exists():
        refuse_filled(folder, resume or force, "--resume to go on, or --force to start anew")
    else:
        refuse_filled(folder, resume or force)


def _write(
    trained: Trained, recipe: Recipe, rules: Thresholds | None, data: Dataset, folder: Path
) -> None:
    import onnx

    from sparsesim.files import write_text, writing
    from sparsesim.report.training import gradient_chart, gradient_picture, training_table
    from sparsesim.train.export import onnx_model
    from sparsesim.train.history import save_history

    model = onnx_model(trained.network, data.train.images.shape[1:], recipe.topology)
    with writing(folder / "model.onnx", force=True) as beside:
        onnx.save(model, beside)
    save_history(trained.history, folder / "history.npz")
    what = f"map {rules.name}" if rules else f"threshold {recipe.gradient_threshold:g}"
    subject = f"{recipe.topology}, gradient {what}"
    chart = gradient_chart(trained.history, subject)
    write_text(folder / "gradients.svg", chart, force=True)
    with writing(folder / "gradients.png", force=True) as beside:
        beside.write_bytes(gradient_picture(chart))
    record = _record(trained, recipe, rules, data)
    options.write_json(str(folder / "training.json"), record, True)  # last: now it is all there
    options.show(training_table(trained.history, subject))
    options.said(folder / "training.json")
    options.said(
        folder / "model.onnx",
        f"sparsesim search {folder / 'model.onnx'} --inputs …",
    )


def _record(
    trained: Trained, recipe: Recipe, rules: Thresholds | None, data: Dataset
) -> dict[str, Any]:
    import torch

    import sparsesim

    history = trained.history
    return {
        "recipe": recipe.model_dump(mode="json"),
        "gradients": {key: str(rule) for key, rule in rules.gradients.items()} if rules else {},
        "data": {
            "source": data.source,
            "sha256": data.sha256(),
            "train": len(data.train.labels),
            "test": len(data.test.labels),
            "classes": data.classes,
        },
        "steps": len(history.loss),
        "epoch_steps": history.epoch_steps.tolist(),
        "test_accuracy": history.accuracy.tolist(),
        "versions": {"sparsesim": sparsesim.__version__, "torch": torch.__version__},
        "threads": torch.get_num_threads(),
    }
