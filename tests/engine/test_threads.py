"""The pool: order of results, errors, nesting; cutting into ranges; BLAS's threads."""

from __future__ import annotations

import threading
import time

import pytest
from threadpoolctl import threadpool_info

from sparsesim.engine.threads import each, ranges, single_threaded_blas, thread_count


@pytest.fixture(autouse=True)
def three_threads(monkeypatch):
    monkeypatch.setenv("SPARSESIM_THREADS", "3")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
def test_results_are_in_order(count):
    assert each(lambda a, b: a * b, [(i, 2) for i in range(count)]) == [2 * i for i in range(count)]


def test_three_threads_work_side_by_side():
    meeting = threading.Barrier(3, timeout=10)
    each(lambda _: meeting.wait(), [(i,) for i in range(3)])


def test_an_inner_use_takes_the_idle_threads_alone():
    inner = each(
        lambda i: sum(each(lambda j: i * j, [(j,) for j in range(20)])), [(1,), (2,), (3,)]
    )
    assert inner == [190, 380, 570]


@pytest.mark.parametrize("index", [0, 1, 2])
def test_an_error_comes_back_and_the_pool_lives_on(index):
    def fail(i):
        time.sleep(0.01)
        if i == index:
            raise ValueError(f"task {i}")

    for _ in range(3):
        with pytest.raises(ValueError, match=rf"^task {index}$"):
            each(fail, [(i,) for i in range(3)])
    test_three_threads_work_side_by_side()


def test_the_number_of_threads(monkeypatch):
    assert thread_count() == 3
    for given in ("", "0", "none"):
        monkeypatch.setenv("SPARSESIM_THREADS", given)
        assert thread_count() >= 1


@pytest.mark.parametrize(
    "count,parts,multiple,expected",
    [
        (10, 2, 1, [(0, 5), (5, 10)]),
        (10, 3, 4, [(0, 4), (4, 8), (8, 10)]),
        (3, 8, 1, [(0, 1), (1, 2), (2, 3)]),
        (5, 1, 16, [(0, 5)]),
        (0, 2, 1, []),
    ],
)
def test_ranges(count, parts, multiple, expected):
    assert ranges(count, parts, multiple) == expected


def blas_threads():
    """Of NumPy's BLAS, which the engine uses; SciPy, where it is loaded, brings one of its own."""
    blas = [item for item in threadpool_info() if item["user_api"] == "blas"]
    return {item["num_threads"] for item in blas if "numpy" in item["filepath"]}


def test_blas_has_one_thread_inside_and_its_own_number_behind():
    import numpy  # noqa: F401  it brings the library

    before = blas_threads()
    one, two = single_threaded_blas(), single_threaded_blas()
    one.__enter__()
    assert blas_threads() == {1}
    two.__enter__()
    one.__exit__(None, None, None)
    assert blas_threads() == {1}
    two.__exit__(None, None, None)
    assert blas_threads() == before
