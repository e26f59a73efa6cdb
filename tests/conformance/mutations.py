"""Mutations of an ONNX model: of its bytes and of its fields; the same for the same seed."""

from __future__ import annotations

from random import Random

import numpy as np
import onnx
from onnx import TensorProto, helper

# Numbers that trip code that trusts a file.
NUMBERS = [0, 1, -1, 2, 3, 7, 100, 4096, 1 << 15, (1 << 31) - 1, 1 << 31, -(1 << 31), 1 << 40]
NUMBERS += [(1 << 62) + 1, -(1 << 63), (1 << 63) - 1]
REALS = [0.0, -1.0, 1e-45, 1e38, float("nan"), float("inf"), float("-inf")]
OPERATORS = sorted({schema.name for schema in onnx.defs.get_all_schemas() if schema.domain == ""})
OPERATORS += [
    "FusedConv",
    "FusedGemm",
    "FusedMatMul",
    "QGemm",
    "QAttention",
    "MatMulNBits",
    "Quant",
]
OPERATORS += ["DynamicQuantizeLSTM", "SimplifiedLayerNormalization", "BipolarQuant", "BiasGelu"]
TEXTS = ["", "SAME_UPPER", "VALID", "nonsense", "\u00e4\u2028", "x" * 1000]


def mutate(octets: bytes, seed: int) -> bytes:
    """A model with something wrong, or at least odd, in it.

    Args:
        octets: a valid model.
        seed: even: bytes are changed; odd: fields.
    """
    random = Random(seed)
    for _ in range(random.choice([1, 1, 1, 2, 5])):
        octets = _mutate_bytes(octets, random) if seed % 2 == 0 else _mutate_field(octets, random)
    return octets


def _mutate_bytes(octets: bytes, random: Random) -> bytes:
    data = bytearray(octets)
    at = _place(data, random)
    length = random.choice([1, 2, 8, 100])
    how = random.randrange(6)
    if how == 0:
        for _ in range(random.choice([1, 4, 16])):
            data[_place(data, random)] ^= 1 << random.randrange(8)
    elif how == 1:
        del data[at:]
    elif how == 2:
        del data[at : at + length]
    elif how == 3:
        data[at:at] = random.randbytes(length)
    elif how == 4:
        other = _place(data, random)
        data[at : at + length] = data[other : other + length]
    else:
        other = _place(data, random)
        data[at:at] = data[other : other + length]
    return bytes(data) or b"\0"


def _place(data: bytearray, random: Random) -> int:
    """A position; most bytes are weights, so structure is met on purpose half of the time."""
    if random.random() < 0.5:
        return random.randrange(len(data))
    near = min(len(data), 4096)
    return random.choice([random.randrange(near), len(data) - 1 - random.randrange(near)])


def _mutate_field(octets: bytes, random: Random) -> bytes:
    model = onnx.ModelProto()
    try:
        model.ParseFromString(octets)
        random.choice(_FIELDS)(model, random)
        return model.SerializeToString()
    except Exception:  # the field is not there (any more), or takes no such value
        return octets


def _operator(model: onnx.ModelProto, random: Random) -> None:
    random.choice(model.graph.node).op_type = random.choice([*OPERATORS, "", "Frobnicate"])


def _domain(model: onnx.ModelProto, random: Random) -> None:
    domains = ["", "ai.onnx", "ai.onnx.ml", "com.microsoft", "qonnx.custom_op.general", "acme"]
    random.choice(model.graph.node).domain = random.choice(domains)


def _attribute(model: onnx.ModelProto, random: Random) -> None:
    node = random.choice([node for node in model.graph.node if node.attribute])
    attribute = random.choice(node.attribute)
    how = random.randrange(5)
    if how == 0:
        attribute.i = random.choice(NUMBERS)
    elif how == 1 and attribute.ints:
        attribute.ints[random.randrange(len(attribute.ints))] = random.choice(NUMBERS)
    elif how == 2:
        attribute.f = random.choice(REALS)
    elif how == 3:
        attribute.type = random.randrange(15)
    else:
        node.attribute.remove(attribute)


def _new_attribute(model: onnx.ModelProto, random: Random) -> None:
    names = ["group", "pads", "strides", "dilations", "auto_pad", "kernel_shape", "axis", "alpha"]
    values = [random.choice(NUMBERS), random.choice(REALS), random.choice(TEXTS)]
    values += [[random.choice(NUMBERS) for _ in range(random.randrange(1, 6))]]
    made = helper.make_attribute(random.choice(names), random.choice(values))
    random.choice(model.graph.node).attribute.append(made)


def _weight_shape(model: onnx.ModelProto, random: Random) -> None:
    dims = random.choice(model.graph.initializer).dims
    how = random.randrange(4)
    if how == 0:
        dims[random.randrange(len(dims))] = random.choice(NUMBERS)
    elif how == 1:
        dims.append(random.choice([1, 0, -1]))
    elif how == 2:
        dims.pop()
    else:
        dims[:] = random.sample(list(dims), len(dims))


def _weight_type(model: onnx.ModelProto, random: Random) -> None:
    kinds = list(TensorProto.DataType.values())
    random.choice(model.graph.initializer).data_type = random.choice([*kinds, 99])


def _weight_values(model: onnx.ModelProto, random: Random) -> None:
    tensor = random.choice(model.graph.initializer)
    how = random.randrange(4)
    if how == 0:
        tensor.raw_data = tensor.raw_data[: random.randrange(len(tensor.raw_data) + 1)]
    elif how == 1:
        tensor.ClearField("raw_data")
    elif how == 2:
        tensor.data_location = TensorProto.EXTERNAL
        where = random.choice(["/etc/passwd", "../x", "", "lenet.bin", "*/_ORT_MEM_ADDR_/*"])
        tensor.external_data.add(key="location", value=where)
        tensor.external_data.add(key="offset", value=str(random.choice(NUMBERS)))
    else:
        tensor.float_data.append(random.choice(REALS))


def _edge(model: onnx.ModelProto, random: Random) -> None:
    node = random.choice(model.graph.node)
    names = [name for other in model.graph.node for name in [*other.input, *other.output]]
    ends = random.choice([node.input, node.output])
    if random.random() < 0.2:
        ends.append(random.choice([*names, "", "nowhere"]))
    else:
        ends[random.randrange(len(ends))] = random.choice([*names, "", "nowhere"])


def _name(model: onnx.ModelProto, random: Random) -> None:
    names = [node.name for node in model.graph.node]
    random.choice(model.graph.node).name = random.choice([*names, *TEXTS])


def _nodes(model: onnx.ModelProto, random: Random) -> None:
    nodes = list(model.graph.node)
    how = random.randrange(3)
    if how == 0:
        nodes.remove(random.choice(nodes))
    elif how == 1:
        nodes.append(random.choice(nodes))
    else:
        random.shuffle(nodes)
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)


def _interface(model: onnx.ModelProto, random: Random) -> None:
    value = random.choice([*model.graph.input, *model.graph.output])
    tensor = value.type.tensor_type
    how = random.randrange(6)
    if how == 0:
        random.choice(tensor.shape.dim).dim_value = random.choice(NUMBERS)
    elif how == 1:
        tensor.elem_type = random.choice([*TensorProto.DataType.values(), 99])
    elif how == 2:
        tensor.ClearField("shape")
    elif how == 3:
        value.name = random.choice([*TEXTS, "nowhere", model.graph.node[0].output[0]])
    elif how == 4:
        random.choice(tensor.shape.dim).dim_param = random.choice(TEXTS)
    else:
        values = random.choice([model.graph.input, model.graph.output])
        values.remove(random.choice(values))


def _header(model: onnx.ModelProto, random: Random) -> None:
    how = random.randrange(4)
    if how == 0:
        model.opset_import[0].version = random.choice([*NUMBERS, 6, 7, 9, 11, 18, 25])
    elif how == 1:
        model.ir_version = random.choice([*NUMBERS, 3, 4, 13, 14])
    elif how == 2:
        model.opset_import.append(helper.make_opsetid(random.choice(["", "acme"]), 11))
    else:
        model.opset_import[0].domain = random.choice(TEXTS)


def _weights(model: onnx.ModelProto, random: Random) -> None:
    tensors = model.graph.initializer
    how = random.randrange(3)
    if how == 0:
        tensors.remove(random.choice(tensors))
    elif how == 1:
        tensors.append(random.choice(tensors))
    else:
        random.choice(tensors).name = random.choice([*TEXTS, "nowhere"])


def _inside(model: onnx.ModelProto, random: Random) -> None:
    """Any other change, within a branch."""
    bodies = [a.g for node in model.graph.node for a in node.attribute if a.HasField("g")]
    body = random.choice(bodies)
    whole = onnx.ModelProto(graph=body)
    whole.opset_import.extend(model.opset_import)
    random.choice(_FIELDS)(whole, random)
    body.CopyFrom(whole.graph)


def _sparse(model: onnx.ModelProto, random: Random) -> None:
    held = [
        a.sparse_tensor
        for n in model.graph.node
        for a in n.attribute
        if a.HasField("sparse_tensor")
    ]
    tensor = random.choice([*model.graph.sparse_initializer, *held])
    how = random.randrange(5)
    if how == 0:
        tensor.dims[random.randrange(len(tensor.dims))] = random.choice(NUMBERS)
    elif how == 1:
        places = np.frombuffer(tensor.indices.raw_data, np.int64).copy()
        places[random.randrange(len(places))] = random.choice([*NUMBERS, 5, 11])
        tensor.indices.raw_data = places.tobytes()
    elif how == 2:
        part = random.choice([tensor.indices, tensor.values])
        part.dims[random.randrange(len(part.dims))] = random.choice(NUMBERS)
    elif how == 3:
        part = random.choice([tensor.indices, tensor.values])
        part.data_type = random.choice([*TensorProto.DataType.values(), 99])
    else:
        tensor.values.name = random.choice([*TEXTS, "nowhere"])


def _length(model: onnx.ModelProto, random: Random) -> None:
    """Nothing to run on: a batch or a sequence of no elements."""
    value = random.choice(model.graph.input)
    random.choice(value.type.tensor_type.shape.dim).dim_value = 0


_FIELDS = [
    _operator,
    _domain,
    _attribute,
    _attribute,
    _new_attribute,
    _weight_shape,
    _weight_type,
    _weight_values,
    _edge,
    _edge,
    _name,
    _nodes,
    _interface,
    _interface,
    _header,
    _weights,
    _inside,
    _inside,
    _sparse,
    _length,
]
