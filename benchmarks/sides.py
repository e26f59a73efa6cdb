"""The sides of a comparison, each run in a process of its own: prints milliseconds as JSON.

    python -m benchmarks.sides SIDE MODEL IMAGES

`ort`: one inference by ONNX Runtime. `execute`: our execution of an image, its trace included.
`cycles`: lowering and counting the passes of an image's layers under four schemes. `estimate`: all
of `ss.estimate`. `further`: one more accelerator on the same trace, lowered operands shared.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

REPEATS = 7


def main() -> None:
    """Run one side."""
    side, model, images = sys.argv[1:4]
    work = SIDES[side](model, images)
    work()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    print(json.dumps(times))


def _ort(model: str, images: str) -> Callable[[], object]:
    import onnxruntime as ort

    from sparsesim.engine.threads import thread_count

    options = ort.SessionOptions()
    options.intra_op_num_threads = thread_count()
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feed = next(iter(_opened(model, images).feeds()))
    return lambda: session.run(None, feed)


def _opened(model: str, images: str):
    import sparsesim as ss
    from sparsesim.trace.execute import input_specs

    return ss.open_inputs(images, input_specs(ss.load(model)), "imagenet", images=1)


def _execute(model: str, images: str) -> Callable[[], object]:
    import sparsesim as ss
    from sparsesim.engine.run import Engine
    from sparsesim.engine.threads import single_threaded_blas
    from sparsesim.trace.record import Recorder

    graph = ss.load(model)
    feed = next(iter(_opened(model, images).feeds()))
    engine = Engine(graph)
    recorder = Recorder(graph, {}, keep_values=False)
    limit = single_threaded_blas()
    limit.__enter__()

    def run() -> None:
        recorder.start()
        engine.run(feed, recorder)

    return run


def _trace(model: str, images: str):
    import sparsesim as ss

    return ss.execute(ss.load(model), _opened(model, images))


def _estimate(model: str, images: str) -> Callable[[], object]:
    import sparsesim as ss

    trace = _trace(model, images)
    accelerator = ss.Accelerator()
    return lambda: ss.estimate(trace, accelerator)


def _cycles(model: str, images: str) -> Callable[[], object]:
    """The passes are planned beforehand: only their cycles are counted."""

    import sparsesim as ss
    from sparsesim.engine.threads import each
    from sparsesim.estimator.operands import operands_of
    from sparsesim.estimator.setting import setting
    from sparsesim.machines.pairs import count_pairs
    from sparsesim.memory import ValueBits, plan_layer

    trace = _trace(model, images)
    on = setting(ss.Accelerator(), ss.Device.named("xczu9eg"))
    image = next(iter(trace.images))
    plans = []
    for layer in trace.layers:
        operands = operands_of(trace, layer, [image])
        words = (operands.activation, operands.weight, operands.output)
        widths = ValueBits(8, 8, 8)
        plans.append(plan_layer(layer.name, layer.geometry, *words, widths, on.accelerator).passes)

    def one(layer, passes) -> None:
        operands, k = operands_of(trace, layer, [image]), layer.geometry.reduction
        acts = on.rules.prepare("activation", operands.activation_rows, k, on.array)
        weights = on.rules.prepare("weight", operands.weight_rows, k, on.array)
        pairs = count_pairs(operands.activation_rows, operands.weight_rows, passes)
        for scheme in on.schemes:
            on.rules.count(acts, weights, passes, pairs, scheme, on.array)

    return lambda: each(one, list(zip(trace.layers, plans, strict=True)))


def _further(model: str, images: str) -> Callable[[], object]:
    import sparsesim as ss

    trace = _trace(model, images)
    cache = ss.Cache()
    ss.estimate(trace, ss.Accelerator(), cache=cache)
    other = ss.Accelerator(queue_depth=8)
    return lambda: ss.estimate(trace, other, cache=cache)


SIDES = {
    "ort": _ort,
    "execute": _execute,
    "cycles": _cycles,
    "estimate": _estimate,
    "further": _further,
}

if __name__ == "__main__":
    main()
