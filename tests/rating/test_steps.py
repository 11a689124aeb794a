import numpy as np
import pytest

from quartermaster.rating import steps
from quartermaster.rating.steps import MAX_ROUNDS, Steps


def of_cards(*cards):
    numbers = np.repeat(np.arange(len(cards)), [len(breaks) for breaks in cards])
    return Steps.of(numbers, np.array([grams for breaks in cards for grams in breaks], dtype=np.int64))


def check_every_gram(cards, grams):
    found = of_cards(*cards)
    before = 0
    for number, breaks in enumerate(cards):
        within = np.unique([gram for gram in grams if gram <= breaks[-1]] + list(breaks))
        expected = before + np.array([sum(each < gram for each in breaks) for gram in within])
        assert found.find(np.full(len(within), number), within).tolist() == expected.tolist()
        before += len(breaks)
    return found


def test_every_gram_of_small_cards():
    check_every_gram([[1], [3, 4, 9], [1, 2, 3, 4, 5], [100]], range(101))


def test_cards_of_very_different_size_share_the_index():
    parcels = [453, 454, *range(907, 31_752, 454)]
    freight = list(range(50_000, 20_000_001, 50_000))
    random = np.random.default_rng(2)
    near = [each + shift for each in parcels[:50] + freight[:50] for shift in (-1, 1)]
    found = check_every_gram([parcels, [10**8], freight], [*random.integers(0, 10**7, 300).tolist(), *near])
    assert 1 <= found.rounds <= MAX_ROUNDS
    assert len(found.start) <= 2 * steps.BUCKETS


def test_too_many_steps_in_one_bucket_fall_back_to_searching():
    crowded = [*range(1, 400), 10**8]
    found = check_every_gram([crowded, [5, 10**8]], range(0, 420))
    assert found.rounds > MAX_ROUNDS


@pytest.mark.parametrize("seed", range(5))
def test_random_cards(seed, monkeypatch):
    monkeypatch.setattr(steps, "BUCKETS", int(np.random.default_rng(seed).choice([1, 64, 4096])))
    random = np.random.default_rng(seed)
    cards = [
        np.unique(random.integers(1, int(random.choice([20, 3000, 10**6])), int(random.integers(1, 60)))).tolist()
        for _ in range(7)
    ]
    check_every_gram(cards, random.integers(0, 3000, 200).tolist())
