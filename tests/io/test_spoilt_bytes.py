"""Whatever is done to the bytes of an input, it is either refused with its problems or read, whole and repeatably."""

import random
import shutil

import pytest
from reading_cases import GOOD, as_json

from quartermaster import io
from quartermaster.errors import InputError
from quartermaster.io.codes import CODES

PIECES = (
    b'"', b",", b"\n", b"\r", b";", b"\x00", b"-", b"'", b"=", b"9" * 20, b"e9", b".5", b"[", b"{", b"null", b"true",
    b'""', b"\\ud800", b"NaN", b"\xef\xbb\xbf", b"\xff", "é".encode(), "\u202e".encode(),
)  # fmt: skip
SWAPS = (
    (b"1", b""),
    (b"0", b"2"),
    (b"US", b"UK"),
    (b"A-1", b"A-2"),
    (b"near", b"far"),
    (b"2026", b"1999"),
    (b":", b" "),
)


def spoilt(data, rnd):
    for _ in range(rnd.choice((1, 1, 2, 4))):
        place = rnd.randrange(len(data) + 1)
        kind = rnd.randrange(5)
        if kind == 0:
            data = data[:place] + rnd.choice(PIECES) + data[place:]
        elif kind == 1:
            data = data[:place] + data[place + rnd.choice((1, 3, 30)) :]
        elif kind == 2:
            other = rnd.randrange(len(data) + 1)
            data = data[:place] + data[other : other + 40] + data[place:]
        elif kind == 3:
            data = data.replace(*rnd.choice(SWAPS), rnd.choice((1, 1, 3)))
        elif place > len(data) // 2:
            data = data[:place]
    return data


def judged(read):
    """Read; a refusal must be fit to print, what is read must be what is read again."""
    try:
        snapshot = read()
    except InputError as error:
        for problem in error.problems:
            assert problem.code in CODES
            assert len(problem.value) <= 64
            texts = (problem.detail, problem.value, problem.column, problem.file, problem.pointer)
            assert all(text.isprintable() for text in texts)
        return False
    again = io.snapshot_from_document(io.parse_document(as_json(io.snapshot_document(snapshot))))
    assert io.snapshot_sha256(again) == io.snapshot_sha256(snapshot)
    return True


@pytest.mark.parametrize("seed", range(4))
def test_spoilt_folders(tmp_path, seed):
    rnd, accepted = random.Random(seed), 0
    for number in range(40):
        day = shutil.copytree(GOOD, tmp_path / str(number))
        path = rnd.choice(sorted(day.iterdir()))
        path.write_bytes(spoilt(path.read_bytes(), rnd))
        accepted += judged(lambda day=day: io.read_snapshot(day))
    assert 0 < accepted < 40


@pytest.mark.parametrize("seed", range(4))
def test_spoilt_documents(seed):
    rnd, accepted = random.Random(seed), 0
    good = GOOD.with_suffix(".json").read_bytes()
    for _ in range(60):
        data = spoilt(good, rnd)
        accepted += judged(lambda data=data: io.snapshot_from_document(io.parse_document(data)))
    assert 0 < accepted < 60
