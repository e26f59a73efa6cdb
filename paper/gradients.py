"""Figures 2 to 7: what thresholds on gradients do to training, from recorded trainings."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass

import numpy as np

from paper.page import Page, share
from paper.places import MEASURED, PAGES, Places
from paper.published import published
from paper.runs import RUNS, Run
from sparsesim.files import write_text, writing
from sparsesim.report.training import averaged, gradient_chart
from sparsesim.train.history import History, load_history

TRAININGS = MEASURED / "trainings"


@dataclass(frozen=True)
class Evolution:
    """One of figures 3 to 7.

    Attributes:
        figure: its name.
        title: of the page.
        run: the training that it shows.
        baseline: the like one without a threshold.
        note: what is not as in the paper, said beside every number.
    """

    figure: str
    title: str
    run: str
    baseline: str
    note: str


_SHORT = "**A short run on what data there is**, not the paper's training: "
EVOLUTIONS = (
    Evolution("figure3", "Figure 3: LeNet", "lenet-gradients-0.001", "lenet-l2", ""),
    Evolution(
        "figure4", "Figure 4: CifarNet", "cifarnet-gradients-0.001", "cifarnet-gradients-0", ""
    ),
    Evolution(
        "figure5",
        "Figure 5: ResNet-14",
        "resnet14-tiny-long-gradients-0.001",
        "resnet14-tiny-long-gradients-0",
        "100 classes of Tiny ImageNet at 32 x 32 pixels stand in for CIFAR-100.",
    ),
    Evolution(
        "figure6",
        "Figure 6: AlexNet",
        "alexnet-gradients-0.0001",
        "alexnet-gradients-0",
        _SHORT + "10,000 pictures of 100 classes of Tiny ImageNet, tripled from 32 to 96 pixels.",
    ),
    Evolution(
        "figure7",
        "Figure 7: ResNet-50",
        "resnet50-gradients-0.0001",
        "resnet50-gradients-0",
        _SHORT + "10,000 pictures of 100 classes of Tiny ImageNet at 32 x 32.",
    ),
)
FIGURE2 = {
    "LeNet": ("lenet-l2", "lenet-gradients-*"),
    "CifarNet": ("", "cifarnet-gradients-*"),
    "ResNet 14": ("", "resnet14-tiny-gradients-*"),
}


def collect(places: Places, pattern: str = "*") -> None:
    """Copy what trainings recorded to `measured/trainings`: history and recipe, no weights."""
    from fnmatch import fnmatchcase

    for run in RUNS:
        source, target = places.runs / run.name, TRAININGS / run.name
        if not fnmatchcase(run.name, pattern) or not (source / "training.json").is_file():
            continue
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / "history.npz", target / "history.npz")
        record = json.loads((source / "training.json").read_text(encoding="utf-8"))
        record["data"]["source"] = run.data
        write_text(target / "training.json", json.dumps(record, indent=1) + "\n", force=True)


def write_evolution(figure: Evolution) -> None:
    """A page of figures 3 to 7, with its picture beside it."""
    history, recipe = _recorded(figure.run)
    base, _ = _recorded(figure.baseline)
    printed = published(figure.figure)
    page = Page(
        figure.figure,
        f"{figure.title}, gradient sparsity during training",
        f"Written by `python -m paper {figure.figure}` (`paper/gradients.py`) from the training "
        f"`{figure.run}`, {len(history.loss):,} steps of {recipe['batch']} images.",
    )
    if figure.note:
        page.text(figure.note)
    PAGES.mkdir(parents=True, exist_ok=True)
    title = f"{recipe['topology']}, gradient threshold {recipe['gradient_threshold']:g}"
    with writing(PAGES / f"{figure.figure}.svg", force=True) as beside:
        beside.write_text(gradient_chart(history, title), encoding="utf-8")
    page.text(f"![Gradient sparsity by layer over the steps]({figure.figure}.svg)")
    relative = history.accuracy[-1] / base.accuracy[-1]
    page.table(
        ["", "paper", "ours"],
        [
            ["threshold", f"{printed['threshold']:g}", f"{recipe['gradient_threshold']:g}"],
            ["test accuracy over baseline", share(printed["relative_accuracy"]), share(relative)],
            ["baseline, `" + figure.baseline + "`", "", f"{base.accuracy[-1]:.2%}"],
        ],
    )
    steps = len(history.loss)
    tenth = max(1, steps // 10)
    rows = []
    for name, curve in (*history.by_block().items(), ("all", history.total_sparsity())):
        points, means = averaged(curve)
        top = int(np.argmax(means))
        rows.append(
            [
                name,
                share(float(curve[:tenth].mean())),
                share(float(curve[-tenth:].mean())),
                share(float(means[top])),
                f"{int(points[top]):,}",
            ]
        )
    page.table(["layer", "first tenth", "last tenth", "highest mean", "at step"], rows)
    page.remarks()
    page.write()


def write_figure2() -> None:
    """Accuracy and gradient sparsity against the threshold."""
    page = Page(
        "figure2",
        "Figure 2: accuracy and gradient sparsity against the gradient threshold",
        "Written by `python -m paper figure2` (`paper/gradients.py`) from the trainings named "
        "below; all of one network have the same number of steps. Sparsity is the mean of the last "
        "tenth of the steps. The paper's figure has no values in print to set beside these.",
    )
    rows = []
    for network, members in FIGURE2.items():
        names = [run.name for run in _members(members) if (TRAININGS / run.name).is_dir()]
        found = sorted(
            (recipe["gradient_threshold"], name, history)
            for name in names
            for history, recipe in [_recorded(name)]
        )
        page.heading(network)
        base = found[0][2].accuracy[-1]
        lines = []
        for threshold, name, history in found:
            sparsity = float(history.total_sparsity()[-max(1, len(history.loss) // 10) :].mean())
            accuracy = float(history.accuracy[-1])
            rows.append(
                {"network": network, "threshold": threshold, "accuracy": accuracy / base,
                 "sparsity": sparsity}
            )  # fmt: skip
            lines.append(
                [f"{threshold:g}", f"{accuracy:.2%}", share(accuracy / base), share(sparsity),
                 f"`{name}`", f"{len(history.loss):,}"]
            )  # fmt: skip
        page.table(
            ["threshold", "test accuracy", "relative", "gradient sparsity", "training", "steps"],
            lines,
        )
    PAGES.mkdir(parents=True, exist_ok=True)
    with writing(PAGES / "figure2.svg", force=True) as beside:
        beside.write_text(_chart(rows), encoding="utf-8")
    page.text("![Accuracy and gradient sparsity against the threshold](figure2.svg)")
    page.remarks()
    page.write()


def _members(names: tuple[str, ...]) -> list[Run]:
    from fnmatch import fnmatchcase

    return [run for run in RUNS if any(name and fnmatchcase(run.name, name) for name in names)]


def _recorded(name: str) -> tuple[History, dict]:
    record = json.loads((TRAININGS / name / "training.json").read_text(encoding="utf-8"))
    return load_history(TRAININGS / name / "history.npz"), record["recipe"]


def _chart(rows: list[dict]) -> str:
    import altair as alt
    import vl_convert

    shown = [{**row, "shown": row["threshold"] or 1e-6} for row in rows]
    base = alt.Chart(alt.Data(values=shown), width=420, height=240).encode(
        x=alt.X("shown:Q", title="threshold (1e-6 stands for none)", scale=alt.Scale(type="log")),
        color=alt.Color("network:N", title="network"),
    )
    left, right = (
        base.mark_line(point=True).encode(
            y=alt.Y(f"{key}:Q", title=title, scale=alt.Scale(zero=True))
        )
        for key, title in (
            ("accuracy", "test accuracy over that without a threshold"),
            ("sparsity", "gradient sparsity, last tenth of the steps"),
        )
    )
    return vl_convert.vegalite_to_svg((left | right).to_json())
