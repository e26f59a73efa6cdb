"""The 1,000 ImageNet photos as a model takes them: the centre of 224 x 224 pixels."""

from __future__ import annotations

from paper.places import Places


def photos(places: Places, graph):
    """Labelled inputs for a model of 224 x 224 pixels."""
    import sparsesim as ss

    folder = places.more / "imagenet-sample-1000"
    return ss.open_inputs(
        next(folder.glob("*.zip")),
        ss.input_specs(graph),
        "imagenet",
        labels=folder / "labels.tsv",
    )
