"""Operators of ONNX Runtime's own domain that hold no products to count.

Element by element, moving, normalising, pooling, random, or a transform: as of ONNX's own such
operators, nothing of theirs is a MAC. What is neither here nor counted is unknown.
"""

from __future__ import annotations


def _named(words: str) -> frozenset[str]:
    return frozenset(words.split())


MICROSOFT = _named(
    """
    BiasAdd BiasDropout BiasGelu BiasSoftmax BiasSplitGelu BifurcationDetector BitmaskBiasDropout
    BitmaskDropout BranchwiseRMSNorm ComplexMul ComplexMulConj CropAndResize DequantizeBFP
    DequantizeLinear DequantizeWithOrder DynamicTimeWarping EmbedLayerNormalization ExpandDims
    FastGelu GatedAdd GatedRMSNorm GatherBlockQuantized GatherND GatherPacked Gelu
    GemmaRotaryEmbedding GridSample GroupNorm Inverse Irfft IsAllFinite MRotaryEmbedding
    MaxpoolWithMask MulInteger MurmurHash3 NGramHashMapping NGramRepeatBlock NhwcMaxPool Pad
    QEmbedLayerNormalization QLinearAdd QLinearAveragePool QLinearConcat QLinearGlobalAveragePool
    QLinearLeakyRelu QLinearMul QLinearReduceMean QLinearSigmoid QLinearSoftmax QLinearWhere
    QOrderedGelu QOrderedLayerNormalization QuantizeBFP QuantizeLinear QuantizeWithOrder QuickGelu
    RMSNormRotary Range ReduceSumInteger RelativePositionBias RemovePadding RestorePadding Rfft
    RotaryEmbedding SampleOp ScaledSiLU SkipGroupNorm SkipLayerNormalization
    SkipSimplifiedLayerNormalization SwiGLU Tokenizer TorchEmbedding Trilu UnfoldTensor Unique
    VarlenNGramHashMapping
    """
)
NCHWC = _named(
    "AveragePool GlobalAveragePool GlobalMaxPool MaxPool ReorderInput ReorderOutput Upsample"
)
STANDARD_BUT_UNKNOWN = frozenset({"LinearAttention"})
"""Of ONNX: it multiplies, and how much is not worked out here."""
