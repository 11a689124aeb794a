from decimal import Decimal

import numpy as np
import pytest
from rating_cases import all_lanes, book_of, card

from quartermaster.domain.carriers import Rate, Service
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order
from quartermaster.errors import RatingError

STEPS = ((500, "4.10"), (1000, "5.20"), (2000, "7.30"))


def priced(book, weight_g, volume_mm3=0, *, residential=False, service=0, zone=0):
    """(micro, parcels, billable grams) of one shipment."""
    found = book.transport(service, zone, residential, weight_g, volume_mm3)
    return int(found.micro), int(found.parcels), int(found.billable_g)


@pytest.mark.parametrize(
    ("weight_g", "micro"),
    [(1, 4_100_000), (500, 4_100_000), (501, 5_200_000), (1000, 5_200_000), (1001, 7_300_000), (2000, 7_300_000)],
)
def test_a_step_holds_up_to_its_break_and_not_a_gram_over(weight_g, micro):
    assert priced(book_of(**card(STEPS)), weight_g) == (micro, 1, weight_g)


def test_over_the_last_break_one_parcel_is_not_enough():
    assert priced(book_of(**card(STEPS)), 2001) == (-1, 0, 2001)


@pytest.mark.parametrize(
    ("weight_g", "parcels", "micro"),
    [
        (2001, 2, 2 * 7_300_000),  # 1 001 g each
        (2000, 1, 7_300_000),
        (4000, 2, 2 * 7_300_000),
        (4001, 3, 3 * 7_300_000),  # 1 334 g each
        (6000, 3, 3 * 7_300_000),
        (6001, 0, -1),
    ],
)
def test_the_least_number_of_parcels_whose_share_fits(weight_g, parcels, micro):
    assert priced(book_of(**card(STEPS, max_parcels=3)), weight_g) == (micro, parcels, weight_g)


def test_two_parcels_may_cost_less_than_one_but_one_is_taken():
    # The contract counts parcels by weight alone: the least number that fits.
    assert priced(book_of(**card(((500, "1"), (1000, "9")), max_parcels=2)), 1000) == (9_000_000, 1, 1000)


def test_two_lines_of_400_g_in_one_parcel_cost_less_than_two_parcels():
    book = book_of(**card(STEPS))
    assert priced(book, 800)[0] == 5_200_000 < 2 * priced(book, 400)[0]


@pytest.mark.parametrize(
    ("price", "fuel", "micro"),
    [
        ("0.000001", "0.5", 2),  # 1.5
        ("0.000003", "0.5", 5),  # 4.5: half-up, not to the even 4
        ("0.000005", "0.1", 6),  # 5.5
        ("0.000005", "0.099999999999", 5),
        ("0.000007", "0", 7),
        ("0.000001", "1", 2),
        ("9.99", "0.0775", 10_764_225),
        ("8.35", "0.0725", 8_955_375),
    ],
)
def test_fuel_is_rounded_half_up_at_the_micro(price, fuel, micro):
    book = book_of(**card(((1000, price),), fuel_surcharge=Decimal(fuel)))
    assert priced(book, 700)[0] == micro


def test_parcels_surcharge_and_fuel_are_rounded_once_together():
    given = card(
        ((1000, "0.000001"),),
        max_parcels=3,
        fuel_surcharge=Decimal("0.25"),
        residential_surcharge=Decimal("0.000001"),
    )
    book = book_of(**given)
    assert priced(book, 2500)[0] == 4  # 3 parcels of 1 micro, 3.75
    assert priced(book, 2500, residential=True)[0] == 8  # 6 micro with fuel: 7.5
    assert priced(book, 900, residential=True)[0] == 3  # 2.5
    assert priced(book, 900)[0] == 1  # 1.25


DIMENSIONAL = {"dim_divisor_cm3_per_kg": Decimal(5000), "dim_above_cm3": Decimal(28_000)}


@pytest.mark.parametrize(
    ("weight_g", "volume_mm3", "billable_g"),
    [
        (1000, 30_000_000, 6000),  # 30 000 cm3 / 5 000 = 6 kg
        (1000, 30_000_001, 6001),  # rounded up to the gram
        (7000, 30_000_000, 7000),  # the heavier counts
        (6000, 30_000_000, 6000),
        (1000, 28_000_000, 1000),  # not above the threshold
        (1000, 28_000_001, 5601),
        (1000, 0, 1000),  # a side is missing
    ],
)
def test_dimensional_weight(weight_g, volume_mm3, billable_g):
    book = book_of(**card(((50_000, "5"),), **DIMENSIONAL))
    assert priced(book, weight_g, volume_mm3) == (5_000_000, 1, billable_g)


def test_dimensional_weight_needs_a_divisor():
    assert priced(book_of(**card(((50_000, "5"),))), 1000, 10**12)[2] == 1000


def test_divisors_and_thresholds_are_taken_exactly():
    # One cubic foot is 28 316.846592 cm3; 166 in3/lb (USPS) is 5 997.22… cm3/kg.
    book = book_of(
        **card(
            ((50_000, "5"),),
            dim_divisor_cm3_per_kg=Decimal("5997.2212"),
            dim_above_cm3=Decimal("28316.846592"),
        )
    )
    assert priced(book, 1, 28_316_846)[2] == 1
    assert priced(book, 1, 28_316_847)[2] == -(-28_316_847 * 10_000 // 59_972_212)
    assert priced(book, 1, 59_972_212)[2] == 10_000
    assert priced(book, 1, 59_972_213)[2] == 10_001


def test_dimensional_weight_decides_the_parcels():
    book = book_of(**card(((2000, "5"),), max_parcels=4, **DIMENSIONAL))
    assert priced(book, 500, 30_000_000) == (15_000_000, 3, 6000)


def test_a_lane_that_is_not_offered_is_never_carried():
    book = book_of(**card(STEPS, max_parcels=3))
    assert priced(book, 1, zone=-1) == (-1, 0, 1)


def test_a_zone_without_a_card_is_never_carried_and_does_not_borrow_one():
    given = card(STEPS, max_parcels=9)
    given["services"] = [*given["services"], Service(carrier="c", service="other", max_parcels=9)]
    given["rates"] = [*given["rates"], Rate(carrier="c", service="other", zone="1", max_weight_g=9, price=Decimal(1))]
    book = book_of(**given)
    assert priced(book, 9, service=1)[0] == 1_000_000
    given["rates"] = given["rates"][:-1]
    assert priced(book_of(**given), 9, service=1) == (-1, 0, 9)
    assert priced(book_of(**{**given, "rates": []}), 9) == (-1, 0, 9)


def test_arguments_broadcast_to_any_shape():
    book = book_of(**card(STEPS, max_parcels=2, residential_surcharge=Decimal(1)))
    weights = np.array([[400, 900, 1900], [2500, 4000, 4001]])
    found = book.transport(0, np.array([0, -1])[:, None, None], True, weights, 0)
    assert found.micro.shape == found.parcels.shape == found.billable_g.shape == (2, 2, 3)
    assert found.micro[0].tolist() == [[5_100_000, 6_200_000, 8_300_000], [16_600_000, 16_600_000, -1]]
    assert (found.micro[1] == -1).all()
    assert found.parcels[0].tolist() == [[1, 1, 1], [2, 2, 0]]
    assert found.billable_g.tolist() == [weights.tolist()] * 2


def test_nothing_costs_nothing():
    found = book_of(**card()).transport(0, 0, False, np.empty((0, 3), dtype=np.int64), 0)
    assert found.micro.shape == (0, 3)


def test_blocks_do_not_change_the_answer():
    book = book_of(**card(STEPS, max_parcels=7, **DIMENSIONAL))
    random = np.random.default_rng(4)
    weights, volumes = random.integers(1, 15_000, 200_000), random.integers(0, 60_000_000, 200_000)
    found = book.transport(0, 0, False, weights, volumes)
    for start in range(0, 200_000, 40_013):
        part = slice(start, start + 100)
        again = book.transport(0, 0, False, weights[part], volumes[part])
        assert found.micro[part].tolist() == again.micro.tolist()
        assert found.parcels[part].tolist() == again.parcels.tolist()
        assert found.billable_g[part].tolist() == again.billable_g.tolist()


def test_weights_that_are_not_whole_are_refused():
    with pytest.raises(RatingError, match="whole numbers"):
        book_of(**card()).transport(0, 0, False, np.array([1.5]), 0)


def test_prices_beyond_64_bits_are_refused_and_not_wrapped():
    given = card(((1000, "5000000000000"),), max_parcels=3)
    assert priced(book_of(**given), 900)[0] == 5 * 10**18
    with pytest.raises(RatingError, match="64 bits"):
        priced(book_of(**given), 2900)
    with pytest.raises(RatingError, match="64 bits"):
        book_of(**card(((1000, "5000000000000"),), fuel_surcharge=Decimal(1)))


def test_volumes_beyond_the_fast_path_are_still_exact():
    divisor = Decimal("139.000000000001")
    book = book_of(**card(((10**8, "5"),), max_parcels=1000, dim_divisor_cm3_per_kg=divisor))
    volume = 10**13 + 7
    assert priced(book, 1, volume)[2] == -(-volume * 10**12 // 139_000_000_000_001)
    assert priced(book, 5, 138)[2] == 5


def test_without_services_transport_is_free_and_delivers_on_the_ship_date():
    orders = [Order(order_id="a", service_level="express"), Order(order_id="b")]
    nodes = [Node(node_id="n"), Node(node_id="never", ships_on=frozenset())]
    book = book_of(orders=orders, nodes=nodes)
    assert (book.service_names, book.zone_names, book.n_services) == ([("", "none")], ("",), 1)
    lanes = all_lanes(book)
    assert sorted(lanes.zone.ravel().tolist()) == [-1, -1, 0, 0]
    assert lanes.delivery_day[lanes.zone == 0].tolist() == [book.ship_day.max()] * 2
    found = book.transport(0, lanes.zone[:, 0], True, 10**9, 10**12)
    assert found.micro.tolist() == lanes.zone[:, 0].tolist()
    assert found.parcels.tolist() == [zone + 1 for zone in lanes.zone[:, 0].tolist()]
    assert found.billable_g.tolist() == [10**9] * 4
