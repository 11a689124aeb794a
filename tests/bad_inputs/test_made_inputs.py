"""Rows 66 and 68 to 70 of the catalogue: inputs too large, too odd or too alive to stand in a repository."""

import errno
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cpu_seconds import least_cpu_seconds

from quartermaster import io
from quartermaster.errors import InputError

GOOD = Path(__file__).parent / "good"


@pytest.fixture
def day(tmp_path):
    shutil.copytree(GOOD, tmp_path / "day")
    return tmp_path / "day"


def codes_of(path, **options):
    with pytest.raises(InputError) as raised:
        io.read_input(path, **options)
    return [(problem.code, problem.file, problem.row) for problem in raised.value.problems]


def with_channel(day, row, text):
    frame = pd.read_csv(day / "orders.csv", dtype=str, keep_default_na=False)
    frame.loc[row - 2, "channel"] = text
    frame.to_csv(day / "orders.csv", index=False)


# Row 66


@pytest.mark.parametrize("length", [32 * 1024 + 1, 200_000])
def test_a_cell_over_32_kib_is_over_the_limit(day, length):
    with_channel(day, 3, "x" * length)
    assert ("csv_limit", "orders.csv", 3) in codes_of(day)


def test_a_cell_of_32_kib_is_read(day):
    with_channel(day, 3, "x" * 32 * 1024)
    assert len(io.read_snapshot(day).orders["channel"][1]) == 32 * 1024


def test_a_row_over_a_mebibyte_is_over_the_limit(day):
    names = [f"extra{number}" for number in range(40)]
    rows = (day / "inventory.csv").read_text().splitlines()
    wide = [",".join([rows[0], *names]), *(row + "," * 40 for row in rows[1:])]
    wide[2] = rows[2] + ("," + "y" * 32_000) * 40
    (day / "inventory.csv").write_text("\n".join(wide))
    assert ("csv_limit", "inventory.csv", 3) in codes_of(day)


def test_ten_thousand_columns_are_over_the_limit(day):
    header = (day / "nodes.csv").read_text().splitlines()[0]
    (day / "nodes.csv").write_text(header + "".join(f",c{number}" for number in range(10_000)) + "\n")
    assert codes_of(day) == [("csv_limit", "nodes.csv", 1)]


# Row 68


def as_parquet(day, table="inventory"):
    snapshot = io.read_snapshot(day)
    io.write_snapshot(snapshot, day / "typed", format="parquet")
    (day / f"{table}.csv").unlink()
    shutil.copyfile(day / "typed" / f"{table}.parquet", day / f"{table}.parquet")
    shutil.rmtree(day / "typed")
    return day / f"{table}.parquet"


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_truncated_parquet(day, kept):
    path = as_parquet(day)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    assert codes_of(day) == [("parquet_format", "inventory.parquet", None)]


@pytest.mark.parametrize("data", [b"", b"PAR1", b"not parquet at all", b"PARE" + bytes(40) + b"\x10\0\0\0PARE"])
def test_bytes_that_are_no_parquet_or_encrypted(day, data):
    as_parquet(day).write_bytes(data)
    assert codes_of(day) == [("parquet_format", "inventory.parquet", None)]


def test_damaged_pages(day):
    path = as_parquet(day)
    data = bytearray(path.read_bytes())
    data[4:200] = bytes(196)
    path.write_bytes(bytes(data))
    assert codes_of(day) == [("parquet_format", "inventory.parquet", None)]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("on_hand", pa.array([1.0, 2.0])),
        ("on_hand", pa.array(["1", "2"])),
        ("sku", pa.array([123, 124])),
        ("on_hand", pa.array([True, False])),
        ("node_id", pa.array([["NYC"], ["CHI"]])),
    ],
)
def test_wrong_schema(day, column, values):
    path = as_parquet(day)
    held = {"node_id": pa.array(["NYC", "CHI"]), "sku": pa.array(["NA", "NA"]), "on_hand": pa.array([1, 2])}
    pq.write_table(pa.table({**held, column: values}), path)
    with pytest.raises(InputError) as raised:
        io.read_snapshot(day)
    found = [(problem.code, problem.file, problem.column) for problem in raised.value.problems]
    assert found == [("parquet_format", "inventory.parquet", column)]


def test_claim_of_rows_that_the_file_cannot_hold(day):
    path = as_parquet(day)
    rows = 15_000_000
    constant = pa.DictionaryArray.from_arrays(pa.nulls(rows, pa.int8()).fill_null(0), pa.array(["NYC"]))
    zero = pa.nulls(rows, pa.int8()).fill_null(0)
    pq.write_table(pa.table({"node_id": constant, "sku": constant, "on_hand": zero}), path, compression="zstd")
    started = time.process_time()
    assert codes_of(day) == [("parquet_format", "inventory.parquet", None)]
    assert time.process_time() - started < 10  # a hang, not a speed


def test_parquet_over_the_row_limit(day):
    as_parquet(day)
    assert ("too_many_rows", "inventory.parquet", None) in codes_of(day, limits=io.Limits(max_rows=3))


def test_parquet_without_the_extra_names_it(day, monkeypatch):
    as_parquet(day)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"quartermaster\[parquet\]"):
        io.read_snapshot(day)


def test_one_table_in_two_formats(day):
    data = (day / "inventory.csv").read_bytes()
    as_parquet(day)
    (day / "inventory.csv").write_bytes(data)
    assert codes_of(day) == [("file_twice", "inventory.csv", None)]


# Row 69


def test_pipe_in_place_of_a_table(day):
    (day / "orders.csv").unlink()
    os.mkfifo(day / "orders.csv")
    assert codes_of(day) == [("file_kind", "orders.csv", None)]


def test_pipe_in_place_of_a_document(tmp_path):
    os.mkfifo(tmp_path / "day.json")
    assert codes_of(tmp_path / "day.json") == [("file_kind", "day.json", None)]


def test_endless_device():
    assert codes_of("/dev/zero") == [("file_kind", "zero", None)]


def test_folder_in_place_of_a_table(day):
    (day / "orders.csv").unlink()
    (day / "orders.csv").mkdir()
    assert codes_of(day) == [("file_kind", "orders.csv", None)]


def test_link_that_leads_out_of_the_folder(day, tmp_path):
    (day / "orders.csv").rename(tmp_path / "orders.csv")
    (day / "orders.csv").symlink_to(tmp_path / "orders.csv")
    assert codes_of(day) == [("file_kind", "orders.csv", None)]


def test_link_within_the_folder_is_followed(day):
    (day / "orders.csv").rename(day / "orders-monday.csv")
    (day / "orders.csv").symlink_to("orders-monday.csv")
    assert len(io.read_snapshot(day).orders) == 3


def test_dangling_link(day):
    (day / "holidays.csv").unlink()
    (day / "holidays.csv").symlink_to("nowhere.csv")
    assert codes_of(day) == [("file_missing", "holidays.csv", None)]


def test_missing_path(tmp_path):
    assert codes_of(tmp_path / "nothing") == [("file_missing", "nothing", None)]


def test_a_table_as_the_path(day):
    assert codes_of(day / "orders.csv")[0][0] == "json_syntax"


def test_unreadable_file(day, monkeypatch):
    opened = os.open

    def refusing(path, *rest):
        if Path(path).name == "orders.csv":
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *rest)

    monkeypatch.setattr(os, "open", refusing)
    assert codes_of(day) == [("file_unreadable", "orders.csv", None)]


def test_oversized_document(tmp_path):
    (tmp_path / "day.json").write_bytes(b" " * 1000)
    assert codes_of(tmp_path / "day.json", limits=io.Limits(max_file_bytes=999)) == [("too_large", "day.json", None)]


def test_broken_snapshot_toml(day):
    (day / "snapshot.toml").write_text("as_of = \n")
    assert codes_of(day) == [("toml_syntax", "snapshot.toml", None)]


# Row 70


def test_output_in_place_of_a_file(day, tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(InputError) as raised:
        io.write_snapshot(io.read_snapshot(day), tmp_path / "taken")
    assert [problem.code for problem in raised.value.problems] == ["output"]
    assert (tmp_path / "taken").read_text() == "mine"


def test_full_disk_leaves_the_old_output_intact(day, monkeypatch):
    snapshot = io.read_snapshot(day)
    before = {path.name: path.read_bytes() for path in day.iterdir()}

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        io.write_snapshot(snapshot, day)
    assert {path.name: path.read_bytes() for path in day.iterdir()} == before


def test_output_folder_is_made(day, tmp_path):
    io.write_snapshot(io.read_snapshot(day), tmp_path / "a" / "b")
    assert io.snapshot_sha256(io.read_snapshot(tmp_path / "a" / "b")) == io.snapshot_sha256(io.read_snapshot(day))


def test_deep_json_is_refused_sooner_than_good_json_is_read():
    deep = b'{"orders":' * 100_000
    good = b"[" + b"1234567," * (len(deep) // 8) + b"1]"

    def refuse():
        with pytest.raises(InputError) as raised:
            io.parse_document(deep)
        assert raised.value.problems[0].code == "json_too_deep"

    assert least_cpu_seconds(refuse) < least_cpu_seconds(lambda: io.parse_document(good))


def test_reading_a_bad_folder_never_shows_a_traceback(day):
    (day / "inventory.csv").write_bytes(bytes(range(256)))
    program = "import sys; from quartermaster import io; from quartermaster.errors import InputError\n"
    program += "try: io.read_snapshot(sys.argv[1])\nexcept InputError as error: print(*error.problems)"
    ran = subprocess.run([sys.executable, "-c", program, str(day)], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0
    assert ran.stderr == ""
    assert "[encoding]" in ran.stdout
