"""`sparsesim search`: thresholds that keep a model's accuracy, layer by layer or jointly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparsesim.cli import options
from sparsesim.cli.feeding import Feeding
from sparsesim.cli.progress import labelled_progress
from sparsesim.cli.reading import Reading

if TYPE_CHECKING:
    from sparsesim.graph import Graph
    from sparsesim.inputs import Inputs
    from sparsesim.search.searching import Found


def search(
    model: options.Model,
    feeding: Feeding,
    reading: Reading,
    test_inputs: Annotated[
        str | None,
        typer.Option("--test-inputs", help="Other images to test on; default: a part of --inputs."),
    ] = None,
    search_images: Annotated[
        str | None,
        typer.Option("--search-images", help="Images A:B to search on; default: the first half."),
    ] = None,
    test_images: Annotated[
        str | None,
        typer.Option("--test-images", help="Images A:B to test on; default: the second half."),
    ] = None,
    images: options.Images = None,
    labels: options.LabelsOption = None,
    test_labels: Annotated[
        str | None, typer.Option("--test-labels", help="The same for --test-inputs.")
    ] = None,
    label_offset: options.LabelOffset = 0,
    what: Annotated[
        str, typer.Option("--what", help="weights, activations or both get thresholds.")
    ] = "weights",
    by: Annotated[
        str, typer.Option("--by", help="One threshold of weights a block, or a layer.")
    ] = "block",
    grid: Annotated[
        str,
        typer.Option("--grid", help="quantiles:N of the magnitudes, or halving from 1 to 1e-5."),
    ] = "quantiles:20",
    keep: Annotated[
        float, typer.Option("--keep", help="Share of right answers each threshold must keep.")
    ] = 1.0,
    objective: Annotated[
        str,
        typer.Option(
            "--objective",
            help="sparsity; together: lowered until all at once keep it; cycles: a joint search.",
        ),
    ] = "sparsity",
    spend: Annotated[
        float | None,
        typer.Option(
            "--spend",
            help="Share of right answers that the joint search must keep; default: as many as the "
            "search layer by layer kept in the end.",
        ),
    ] = None,
    scheme: Annotated[
        str | None,
        typer.Option(
            "--scheme",
            help="Whose cycles the joint search lowers; default: the one that the machine has "
            "unless told.",
        ),
    ] = None,
    accelerator: options.AcceleratorOption = None,
    settings: options.Settings = None,
    device: options.DeviceOption = None,
    blocks: Annotated[
        str | None, typer.Option("--map", help="A map file whose [blocks] name groups of layers.")
    ] = None,
    raw_weights: Annotated[
        bool,
        typer.Option(
            "--raw-weights",
            help="Thresholds on the file's weights, batch normalisation not folded into them.",
        ),
    ] = False,
    memory: Annotated[
        int, typer.Option("--memory", help="MiB for the kept inputs of layers.")
    ] = 1024,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Folder for search.json, thresholds.toml, sparse.onnx."
        ),
    ] = None,
    force: options.Force = False,
) -> None:
    """Find for each layer the highest threshold that keeps the accuracy; test all at once."""
    from sparsesim.files import refuse_filled

    if output:
        refuse_filled(output, force)

    import sparsesim as ss
    from sparsesim.cli.inexact_host import tell_inexact_host
    from sparsesim.report.search import search_report
    from sparsesim.search.grid import Grid
    from sparsesim.search.searching import SearchSpec, find_thresholds

    chosen = options.front_accelerator_of(accelerator, settings, device)
    spec = SearchSpec(
        what=what,
        by=by,
        grid=Grid.read(grid),
        keep=keep,
        objective=objective,
        spend=spend,
        scheme=scheme or "",
        accelerator=chosen,
        device=options.device_of(device, chosen),
        memory_mib=memory,
    )
    named = dict(ss.Thresholds.from_toml(blocks).blocks) if blocks else {}
    graph = reading.load(model)
    tell_inexact_host(graph)
    raw = reading.load(model, raw_weights=True) if raw_weights else None
    whole = feeding.open(graph, images, 0, labels, label_offset)
    parts = _parts(
        graph, whole, feeding, test_inputs, test_labels, label_offset, search_images, test_images
    )
    with labelled_progress() as show:
        found = find_thresholds(graph, *parts, spec, named_blocks=named, raw=raw, progress=show)
    if output:
        _write(found, output)
    options.show(search_report(found.result))
    if output:
        _say(output)


def _parts(
    graph: Graph,
    whole: Inputs,
    feeding: Feeding,
    test_inputs: str | None,
    test_labels: str | None,
    label_offset: int,
    search_images: str | None,
    test_images: str | None,
) -> tuple[Inputs, Inputs]:
    """Images to search on and images to test on, of one source or of two."""
    from dataclasses import replace

    from sparsesim.errors import InputError
    from sparsesim.search.images import part, read_range, two_parts

    if test_inputs is None:
        if test_labels:
            raise InputError("--test-labels: goes with --test-inputs, which is missing")
        return two_parts(whole, search_images, test_images)
    other = replace(feeding, inputs=test_inputs).open(graph, None, 0, test_labels, label_offset)
    if other.sha256 == whole.sha256:
        raise InputError(
            f"{test_inputs}: holds the images of --inputs; use other ones, or --search-images and "
            "--test-images"
        )
    first = read_range(search_images or ":", "--search-images", whole.images)
    second = read_range(test_images or ":", "--test-images", other.images)
    return part(whole, *first), part(other, *second)


def _write(found: Found, folder: Path) -> None:
    import sparsesim as ss
    from sparsesim.files import write_text
    from sparsesim.report.search import accuracy_lines
    from sparsesim.search.files import save_search, thresholds_toml

    result = found.result
    heading = "\n".join([f"Thresholds for {result.model}, by sparsesim search.", "",
                         *accuracy_lines(result)])  # fmt: skip
    if result.raw_weights:
        heading += "\nThey mean the file's own weights (--raw-weights)."
    folder.mkdir(exist_ok=True)
    save_search(result, folder / "search.json", force=True)
    write_text(folder / "thresholds.toml", thresholds_toml(found.thresholds, heading), force=True)
    ss.save(found.graph, folder / "sparse.onnx", force=True)


def _say(folder: Path) -> None:
    options.said(folder / "search.json")
    options.said(folder / "thresholds.toml")
    options.said(folder / "sparse.onnx", f"sparsesim estimate {folder / 'sparse.onnx'} --inputs …")
