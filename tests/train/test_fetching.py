"""Fetching data sets from a web server on this machine: whole, cut, wrong, absent."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import socket
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from http_files import Site, serving

from sparsesim.errors import InputError
from sparsesim.train.dataset import open_dataset
from sparsesim.train.fetching import fetch
from sparsesim.train.public import PUBLIC, PublicFile, PublicSet

CONTENT = bytes(np.random.default_rng(0).integers(0, 256, 700_000, np.uint8))  # several reads


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def one_file(content: bytes = CONTENT, name: str = "a.bin", members=()) -> PublicSet:
    file = PublicFile(name, md5(content), members)
    return PublicSet("small", "a file", "http://nowhere/", (file,), "lenet", "this test")


def archive(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def refused(*words, **more) -> str:
    with pytest.raises(InputError) as raised:
        fetch(*words, **more)
    return str(raised.value)


@pytest.fixture
def site():
    with serving(Site({"a.bin": CONTENT})) as running:
        yield running


def test_a_file_comes_whole_with_progress_and_only_once(site, tmp_path):
    told = []
    new = fetch(one_file(), tmp_path, site.base, lambda *words: told.append(words))
    assert new == ("a.bin",)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a.bin": CONTENT}
    assert told[-1] == ("a.bin", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert fetch(one_file(), tmp_path, site.base) == ()
    assert site.asked == [("a.bin", None)]


def test_a_cut_download_goes_on_where_it_was(site, tmp_path):
    site.cuts["a.bin"] = 300_000
    assert refused(one_file(), tmp_path, site.base) == (
        f"{site.base}a.bin: the connection was cut after 300,000 of 700,000 bytes; run the command "
        "again to go on"
    )
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin.part"]
    assert fetch(one_file(), tmp_path, site.base) == ("a.bin",)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert site.asked == [("a.bin", None), ("a.bin", "bytes=300000-")]
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_server_that_cannot_continue_sends_it_all(site, tmp_path):
    site.continues = False
    (tmp_path / "a.bin.part").write_bytes(CONTENT[:1000])
    fetch(one_file(), tmp_path, site.base)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("half", [b"something else", CONTENT[::-1], CONTENT + b"more"])
def test_half_of_something_else_is_fetched_anew(half, site, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(half)
    fetch(one_file(), tmp_path, site.base)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert os.listdir(tmp_path) == ["a.bin"]


def test_a_whole_one_that_was_not_renamed_is_not_fetched_again(site, tmp_path):
    (tmp_path / "a.bin.part").write_bytes(CONTENT)
    assert fetch(one_file(), tmp_path, site.base) == ("a.bin",)
    assert site.asked == []


def test_a_wrong_sum(site, tmp_path):
    site.files["a.bin"] = b"damaged"
    assert refused(one_file(), tmp_path, site.base) == (
        f"{site.base}a.bin: has MD5 {md5(b'damaged')}, not {md5(CONTENT)} as this test says; it "
        "was deleted"
    )
    assert os.listdir(tmp_path) == []


def test_another_file_of_that_name_stays(site, tmp_path):
    (tmp_path / "a.bin").write_bytes(b"mine")
    assert refused(one_file(), tmp_path, site.base) == (
        f"{tmp_path}/a.bin: has MD5 {md5(b'mine')}, that of small is {md5(CONTENT)}; move it away "
        "to fetch the right one"
    )
    assert (tmp_path / "a.bin").read_bytes() == b"mine"
    assert site.asked == []


def test_no_such_file_and_no_server(site, tmp_path):
    wanted = one_file(name="b.bin")
    assert refused(wanted, tmp_path, site.base) == (
        f"{site.base}b.bin: the server answers 404 Not Found"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}/"
    assert refused(wanted, tmp_path, base) == (
        f"{base}b.bin: cannot be reached: Connection refused; is there a network?"
    )
    # RFC 6761: no name ends in .invalid.
    text = refused(wanted, tmp_path, "http://none.invalid/")
    assert text.startswith("http://none.invalid/b.bin: cannot be reached: ")
    assert text.endswith("; is there a network?") and "\n" not in text
    assert os.listdir(tmp_path) == []


def test_a_server_that_hangs_up_without_a_word(tmp_path):
    import threading

    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(1000)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        base = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert refused(one_file(), tmp_path, base) == (
            f"{base}a.bin: cannot be reached: Remote end closed connection without response; is "
            "there a network?"
        )
        thread.join()


def test_only_the_wanted_members_of_an_archive_and_none_outside(site, tmp_path):
    content = {"set/test.bin": b"1", "../train.bin": b"2", "set/readme.txt": b"3", "/x.bin": b"4"}
    site.files["a.tar.gz"] = archive(content)
    wanted = one_file(site.files["a.tar.gz"], "a.tar.gz", ("train.bin", "test.bin"))
    (tmp_path / "in").mkdir()
    assert fetch(wanted, tmp_path / "in", site.base) == ("train.bin", "test.bin")
    found = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert found == {"in/train.bin", "in/test.bin"}
    (tmp_path / "in" / "test.bin").unlink()
    fetch(wanted, tmp_path / "in", site.base)
    assert (tmp_path / "in" / "test.bin").read_bytes() == b"1"
    fetch(wanted, tmp_path / "in", site.base)
    assert len(site.asked) == 2


def test_archives_that_hold_something_else(site, tmp_path):
    site.files |= {"a.tar.gz": archive({"x": b"1"}), "b.tar.gz": b"no archive"}
    wanted = one_file(site.files["a.tar.gz"], "a.tar.gz", ("train.bin",))
    part = tmp_path / "a.tar.gz.part"
    assert refused(wanted, tmp_path, site.base) == f"{part}: holds no train.bin"
    part = tmp_path / "b.tar.gz.part"
    wanted = one_file(b"no archive", "b.tar.gz", ("train.bin",))
    assert refused(wanted, tmp_path, site.base) == f"{part}: is no archive, or a damaged one"


def test_a_disk_that_is_full(site, tmp_path):
    (tmp_path / "a.bin.part").symlink_to("/dev/full")
    assert refused(one_file(), tmp_path, site.base) == (
        f"{tmp_path}/a.bin.part: cannot be written: No space left on device"
    )


def test_a_fetched_set_opens(site, tmp_path):
    """MNIST's four files, tiny."""
    names = [file.name for file in PUBLIC["mnist"].files]
    rng = np.random.default_rng(0)
    for name in names:
        shape = (4, 5, 5) if "images" in name else (4,)
        values = rng.integers(0, 2, shape, np.uint8) if "images" in name else np.array([0, 1, 0, 1])
        head = struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape)
        site.files[name] = gzip.compress(head + values.astype(np.uint8).tobytes())
    files = tuple(PublicFile(name, md5(site.files[name])) for name in names)
    wanted = PublicSet("tiny", "digits", "", files, "lenet", "this test")
    site.cuts[names[2]] = 20
    refused(wanted, tmp_path, site.base)
    with pytest.raises(InputError) as raised:  # half of it is no data set
        open_dataset(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path}/{names[2]}.part: is half a download; run sparsesim data again, or delete it"
    )
    assert fetch(wanted, tmp_path, site.base) == tuple(names[2:])
    found = open_dataset(tmp_path)
    assert (len(found.train.labels), len(found.test.labels), found.classes) == (4, 4, 2)


def test_the_published_sets():
    for name, found in PUBLIC.items():
        assert found.name == name and found.base.startswith("https://") and found.base[-1] == "/"
        for file in found.files:
            assert len(bytes.fromhex(file.md5)) == 16
            assert Path(file.name).name == file.name
