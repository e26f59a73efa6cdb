"""Nothing outside a machine's folder knows its words: its parameters, schemes, classes, parts."""

from __future__ import annotations

from pathlib import Path

import pytest
from machine_words import Words, imports, uses, words_of

from sparsesim.machines import machine_named, machine_names

STRUCTURE = {
    "inner_join": (
        *("PE", "PEs", "pe", "pes", "feeder", "feeders", "windows", "pe_latency", "drain_latency"),
    ),
    "systolic": ("PE", "PEs", "pes", "least_interval", "skew", "drain_latency", "write_latency"),
    "stream": ("stash", "stashed", "fillers"),
    "broadcast": ("PE", "PEs", "pe", "finder", "tile_filters", "drain_cycles", "entries_of"),
}
"""Machine -> words of what it is built of. Each registered machine has some, or says () here."""

_OF_MORE = {
    "rows": "of a matrix, a table, an image",
    "lanes": "products that are added together, of any machine (`SumOrder`) and of `emulate`",
    "effectual": "pairs with two non-zero operands",
    "none": "no sparsifier, no batch axis",
}
GENERAL = {
    "inner_join": {**_OF_MORE, "window": "of a pool, of an attention"},
    "systolic": {
        **_OF_MORE,
        "depth": "of a network",
        "units": "what a search sets one threshold for",
        "drain": "the bound, whose word a class may have",
        "fill": "the same",
        "edges": "the same, and of a graph",
    },
    "stream": {
        **_OF_MORE,
        "depth": "of a network",
        "units": "what a search sets one threshold for",
        "imbalance": "the bound, whose word a class may have",
    },
    "broadcast": {**_OF_MORE, "units": "what a search sets one threshold for"},
}
"""Machine -> its words that mean other things, too -> what."""

ALLOWED = {
    ("machines/found.py", "inner_join"): "the registry, and the machine that is the default",
    ("machines/found.py", "systolic"): "the registry",
    ("machines/found.py", "stream"): "the registry",
    ("machines/found.py", "broadcast"): "the registry",
    ("area/clock.py", "PE"): "what the one assumed clock is of",
    ("result/older.py", "*"): "files of before, which knew one machine",
}
"""(file, word) -> why it may be there."""


def machines_words(name: str) -> Words:
    return words_of(machine_named(name), STRUCTURE[name], GENERAL.get(name, {}))


def offenders(root: Path, name: str) -> list[str]:
    """Uses of a machine's words outside its folder, those that are allowed left out. Words in other
    machines' folders are those machines' own; none may import another."""
    words, package = machines_words(name), root / "sparsesim"
    found = []
    for path in sorted(package.rglob("*.py")):
        file = path.relative_to(package).as_posix()
        if file.startswith(f"machines/{name}/"):
            continue
        source = path.read_text(encoding="utf-8")
        of_another = file.startswith(tuple(f"machines/{other}/" for other in machine_names()))
        for use in [] if of_another else uses(source, words):
            if not {(file, use.word), (file, "*")} & set(ALLOWED):
                found.append(f"{file}:{use}")
        found += [f"{file}:{line}: imports {name}" for line in imports(source, name)]
    return found


def test_each_machine_declares_what_it_is_built_of():
    assert set(machine_names()) == set(STRUCTURE)


@pytest.mark.parametrize("name", machine_names())
def test_a_machines_words_are_in_its_folder_alone(root: Path, name: str):
    found = offenders(root, name)
    assert found == [], f"{len(found)} uses:\n" + "\n".join(found)


@pytest.mark.parametrize(("file", "word"), ALLOWED)
def test_what_is_allowed_is_there(root: Path, file: str, word: str):
    source = (root / "sparsesim" / file).read_text(encoding="utf-8")
    found = {use.word for name in machine_names() for use in uses(source, machines_words(name))}
    assert found if word == "*" else word in found


@pytest.mark.parametrize(
    ("planted", "says"),
    [
        ("depth = accelerator.queue_depth", "attribute 'queue_depth'"),
        ("depth = found['queue_depth']", "string 'queue_depth'"),
        ("call(queue_depth=4)", "argument 'queue_depth'"),
        ("def f(queue_depth): ...", "parameter 'queue_depth'"),
        ("class Point:\n    queue_depth: int", "field 'queue_depth'"),
        ("tiles = -(-filters // array.rows)", "attribute 'rows'"),
        ("tiles = run.accelerator['rows']", "key 'rows'"),
        ("bigger = accelerator.with_(rows=8)", "argument 'rows'"),
        ("dense = cycles['none']", "key 'none'"),
        ("if skipping == 'none': ...", "scheme 'none'"),
        ("dense = accelerator.with_(skipping='none')", "scheme 'none'"),
        ("if scheme in ('none', 'weight'): ...", "scheme 'none'"),
        ("if scheme == 'two_sided': ...", "string 'two_sided'"),
        ("say(f'{count} PEs of {lanes} lanes')", "text 'PEs'"),
        ("say('skipping two_sided, which is fast')", "text 'two_sided'"),
        ("wait = classes['operand_wait']", "string 'operand_wait'"),
        ("order == 'positions_inner'", "string 'positions_inner'"),
    ],
)
def test_a_planted_use_is_found(planted: str, says: str):
    assert says in [
        str(use).split(": ", 1)[1] for use in uses(planted, machines_words("inner_join"))
    ]


@pytest.mark.parametrize(
    "innocent",
    [
        "rows, columns = mask.shape",
        "table.rows.append(row)",
        "Csr(rows=3)",
        "Passes.none()",
        "axis = 'none' if found is None else found",
        "def f():\n    '''Two PEs and their queue_depth.'''",
        "bits = moved['activation'] + moved['weight']",
        "order = SumOrder(block=1, lanes=1, skips=scheme.skips)",
        "share = pairs.effectual / pairs.all",
    ],
)
def test_what_only_looks_like_one_is_not(innocent: str):
    assert uses(innocent, machines_words("inner_join")) == []


@pytest.mark.parametrize(
    "line",
    [
        "import sparsesim.machines.inner_join.kernels",
        "from sparsesim.machines.inner_join import operands",
        "from sparsesim.machines import inner_join",
    ],
)
def test_a_planted_import_is_found(line: str):
    assert list(imports(line, "inner_join")) == [1]
    assert list(imports("from sparsesim.machines import Machine", "inner_join")) == []
