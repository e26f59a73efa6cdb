"""Tables 1 to 3: the paper's search on networks trained with L1 and L2, in full.

Searched on the first half of the test set, tested on the second, on the file's own weights
(`sparsesim search --raw-weights`), on the grid that the paper's authors used and on a finer one.
"""

from __future__ import annotations

from dataclasses import dataclass

from paper.page import Page, difference, share
from paper.places import MEASURED, MODELS, Places
from paper.published import published
from sparsesim.search.files import load_search, save_search
from sparsesim.search.result import SearchResult

PENALTIES = ("L2", "L1")
GRIDS = {"halving": "halving", "quantiles": "quantiles:20"}
SCHEMES = ("none", "activation", "weight", "two_sided")


@dataclass(frozen=True)
class Searched:
    """One table.

    Attributes:
        table: of the page.
        printed: the paper's table beside which it stands.
        title: of the page.
        network: what the paper calls the network.
        model: of its files, less `-l1` and `-l2`.
        test: where in the data folder its test images lie.
        preprocess: of their pixels.
        data: what the images are, in words.
    """

    table: str
    printed: str
    title: str
    network: str
    model: str
    test: str
    preprocess: str
    data: str

    @property
    def name(self) -> str:
        """What is searched, as tables over several of them call it."""
        return self.title.partition(": ")[2]

    def measured(self, penalty: str, grid: str) -> SearchResult:
        """A search that was measured before."""
        return load_search(MEASURED / f"{self.model}-{penalty.lower()}-{grid}.json")


LENET = Searched(
    "table1",
    "table1",
    "Table 1: LeNet",
    "LeNet",
    "lenet",
    "mnist",
    "mnist",
    "MNIST's 10,000 test images",
)
CIFARNET = Searched(
    "table2",
    "table2",
    "Table 2: CifarNet",
    "CifarNet",
    "cifarnet",
    "cifar10",
    "cifar10-imagenet-stats",
    "CIFAR-10's 10,000 test images",
)
RESNET14 = Searched(
    "table3",
    "table3",
    "Table 3: ResNet-14",
    "ResNet 14",
    "resnet14-tiny",
    "tiny-imagenet-100.npz",
    "cifar10-imagenet-stats",
    "the 5,000 validation images of 100 classes of Tiny ImageNet at 32 x 32 pixels, which stand in "
    "for CIFAR-100",
)
RESNET14_CIFAR10 = Searched(
    "table3-cifar10",
    "table3",
    "Table 3 again: ResNet-14 on CIFAR-10",
    "ResNet 14",
    "resnet14-cifar10",
    "cifar10",
    "cifar10-imagenet-stats",
    "CIFAR-10's 10,000 test images, which stand in for CIFAR-100",
)
TABLES = (LENET, CIFARNET, RESNET14, RESNET14_CIFAR10)


def measure(table: Searched, places: Places) -> None:
    """Search both models on both grids; minutes."""
    import sparsesim as ss
    from sparsesim.inputs import Inputs
    from sparsesim.search.grid import Grid
    from sparsesim.search.images import two_parts
    from sparsesim.search.searching import SearchSpec, find_thresholds

    for penalty in PENALTIES:
        path = MODELS / f"{table.model}-{penalty.lower()}.onnx"
        graph, raw = ss.load(path), ss.load(path, raw_weights=True)
        inputs: Inputs = test_images(table, places, graph)
        for name, grid in GRIDS.items():
            spec = SearchSpec(grid=Grid.read(grid))
            found = find_thresholds(graph, *two_parts(inputs), spec, raw=raw)
            save_search(
                without_paths(found.result, path.name, table.test),
                MEASURED / f"{table.model}-{penalty.lower()}-{name}.json",
                force=True,
            )
            print(f"{path.name}, {grid}: weights {found.result.weight_sparsity:.3f}", flush=True)


def test_images(table: Searched, places: Places, graph):
    """The test images, prepared for a model."""
    import sparsesim as ss
    from sparsesim.inputs.pictures import feed_pictures
    from sparsesim.train.dataset import open_dataset

    source = places.data / table.test
    if source.suffix != ".npz":
        return ss.open_inputs(source, ss.input_specs(graph), table.preprocess)
    part = open_dataset(source).test
    from sparsesim.inputs.labels import Labels
    from sparsesim.inputs.pictures import Pictures

    pictures = Pictures(
        len(part.labels),
        lambda: ((str(i), image.transpose(1, 2, 0)) for i, image in enumerate(part.images)),
        table.test,
    )
    labels = Labels(part.labels, "the file")
    (spec,) = ss.input_specs(graph)
    return feed_pictures(pictures, spec, table.preprocess, lambda: labels, None)


def without_paths(result: SearchResult, model: str, inputs: str) -> SearchResult:
    """The record with names in place of paths."""
    from dataclasses import replace

    def named(source: str) -> str:
        return f"{inputs} ({source.partition(' (')[2]}"

    return replace(
        result,
        model=model,
        search_inputs=named(result.search_inputs),
        test_inputs=named(result.test_inputs),
    )


def write(table: Searched) -> None:
    """The page, from what was measured."""
    found = {
        (penalty, grid): table.measured(penalty, grid) for penalty in PENALTIES for grid in GRIDS
    }
    l2, l1 = (found[penalty, "halving"] for penalty in PENALTIES)
    printed = published(table.printed)
    page = Page(
        table.table,
        f"{table.title}, weight and activation sparsity",
        f"Written by `python -m paper {table.table}` (`paper/searched.py`) from the models "
        f"`models_onnx/paper/{table.model}-l2.onnx` and `-l1.onnx` on {table.data}.",
    )
    page.text(
        "Each block's threshold is the highest that keeps all right answers on the first half of "
        "the images",
        "while the others are untouched; then all are on at once. The grid halves from 1 to 1e-5, "
        "as the",
        "paper's authors' did. Accuracy and activations are those of the second half.",
    )
    _weights(page, table.network, l2, l1, printed)
    _activations(page, l2, l1, printed)
    _accuracy(page, found, printed)
    _cycles(page, l2, l1)
    page.remarks()
    page.write()


def _weights(page: Page, network: str, l2: SearchResult, l1: SearchResult, printed: dict) -> None:
    page.heading("Weight sparsity")
    rows = []
    for a, b in zip(l2.blocks, l1.blocks, strict=True):
        theirs = [printed["weights"][p][a.name] for p in PENALTIES]
        ours = [a.weight_sparsity, b.weight_sparsity]
        rows.append([a.name, *_beside(theirs, ours), f"{a.weights:,}"])
    totals = published("table6")["weights"]
    theirs = [totals[p][network] for p in PENALTIES]
    weights = sum(row.weights for row in l2.blocks)
    rows.append(["all", *_beside(theirs, [l2.weight_sparsity, l1.weight_sparsity]), f"{weights:,}"])
    page.table(
        ["layer", "L2 paper", "L2 ours", "diff.", "L1 paper", "L1 ours", "diff.", "weights"], rows
    )


def _activations(page: Page, l2: SearchResult, l1: SearchResult, printed: dict) -> None:
    page.heading("Activation sparsity")
    rows = []
    for a, b in zip(l2.blocks, l1.blocks, strict=True):
        theirs = [printed["activations"][p][a.name] for p in PENALTIES]
        on = _beside(theirs, [a.activation_sparsity, b.activation_sparsity])
        off = [share(row.activation_sparsity_before) for row in (a, b)]
        rows.append([a.name, *on[:3], off[0], *on[3:], off[1]])
    page.table(
        ["layer", "L2 paper", "L2 ours", "diff.", "off", "L1 paper", "L1 ours", "diff.", "off"],
        rows,
    )
    page.text("off: the same with all weight thresholds off.")


def _accuracy(page: Page, found: dict, printed: dict) -> None:
    page.heading("Accuracy")
    base = found["L2", "halving"].test
    reference = base.baseline / base.images
    rows = []
    for (penalty, grid), result in found.items():
        test = result.test
        before, after = test.baseline / test.images, test.together / test.images
        theirs = printed["relative_accuracy"][penalty]
        rows.append(
            [
                f"{penalty}, {GRIDS[grid]}",
                f"{before:.2%}",
                f"{after:.2%}",
                share(theirs if grid == "halving" else None),
                share(after / reference),
                share(before / reference),
                share(result.weight_sparsity),
            ]
        )
    page.table(
        [
            "model, grid",
            "before",
            "after",
            "relative, paper",
            "relative, ours",
            "relative before",
            "weights 0",
        ],
        rows,
    )
    page.text(
        "before, after: top-1 on the test half without and with all thresholds. relative: to the "
        "L2 model without thresholds."
    )


def _cycles(page: Page, l2: SearchResult, l1: SearchResult) -> None:
    page.heading("What it is worth on the array")
    page.text(
        f"Total cycles an image, memory included, on the default 16 x 16 array with the thresholds "
        f"on, mean of {l2.cycle_images} test images; speedup over the scheme `none` on the same "
        "array."
    )
    rows = []
    for a, b in zip(l2.blocks, l1.blocks, strict=True):
        rows.append([a.name, *_priced(a.cycles), *_priced(b.cycles)[1:]])
    rows.append(["all", *_priced(l2.cycles), *_priced(l1.cycles)[1:]])
    columns = [f"{p} {scheme}" for p in PENALTIES for scheme in (*SCHEMES[1:], "speedup")]
    page.table(["layer", "none", *columns], rows)
    before = [
        result.cycles_before["none"] / result.cycles_before["two_sided"] for result in (l2, l1)
    ]
    page.text(
        f"Without thresholds `two_sided` alone gives {before[0]:.2f}x (L2) and {before[1]:.2f}x "
        "(L1): the zeros that the ReLUs leave."
    )


def _beside(theirs: list, ours: list) -> list[str]:
    cells = []
    for published_, measured in zip(theirs, ours, strict=True):
        cells += [share(published_), share(measured), difference(measured, published_)]
    return cells


def _priced(cycles: dict[str, float]) -> list[str]:
    counts = [f"{cycles[scheme]:,.0f}" for scheme in SCHEMES]
    return [*counts, f"{cycles['none'] / cycles['two_sided']:.2f}x"]
