"""Arrays that kernels make outlive the pointers to them: Numba frees one behind its last use."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest
from numba.core import ir
from numba.core.compiler import run_frontend
from numba.core.postproc import PostProcessor

KERNELS = ["stream.kernels:count_passes", "inner_join.kernels:count_passes"]
TAKERS = {"pointer", "pointers"}


def freed_at_once(function) -> Iterator[str]:
    """Arrays made here, of which a pointer is taken, and which die in the same block."""
    code = run_frontend(function)
    PostProcessor(code).run(emit_dels=True)
    assigned = {
        one.target.name: one.value
        for block in code.blocks.values()
        for one in block.find_insts(ir.Assign)
    }

    def called(value) -> str:
        if not (isinstance(value, ir.Expr) and value.op == "call"):
            return ""
        named = assigned.get(value.func.name)
        return named.name if isinstance(named, ir.Global) else "?"

    for block in code.blocks.values():
        taken = {
            one.value.args[0].name
            for one in block.find_insts(ir.Assign)
            if called(one.value) in TAKERS
        }
        for one in block.find_insts(ir.Del):
            made = assigned.get(one.value)
            if one.value in taken and called(made):
                yield one.value


@pytest.mark.parametrize("name", KERNELS)
def test_no_array_is_freed_while_its_pointer_is_used(name):
    module, function = name.split(":")
    kernel = getattr(importlib.import_module(f"sparsesim.machines.{module}"), function)
    assert not list(freed_at_once(kernel.py_func))
