"""Beyond the paper's tables: thresholds on activations, a joint search, gradients on the wire."""

from __future__ import annotations

from paper.gradients import TRAININGS
from paper.page import Page, share
from paper.places import MEASURED, MODELS, Places
from paper.searched import (
    LENET,
    RESNET14_CIFAR10,
    TABLES,
    Searched,
    test_images,
    without_paths,
)
from sparsesim.search.files import load_search, save_search
from sparsesim.search.result import SearchResult

NETWORKS = TABLES
JOINT = (LENET, RESNET14_CIFAR10)  # the others take half an hour each
_TRAFFIC = {
    "LeNet": "lenet-gradients-0.001",
    "CifarNet": "cifarnet-gradients-0.001",
    "ResNet 14": "resnet14-tiny-long-gradients-0.001",
}
_WORKERS = 4
_FORMATS = ("bitmask", "coordinate")


def measure_activations(places: Places) -> None:
    """Thresholds on activations alone, behind the ReLUs, of the models trained with L2."""
    for table in NETWORKS:
        _measure(table, places, "activations", raw_weights=False, what="activations")


def measure_joint(places: Places) -> None:
    """The paper's search and the joint one at equal accuracy, weights of the L2 models."""
    for table in JOINT:
        _measure(table, places, "joint", raw_weights=True, objective="cycles")


def _measure(table: Searched, places: Places, kind: str, raw_weights: bool, **changes) -> None:
    import sparsesim as ss
    from sparsesim.search.grid import Grid
    from sparsesim.search.images import two_parts
    from sparsesim.search.searching import SearchSpec, find_thresholds

    path = MODELS / f"{table.model}-l2.onnx"
    graph = ss.load(path)
    raw = ss.load(path, raw_weights=True) if raw_weights else None
    parts = two_parts(test_images(table, places, graph))
    spec = SearchSpec(grid=Grid.read("quantiles:20"), **changes)
    found = find_thresholds(graph, *parts, spec, raw=raw)
    result = without_paths(found.result, path.name, table.test)
    save_search(result, _file(table, kind), force=True)
    print(f"{path.name}, {kind}: test {result.test.relative:.4f}", flush=True)


def _file(table: Searched, kind: str):
    return MEASURED / f"{table.model}-l2-{kind}.json"


def write_activations() -> None:
    """Whether thresholds behind ReLUs gain little, as section 3.1 says."""
    page = Page(
        "activations",
        "Thresholds on activations: do they gain little?",
        "Written by `python -m paper activations` (`paper/beyond.py`) from the models trained with "
        "L2; 20 quantiles of each layer's magnitudes, searched and tested as in tables 1 to 3.",
    )
    page.text(
        "The paper found thresholds on activations ineffective behind a ReLU, whose zeros are many "
        "already (section 3.1). It shows no numbers for it; here are some."
    )
    for table in NETWORKS:
        found = load_search(_file(table, "activations"))
        page.heading(table.name)
        limits = {unit.name: unit.threshold for unit in found.units}
        rows = []
        for row in found.blocks:
            mine = [t for name, t in limits.items() if f"{name}/".startswith(f"{row.name}/")]
            rows.append(
                [
                    row.name,
                    ", ".join(f"{t:.3g}" for t in mine) or "-",
                    share(row.activation_sparsity_before),
                    share(row.activation_sparsity),
                    _speedup(row.cycles_before),
                    _speedup(row.cycles),
                ]
            )
        rows.append(["all", "", "", "", _speedup(found.cycles_before), _speedup(found.cycles)])
        page.table(
            ["layer", "thresholds", "zeros, ReLU alone", "zeros, thresholds on",
             "speedup, ReLU alone", "speedup"],
            rows,
        )  # fmt: skip
        page.text(_accuracy(found) + " Speedup: `activation` over `none`, total cycles.")
    page.remarks()
    page.write()


def write_joint() -> None:
    """What a joint search for cycles gains over the paper's at equal accuracy."""
    page = Page(
        "joint",
        "A joint search for cycles, at the accuracy of the paper's search",
        "Written by `python -m paper joint` (`paper/beyond.py`): weights of the models trained "
        "with L2, 20 quantiles a block, `two_sided` total cycles on the default 16 x 16 array. How "
        "it searches: `docs/decisions/search.md`.",
    )
    rows = []
    for table in JOINT:
        found = load_search(_file(table, "joint"))
        joint = found.joint
        assert joint is not None
        scheme = joint.scheme
        dense = found.cycles_before["none"]
        for name, right, test, cycles in (
            ("paper's", joint.layerwise, joint.layerwise_test, joint.layerwise_cycles),
            ("joint", joint.exchanged, joint.exchanged_test, joint.exchanged_cycles),
        ):
            rows.append(
                [
                    f"{table.name}, {name}",
                    f"{right:,} of {found.search.images:,}",
                    f"{test:,} of {found.test.images:,}",
                    f"{cycles[scheme]:,.0f}",
                    f"{dense / cycles[scheme]:.2f}x",
                    f"{joint.tried:,}" if name == "joint" else "",
                ]
            )
    page.table(
        ["network, search", "right, search", "right, test", "cycles an image", "speedup", "tried"],
        rows,
    )
    page.text("speedup: over the scheme `none` without thresholds. tried: accuracies measured.")
    page.remarks()
    page.write()


def write_traffic() -> None:
    """Bytes a step of the recorded trainings, under each format, against dense all-reduce."""
    from sparsesim.train.history import load_history
    from sparsesim.train.traffic import traffic

    page = Page(
        "traffic",
        "Gradients on the wire",
        "Written by `python -m paper traffic` (`paper/beyond.py`) from the trainings of figures 3 "
        f"to 5, gradient threshold 1e-3, {_WORKERS} workers, 32-bit values. The command "
        "`sparsesim traffic FOLDER` gives the same of any training.",
    )
    for network, run in _TRAFFIC.items():
        page.heading(f"{network}, `{run}`")
        found = traffic(load_history(TRAININGS / run / "history.npz"), workers=_WORKERS)
        rows = []
        for layer in (*found.layers, found.total):
            exact = {one.format: one for one in layer.formats if not one.bound}
            rows.append(
                [
                    layer.name or "all",
                    f"{layer.elements:,}",
                    share(layer.sparsity.mean),
                    f"{layer.dense_sent / 1e3:,.1f}",
                    *(f"{exact[name].sent.mean / 1e3:,.1f}" for name in _FORMATS),
                    *(f"{exact[name].of_dense:.2f}x" for name in _FORMATS),
                ]
            )
        page.table(
            ["layer", "weights", "zeros", "dense kB", *(f"{name} kB" for name in _FORMATS),
             *(f"{name} of dense" for name in _FORMATS)],
            rows,
        )  # fmt: skip
        ends = {one.format: one.break_even for one in found.total.formats if not one.bound}
        pays = ", ".join(
            f"{name} from {ends[name]:.1%} zeros on" if ends[name] is not None else f"{name} never"
            for name in _FORMATS
        )
        page.text(f"Cheaper than the dense all-reduce: {pays}.")
    page.text(
        "kB: what one worker sends a step, mean over the steps: a ring all-reduce of the dense "
        "gradient, or all-gather of the encoded one."
    )
    page.remarks()
    page.write()


def _speedup(cycles: dict[str, float]) -> str:
    return f"{cycles['none'] / cycles['activation']:.2f}x" if cycles else "-"


def _accuracy(found: SearchResult) -> str:
    test = found.test
    return (
        f"Top-1 on the test half: {test.baseline / test.images:.2%} before, "
        f"{test.together / test.images:.2%} with all thresholds (relative {test.relative:.3f})."
    )
