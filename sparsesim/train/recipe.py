"""What a training does: the network, its penalty, its steps, what happens to gradients.

Recipes of the paper's networks lie beside, one TOML file each, found by the topology's name.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sparsesim.spec.packaged import PackagedSpec

FromZero = Annotated[float, Field(ge=0)]


class Recipe(PackagedSpec):
    """A training by stochastic gradient descent with momentum.

    Args:
        name: how logs call it; not part of `sha256()`.
        topology: one of `sparsesim.train.topologies.TOPOLOGIES`.
        preprocess: preset of the pixels' values, as `--preprocess` takes it.
        epochs: passes over the training images, 1 or more.
        batch: images a step, 1 or more; an incomplete last batch of an epoch is left out.
        learning_rate: of the first step, above 0.
        schedule: `constant`, or `cosine`: down to zero over the whole training.
        momentum: 0 to below 1. The paper's equation 2 is 0.
        l1: factor of the sum of magnitudes of all weights in the loss.
        l2: factor of half the sum of squares of all weights in the loss.
        dropout: share of dropped values where the topology has dropout, 0 to below 1.
        augment: pad by 4 pixels, crop at random, mirror half of the pictures.
        gradient_threshold: gradients of at most this magnitude become zero, in every step, before
            the optimiser; 0 changes none.
        seed: of first weights, order, dropout and augmentation, 0 to 2^63 - 1.
    Raises:
        SpecError: unknown key, or a value out of range.
    Source: Loroch et al. 2018, sections 2 (equation 2) and 3.
    """

    _folder: ClassVar[str] = "train/recipes"
    _word: ClassVar[str] = "topology"

    name: str = "custom"
    topology: str
    preprocess: str
    epochs: int = Field(ge=1)
    batch: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    schedule: Literal["constant", "cosine"] = "cosine"
    momentum: float = Field(default=0.9, ge=0, lt=1)
    l1: FromZero = 0.0
    l2: FromZero = 0.0
    dropout: float = Field(default=0.0, ge=0, lt=1)
    augment: bool = False
    gradient_threshold: FromZero = 0.0
    seed: int = Field(default=0, ge=0, lt=1 << 63)
