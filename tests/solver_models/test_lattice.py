"""The lattice of quantity vectors against lists made by itertools."""

from itertools import product

import numpy as np
import pytest

from solver_models.lattice import lattice_of, lattice_size, lattice_weights, pair_count

SHAPES = [(1,), (4,), (1, 1), (2, 3), (3, 1, 2), (1, 1, 1, 1), (2, 1, 1, 2)]


def below(part: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    return all(p <= w for p, w in zip(part, whole, strict=True))


@pytest.mark.parametrize("shape", SHAPES)
def test_vectors_are_all_of_them_last_line_fastest(shape):
    expected = list(product(*(range(quantity + 1) for quantity in shape)))
    lattice = lattice_of(shape)
    assert [tuple(vector) for vector in lattice.vectors.tolist()] == expected
    assert lattice.size == lattice_size(shape) == len(expected)
    assert lattice.units.tolist() == [sum(vector) for vector in expected]


@pytest.mark.parametrize("shape", SHAPES)
def test_numbers_add_like_vectors(shape):
    lattice = lattice_of(shape)
    vectors = [tuple(vector) for vector in lattice.vectors.tolist()]
    number = {vector: at for at, vector in enumerate(vectors)}
    for one, two in product(vectors, vectors):
        both = tuple(a + b for a, b in zip(one, two, strict=True))
        if both in number:
            assert number[both] == number[one] + number[two]
    assert lattice.vectors @ lattice_weights(lattice) == pytest.approx(np.arange(lattice.size))


@pytest.mark.parametrize("shape", SHAPES)
def test_parts_are_all_pairs_below(shape):
    lattice = lattice_of(shape)
    vectors = [tuple(vector) for vector in lattice.vectors.tolist()]
    part, start = lattice.parts
    for whole, vector in enumerate(vectors):
        expected = [at for at, other in enumerate(vectors) if below(other, vector)]
        assert part[start[whole] : start[whole + 1]].tolist() == expected
    assert len(part) == start[-1] == pair_count(shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_levels_hold_each_partition_of_two_once(shape):
    lattice = lattice_of(shape)
    vectors = [tuple(vector) for vector in lattice.vectors.tolist()]
    seen = {}
    for units, (wholes, part, rest, start) in enumerate(lattice.levels, start=1):
        ends = [*start.tolist()[1:], len(part)]
        for whole, begin, end in zip(wholes.tolist(), start.tolist(), ends, strict=True):
            assert sum(vectors[whole]) == units
            assert np.all(part[begin:end] + rest[begin:end] == whole)
            seen[whole] = set(part[begin:end].tolist())
    assert set(seen) == set(range(1, lattice.size))
    for whole, found in seen.items():
        first = next(line for line, units in enumerate(vectors[whole]) if units)
        expected = {at for at, v in enumerate(vectors) if below(v, vectors[whole]) and v[first] > 0}
        assert found == expected


def test_sizes_are_counted_without_listing():
    assert lattice_size((500,)) == 501
    assert lattice_size((1,) * 30) == 2**30
    assert pair_count((1,) * 30) == 3**30
    assert lattice_size(()) == pair_count(()) == 1


def test_the_same_quantities_share_one_lattice():
    assert lattice_of((2, 3)) is lattice_of((2, 3))
    assert lattice_of((2, 3)) is not lattice_of((3, 2))
