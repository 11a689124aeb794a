"""What `init` writes reads back without a word of complaint, and explains everything there is."""

import csv
import tomllib

import pytest

import quartermaster as qm
from quartermaster.domain.columns import columns_of
from quartermaster.domain.snapshot import OUTLOOK_TABLES, ROW_TYPES
from quartermaster.errors import InputError
from quartermaster.io import read_policy, read_snapshot
from quartermaster.io.template import write_template
from quartermaster.policy import SECTIONS, Policy, knobs_of


@pytest.fixture
def folder(tmp_path):
    write_template(tmp_path / "day")
    return tmp_path / "day"


def test_the_snapshot_reads_back_without_problems_or_warnings(folder):
    snapshot = read_snapshot(folder)
    assert snapshot.warnings == ()
    assert {name: len(table) for name, table in snapshot.tables().items()} == {
        "orders": 5, "order_lines": 8, "products": 5, "nodes": 3, "inventory": 11, "services": 2, "zones": 5,
        "rates": 20, "transit": 10, "holidays": 1, "forecast": 0, "replenishment": 0, "fixed": 0,
    }  # fmt: skip


def test_it_plans_to_the_optimum_and_shows_a_split_and_a_backorder(folder):
    snapshot = read_snapshot(folder)
    plan = qm.plan(snapshot, read_policy(folder / "policy.toml"))
    assert plan.status == "optimal"
    # 52 tablets are asked for; 32 - 2 reserved are at one node and 20 at another.
    tablets = plan.allocations[plan.allocations["sku"] == "TABLET"]
    assert sorted(zip(tablets["node_id"], tablets["quantity"], strict=True)) == [("DC-EAST", 30), ("STORE-CHICAGO", 20)]
    assert plan.backorders[["order_id", "quantity", "reason"]].to_numpy().tolist() == [["1004", 2, "no_stock"]]
    assert qm.evaluate(snapshot, plan).violations == ()


def test_every_place_of_it_is_known(folder):
    snapshot = read_snapshot(folder)
    assert all(order.lat is not None for order in snapshot.orders)
    assert all(node.lat is not None for node in snapshot.nodes)


def test_it_shows_that_ids_are_text(folder):
    assert "00123" in set(read_snapshot(folder).products["sku"])


def test_the_policy_reads_back_as_the_defaults_and_holds_every_key(folder):
    assert read_policy(folder / "policy.toml") == Policy()
    text = (folder / "policy.toml").read_text(encoding="utf-8")
    held = tomllib.loads(text)
    assert set(held) == {"strategy", *SECTIONS}
    for section, section_type in SECTIONS.items():
        assert list(held[section]) == list(knobs_of(section_type))


def test_every_knob_is_explained_on_the_line_above_it(folder):
    lines = (folder / "policy.toml").read_text(encoding="utf-8").splitlines()
    for section_type in SECTIONS.values():
        for name, (_, knob) in knobs_of(section_type).items():
            (place,) = [position for position, line in enumerate(lines) if line.startswith(f"{name} = ")]
            assert lines[place - 1].startswith(f"# {knob.meaning}")
            assert knob.unit in lines[place - 1]


def test_the_readme_explains_every_column_of_every_file(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    sections = dict(part.split(".csv (", 1) for part in text.split("\n## ") if ".csv (" in part)
    assert list(sections) == list(ROW_TYPES)
    for name, row_type in ROW_TYPES.items():
        absent = not (folder / f"{name}.csv").exists()
        assert ("not in this folder" in sections[name].partition("\n")[0]) == absent
        rows = [line for line in sections[name].splitlines() if line.startswith("| `")]
        assert len(rows) == len(columns_of(row_type))
        for row, column in zip(rows, columns_of(row_type).values(), strict=True):
            assert row.startswith(f"| `{column.name}` | ")
            assert column.meaning in row
            assert (" required " in row) == column.required
            assert all(f"`{choice}`" in row for choice in column.choices)


def test_defaults_are_shown_as_files_write_them(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "| `cutoff` | `23:59` | local HH:MM | `HH:MM` |" in text
    assert "| `ships_on` | `mon-fri` |" in text
    assert "| `residential` | `true` |" in text
    assert "| `opening_cost` | `0.00` | money | amount, at most 6 decimals, at least 0 |" in text


def test_every_column_it_uses_is_one_of_the_table(folder):
    for name in ROW_TYPES.keys() - set(OUTLOOK_TABLES):
        row_type = ROW_TYPES[name]
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            assert set(next(csv.reader(stream))) <= set(columns_of(row_type))


def test_nothing_is_overwritten_and_then_nothing_is_written(tmp_path):
    (tmp_path / "orders.csv").write_text("mine", encoding="utf-8")
    (tmp_path / "policy.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        write_template(tmp_path)
    assert {problem.code for problem in caught.value.problems} == {"output"}
    assert sorted(problem.file.rpartition("/")[2] for problem in caught.value.problems) == ["orders.csv", "policy.toml"]
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == {
        "orders.csv": "mine",
        "policy.toml": "mine",
    }


def test_a_folder_with_other_files_is_welcome(tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    write_template(tmp_path)
    assert len(read_snapshot(tmp_path).orders) == 5


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "day").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        write_template(tmp_path / "day")
    assert [problem.code for problem in caught.value.problems] == ["output"]
    assert (tmp_path / "day").read_text(encoding="utf-8") == "mine"
