"""Snapshots that come as files: a zip or a form is the same snapshot as its document; what is neither is refused."""

from __future__ import annotations

import io as memory
import json
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path

import httpx
import pytest
from catalogue import HERE
from service.conftest import Api
from starlette.testclient import TestClient
from store_cases import everything

from quartermaster import io
from quartermaster.errors import InputError
from quartermaster.service import ServiceSettings, create_app
from quartermaster.service.answers import ProblemAnswer
from quartermaster.service.contracts import CONTRACTS
from quartermaster.service.upload import MOST_FILES, MOST_RATIO
from quartermaster.store.keys import make_key

PATH = "/v1/scopes/files/snapshots/v1"
MIB = 2**20
FILES = {path.name: path.read_bytes() for path in sorted((HERE / "good").iterdir())}


@pytest.fixture
def work(tmp_path, monkeypatch) -> Path:
    """Where work folders are made, and nothing else."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def api(store, work):
    secret, _ = store.transact(lambda transaction: make_key(transaction, "tests", ["admin"]))
    settings = ServiceSettings(max_body_bytes=2 * MIB, max_unpacked_bytes=MIB)
    with TestClient(create_app(settings, store), raise_server_exceptions=False) as client:
        yield Api(client, secret)


def zipped(files, method=zipfile.ZIP_DEFLATED, **options) -> bytes:
    held = memory.BytesIO()
    with zipfile.ZipFile(held, "w", method, **options) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, content)
    return held.getvalue()


def put(api, content, media="application/zip", path=PATH, key=None):
    return api.client.put(path, content=content, headers={**api.headers(key), "content-type": media})


def put_form(api, files, path=PATH, key=None):
    headers = {name: value for name, value in api.headers(key).items() if name != "content-type"}
    return api.client.put(path, files=[("file", (name, content)) for name, content in files], headers=headers)


def refused(response, status, code):
    assert response.status_code == status, response.text
    problem = ProblemAnswer.model_validate_json(response.content)
    assert problem.code == code, problem
    return problem


def test_a_zip_a_form_and_a_document_are_one_snapshot(api, store, work):
    document = io.snapshot_document(io.read_folder(HERE / "good").snapshot)
    first = put(api, zipped(FILES))
    assert first.status_code == 201, first.text
    CONTRACTS["put_snapshot"].answer.model_validate_json(first.content, strict=True)
    before = everything(store)
    again = [
        put(api, zipped(dict(reversed(FILES.items())), zipfile.ZIP_STORED)),
        put_form(api, FILES.items()),
        api.ask("PUT", PATH, document),
    ]
    for answer in again:
        assert answer.status_code == 200, answer.text
        assert answer.json() == {**first.json(), "scope_made": False}
    changed = {"idempotency", "api_keys"}
    assert {name: rows for name, rows in everything(store).items() if name not in changed} == {
        name: rows for name, rows in before.items() if name not in changed
    }
    other = {**FILES, "snapshot.toml": FILES["snapshot.toml"].replace(b"monday", b"tuesday")}
    assert other != FILES
    refused(put(api, zipped(other)), 409, "snapshot_conflict")
    assert list(work.iterdir()) == []


def test_parquet_files_may_stand_among_csv_files(api, tmp_path):
    io.write_snapshot(io.read_folder(HERE / "good").snapshot, tmp_path / "typed", format="parquet")
    typed = {path.name: path.read_bytes() for path in (tmp_path / "typed").iterdir()}
    assert "orders.parquet" in typed
    first = put(api, zipped({**typed, "snapshot.toml": FILES["snapshot.toml"]}))
    assert first.status_code == 201, first.text
    mixed = {name: content for name, content in FILES.items() if name != "orders.csv"}
    again = put(api, zipped({**mixed, "orders.parquet": typed["orders.parquet"]}))
    assert again.json()["sha256"] == first.json()["sha256"]


def test_a_key_stands_for_names_and_contents(api):
    """Whatever bytes carry them: a form has another boundary each time it is sent."""
    first = put_form(api, FILES.items(), key="once")
    assert first.status_code == 201, first.text
    for again in (put_form(api, FILES.items(), key="once"), put(api, zipped(FILES), key="once")):
        assert (again.status_code, again.content) == (201, first.content)
    less = {name: content for name, content in FILES.items() if name != "holidays.csv"}
    refused(put(api, zipped(less), key="once"), 422, "idempotency_key_reused")


def test_problems_are_told_by_file_row_and_column(api, store, tmp_path):
    bad = FILES["order_lines.csv"].replace(b",2", b",zwei", 1)
    assert bad != FILES["order_lines.csv"]
    before = everything(store)
    day = tmp_path / "day"
    shutil.copytree(HERE / "good", day)
    (day / "order_lines.csv").write_bytes(bad)
    with pytest.raises(InputError, match="zwei") as told:
        io.read_folder(day)
    (wanted,) = told.value.problems
    for answer in (put(api, zipped({**FILES, "order_lines.csv": bad})),
                   put_form(api, {**FILES, "order_lines.csv": bad}.items())):  # fmt: skip
        (error,) = refused(answer, 422, "validation").errors
        assert (error.code, error.file, error.row, error.column) == (
            wanted.code,
            wanted.file,
            wanted.row,
            wanted.column,
        )
        assert error.pointer is None
    assert everything(store)["snapshots"] == before["snapshots"]
    ahead = b'as_of = "2099-01-01T00:00:00Z"\ncurrency = "USD"\n'
    (error,) = refused(put(api, zipped({**FILES, "snapshot.toml": ahead})), 422, "validation").errors
    assert (error.code, error.file, error.column) == ("snapshot_time", "snapshot.toml", "as_of")


def link(name="orders.csv", target="/etc/passwd", kind=stat.S_IFLNK):
    member = zipfile.ZipInfo(name)
    member.create_system = 3
    member.external_attr = (kind | 0o777) << 16
    return member, target


def with_byte(content, mark, at, value):
    """Change a byte after each place of a mark."""
    changed = bytearray(content)
    place = changed.find(mark)
    while place >= 0:
        changed[place + at] = value
        place = changed.find(mark, place + 4)
    return bytes(changed)


CENTRAL = b"PK\x01\x02"
NOT_ALLOWED = {
    "a member of a parent folder": zipped([*FILES.items(), ("../orders.csv", b"")]),
    "a member in a folder": zipped({f"day/{name}": content for name, content in FILES.items()}),
    "an absolute member": zipped([*FILES.items(), ("/etc/cron.d/x", b"")]),
    "a drive": zipped([*FILES.items(), ("C:\\x", b"")]),
    "an empty name": with_byte(zipped({"orders.csv": b""}), b"orders.csv", 0, 0),
    "a name cut by NUL": with_byte(zipped({"orders.csv.exe": b""}), b"orders.csv", 10, 0),
    "a member that is no table": zipped({**FILES, "policy.toml": b""}),
    "a folder": zipped([*FILES.items(), ("nodes/", b"")]),
    "a link": zipped([link(), *((name, content) for name, content in FILES.items() if name != "orders.csv")]),
    "a device": zipped([link(kind=stat.S_IFCHR)]),
    "a zip within": zipped({**FILES, "orders.csv": zipped(FILES)}),
    "a zip member": zipped({**FILES, "more.zip": zipped(FILES)}),
    "a name twice": zipped(FILES)[:0] + zipped([*FILES.items(), ("orders.csv", FILES["orders.csv"])]),
    "too many": zipped([(f"{number}.csv", b"") for number in range(MOST_FILES + 1)]),
    "thousands of members": zipped([(str(number), b"") for number in range(15_000)]),
    "lzma": zipped(FILES, zipfile.ZIP_LZMA),
    "bzip2": zipped(FILES, zipfile.ZIP_BZIP2),
    "encrypted": with_byte(zipped(FILES), CENTRAL, 8, 1),
    "no zip": b"order_id\n1\n",
    "nothing": b"",
    "a zip cut off": zipped(FILES)[:-30],
    "a zip cut at its front": zipped(FILES)[30:],
    "wrong bytes": with_byte(zipped(FILES, zipfile.ZIP_STORED), b"order_id", 2, 0xFF),
    "a directory that is elsewhere": with_byte(zipped(FILES), b"PK\x05\x06", 16, 0xFF),
    "a version that nobody has": with_byte(zipped(FILES), CENTRAL, 6, 99),
    "an odd extra field": with_byte(zipped(FILES), CENTRAL, 30, 3),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", NOT_ALLOWED)
def test_archives_that_are_not_taken(api, store, work, name):
    before = everything(store)
    problem = refused(put(api, NOT_ALLOWED[name]), 422, "archive_not_allowed")
    assert str(work) not in problem.detail
    assert everything(store)["snapshots"] == before["snapshots"] == []
    assert list(work.iterdir()) == []
    assert {path.name for path in work.parent.iterdir()} <= {
        "work",
        "store.db",
        "store.db.lock",
        "store.db-shm",
        "store.db-wal",
    }


def lying(content, claimed, elsewhere=None):
    """A zip whose directory and header claim other sizes than there are, or say that the header is elsewhere."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packed.compress(content) + packed.flush()
    name = b"orders.csv"
    sizes = struct.pack("<III", zlib.crc32(content), len(data), claimed)
    local = struct.pack("<4sHHHHH", b"PK\x03\x04", 20, 0, 8, 0, 0) + sizes + struct.pack("<HH", len(name), 0) + name
    far = b"" if elsewhere is None else struct.pack("<HHQ", 1, 8, elsewhere)  # as zip64 writes offsets
    central = (struct.pack("<4sHHHHHH", CENTRAL, 20, 20, 0, 8, 0, 0) + sizes
               + struct.pack("<HHHHHII", len(name), len(far), 0, 0, 0, 0, 0xFFFFFFFF if far else 0)
               + name + far)  # fmt: skip
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local) + len(data), 0)
    return local + data + central + end


def test_zip_bombs_end_at_their_caps(api, work):
    ratio = zipped({**FILES, "orders.csv": b"0" * (MIB - 10_000)})
    assert len(ratio) * MOST_RATIO < MIB
    refused(put(api, ratio), 413, "decompression_limit")
    noise = memory.BytesIO(b"".join(zlib.crc32(str(at).encode()).to_bytes(4, "big") for at in range(MIB // 4 + 1)))
    refused(put(api, zipped({"orders.csv": noise.getvalue()})), 413, "decompression_limit")
    refused(put(api, lying(b"0" * 50 * MIB, 10)), 422, "archive_not_allowed")  # only what is claimed is unpacked
    refused(put(api, lying(b"0" * 50 * MIB, 50 * MIB)), 413, "decompression_limit")
    refused(put(api, b"0" * (2 * MIB + 1)), 413, "too_large")
    assert list(work.iterdir()) == []


@pytest.mark.parametrize("elsewhere", [2**64 - 1, 2**63, 2**62, 2**40])
@pytest.mark.parametrize("size", [10, 2 * MIB - 1000], ids=["in memory", "on disk"])
def test_a_zip_whose_member_is_nowhere(api, work, elsewhere, size):
    noise = b"".join(zlib.crc32(str(at).encode()).to_bytes(4, "big") for at in range(size // 4))
    refused(put(api, lying(noise, len(noise), elsewhere)), 422, "archive_not_allowed")
    assert list(work.iterdir()) == []


def test_a_directory_of_a_zip_that_would_fill_memory_is_not_read(api, work):
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, 2 * MIB - 100, 0, 0)
    refused(put(api, b"\0" * (2 * MIB - 100) + end), 422, "archive_not_allowed")


FORMS = {
    "a field": [(None, b"1")],
    "a name of a parent folder": [("../orders.csv", b"")],
    "a name that is no table": [("policy.toml", b"")],
    "a name twice": [("orders.csv", b""), ("orders.csv", b"")],
    "too many": [("orders.csv", b"")] * (MOST_FILES + 1),
    "a zip": [("orders.csv", zipped(FILES))],
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_that_are_not_taken(api, work, name):
    refused(put_form(api, FORMS[name]), 422, "archive_not_allowed")
    assert list(work.iterdir()) == []


def form_body(files):
    request = httpx.Request("PUT", "http://x", files=[("file", (name, content)) for name, content in files.items()])
    return request.read(), request.headers["content-type"]


def test_a_form_that_is_cut_off_is_not_a_smaller_form(api):
    content, media = form_body(FILES)
    boundary = media.partition("boundary=")[2].encode()
    for cut in (content[: content.rindex(b"--" + boundary)], content[:-50], content[: len(content) // 2], b"", b"--x"):
        refused(put(api, cut, media), 422, "archive_not_allowed")
    refused(put(api, content, "multipart/form-data"), 422, "archive_not_allowed")
    refused(put(api, content, "multipart/form-data; boundary=other"), 422, "archive_not_allowed")
    assert put(api, content, media).status_code == 201


@pytest.mark.parametrize(
    "media",
    ["application/x-zip", "multipart/mixed", "text/csv", "", "multipart/form-data; boundary=x; charset=odd"],
)
def test_other_types_are_refused(api, media):
    refused(put(api, zipped(FILES), media), 415, "media_type")


def test_other_routes_take_no_files(api):
    headers = {**api.headers(), "content-type": "application/zip"}
    answer = api.client.post("/v1/scopes/north/orders", content=zipped(FILES), headers=headers)
    refused(answer, 415, "media_type")


def test_a_compressed_zip_is_refused(api):
    headers = {**api.headers(), "content-type": "application/zip", "content-encoding": "gzip"}
    refused(api.client.put(PATH, content=zipped(FILES), headers=headers), 415, "content_encoding")


def test_the_names_are_those_of_a_snapshot(api):
    document = api.client.get("/openapi.json").json()
    content = document["paths"]["/v1/scopes/{scope}/snapshots/{version}"]["put"]["requestBody"]["content"]
    assert set(content) == {"application/json", "application/zip", "multipart/form-data"}
    assert set(content["multipart/form-data"]["schema"]["properties"]) == set(io.FILE_NAMES)
    assert len({Path(name).stem for name in io.FILE_NAMES}) <= MOST_FILES
    assert json.loads(json.dumps(content))
