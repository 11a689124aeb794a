from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from rating_cases import all_lanes, book_of, card, iso

from quartermaster.domain.carriers import Holiday
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order
from quartermaster.errors import RatingError
from quartermaster.rating.calendars import delivery_days, weekday

NEW_YORK = "America/New_York"
EVERY_DAY = frozenset(range(7))
MEMORIAL_DAY = date(2026, 5, 25)  # the last Monday of May


def shipped_and_delivered(instant, holidays=(), days=2, delivers_on="mon-fri", **node):
    book = book_of(
        as_of=datetime.fromisoformat(instant),
        nodes=[Node(node_id="n", **node)],
        holidays=holidays,
        **card(days=days, delivers_on=delivers_on),
    )
    return iso(book.ship_day[0]), iso(all_lanes(book).delivery_day[0, 0])


def ship_date(instant, holidays=(), **node):
    return shipped_and_delivered(instant, holidays, **node)[0]


@pytest.mark.parametrize(
    ("instant", "dates"),
    [
        ("2026-05-22T15:00:59-04:00", ("2026-05-22", "2026-05-27")),  # Friday, the cut-off's minute is in time
        ("2026-05-22T15:01:00-04:00", ("2026-05-26", "2026-05-28")),  # a minute later: the Tuesday after
        ("2026-05-22T19:01:00+00:00", ("2026-05-26", "2026-05-28")),  # the same instant
        ("2026-05-23T09:00:00-04:00", ("2026-05-26", "2026-05-28")),  # Saturday
        ("2026-05-25T09:00:00-04:00", ("2026-05-26", "2026-05-28")),  # the holiday itself
        ("2026-05-26T15:00:00-04:00", ("2026-05-26", "2026-05-28")),
    ],
)
def test_friday_after_the_cutoff_before_a_monday_holiday(instant, dates):
    everywhere = [Holiday(date=MEMORIAL_DAY)]
    assert shipped_and_delivered(instant, everywhere, timezone=NEW_YORK, cutoff=time(15, 0)) == dates


def test_a_holiday_of_the_node_or_of_the_carrier_binds_that_one_only():
    friday_evening = "2026-05-22T23:00:00+00:00"
    node = {"timezone": "UTC", "cutoff": time(12, 0)}
    of_node, of_carrier = Holiday(date=MEMORIAL_DAY, node_id="n"), Holiday(date=MEMORIAL_DAY, carrier="c")
    strangers = [Holiday(date=MEMORIAL_DAY, node_id="m"), Holiday(date=MEMORIAL_DAY, carrier="d")]
    assert shipped_and_delivered(friday_evening, strangers, **node) == ("2026-05-25", "2026-05-27")
    assert shipped_and_delivered(friday_evening, [of_node], **node) == ("2026-05-26", "2026-05-28")
    assert shipped_and_delivered(friday_evening, [of_carrier], **node) == ("2026-05-25", "2026-05-27")
    tuesday = Holiday(date=date(2026, 5, 26), carrier="c")
    assert shipped_and_delivered(friday_evening, [tuesday], **node) == ("2026-05-25", "2026-05-28")


# New York's clocks go forward on 2026-03-08 from 02:00 to 03:00, and back on 2026-11-01 from 02:00 to 01:00.
@pytest.mark.parametrize(
    ("instant", "cutoff", "shipped"),
    [
        ("2026-03-08T06:59:00+00:00", time(2, 30), "2026-03-08"),  # 01:59 EST, the minute before the gap
        ("2026-03-08T07:00:00+00:00", time(2, 30), "2026-03-09"),  # 03:00 EDT, the minute after it
        ("2026-03-08T07:00:00+00:00", time(3, 0), "2026-03-08"),
        ("2026-11-01T05:15:00+00:00", time(1, 30), "2026-11-01"),  # 01:15 EDT, the first time
        ("2026-11-01T06:15:00+00:00", time(1, 30), "2026-11-01"),  # 01:15 EST, again
        ("2026-11-01T05:31:00+00:00", time(1, 30), "2026-11-02"),  # 01:31 EDT
        ("2026-11-01T06:00:00+00:00", time(1, 30), "2026-11-01"),  # 01:00 EST: in time once more
        ("2026-11-01T03:59:00+00:00", time(23, 59), "2026-10-31"),  # still October in New York
        ("2026-11-01T04:00:00+00:00", time(23, 59), "2026-11-01"),
    ],
)
def test_daylight_saving_nights(instant, cutoff, shipped):
    assert ship_date(instant, timezone=NEW_YORK, cutoff=cutoff, ships_on=EVERY_DAY) == shipped


@pytest.mark.parametrize(
    ("timezone", "shipped"),
    [
        ("Pacific/Kiritimati", "2026-06-10"),  # UTC+14, already Wednesday 01:00
        ("Asia/Kathmandu", "2026-06-09"),  # UTC+05:45, 16:45
        ("UTC", "2026-06-09"),
        ("Pacific/Pago_Pago", "2026-06-09"),  # UTC-11, Tuesday 00:00
    ],
)
def test_the_day_is_the_nodes_own(timezone, shipped):
    assert ship_date("2026-06-09T11:00:00+00:00", timezone=timezone, ships_on=EVERY_DAY) == shipped


def test_ship_days_of_the_week():
    monday = "2026-06-08T12:00:00+00:00"
    assert ship_date(monday, ships_on=frozenset({0, 4})) == "2026-06-08"
    assert ship_date(monday, ships_on=frozenset({0, 4}), cutoff=time(11, 59)) == "2026-06-12"
    assert ship_date(monday, ships_on=frozenset({6})) == "2026-06-14"
    assert ship_date("2026-12-31T20:00:00+00:00", cutoff=time(12), ships_on=frozenset({3})) == "2027-01-07"


def test_a_node_on_holiday_for_months_ships_after_them():
    closed = [Holiday(date=date(2026, 6, 8) + timedelta(days=day), node_id="n") for day in range(200)]
    assert ship_date("2026-06-08T12:00:00+00:00", closed, ships_on=frozenset({2})) == "2026-12-30"


def test_a_node_without_any_ship_day_is_not_offered():
    book = book_of(nodes=[Node(node_id="n", ships_on=frozenset())], **card())
    assert book.ship_day.tolist() == [-1]
    assert all_lanes(book).zone.tolist() == [[-1]]


@pytest.mark.parametrize(
    ("delivers_on", "days", "delivered"),
    [
        ("mon-fri", 0, "2026-06-15"),  # shipped on a Saturday: the first delivery day on or after it
        ("mon-sat", 0, "2026-06-13"),
        ("mon-fri", 1, "2026-06-15"),
        ("mon-sat", 1, "2026-06-15"),  # the ship date itself is no day of the transit
        ("mon-sun", 1, "2026-06-14"),
        ("mon-fri", 5, "2026-06-19"),
        ("mon-fri", 6, "2026-06-22"),
        ("mon-sun", 365, "2027-06-13"),
    ],
)
def test_delivery_days_are_counted_after_the_ship_date(delivers_on, days, delivered):
    saturday = "2026-06-13T10:00:00+00:00"
    found = shipped_and_delivered(saturday, days=days, delivers_on=delivers_on, ships_on=EVERY_DAY)
    assert found == ("2026-06-13", delivered)


def test_zero_days_onto_a_holiday_of_the_carrier():
    holiday = [Holiday(date=date(2026, 6, 8), carrier="c")]
    found = shipped_and_delivered("2026-06-08T10:00:00+00:00", holiday, days=0)
    assert found == ("2026-06-08", "2026-06-09")


def test_late_days_are_calendar_days_after_the_promise():
    orders = [
        Order(order_id="a", promise_date=date(2026, 6, 11)),
        Order(order_id="b", promise_date=date(2026, 6, 15)),
        Order(order_id="c"),
    ]
    friday = datetime(2026, 6, 12, 9, tzinfo=UTC)
    lanes = all_lanes(book_of(as_of=friday, orders=orders, **card(days=1)))
    assert [iso(day) for day in lanes.delivery_day[:, 0]] == ["2026-06-15"] * 3
    assert lanes.late_days[:, 0].tolist() == [4, 0, 0]


def test_weekdays_agree_with_the_calendar():
    days = np.arange(15_000, 45_000)
    assert weekday(days).tolist() == [(date(1970, 1, 1) + timedelta(days=int(day))).weekday() for day in days]


def walked(ship_day, transit, open_weekdays, closed):
    """Count delivery days one by one."""
    day, counted = ship_day, 0
    if transit == 0:
        while (day + 3) % 7 >= open_weekdays or day in closed:
            day += 1
        return day
    while counted < transit:
        day += 1
        counted += (day + 3) % 7 < open_weekdays and day not in closed
    return day


@pytest.mark.parametrize(("delivers_on", "open_weekdays"), [("mon-fri", 5), ("mon-sat", 6), ("mon-sun", 7)])
def test_delivery_days_agree_with_walking_the_calendar(delivers_on, open_weekdays):
    random = np.random.default_rng(open_weekdays)
    for n_closed in (0, 3, 40, 120):
        closed = frozenset((20_600 + random.integers(0, 150, n_closed)).tolist())
        ship_day = 20_600 + random.integers(0, 60, 12)
        transit = np.append(random.integers(0, 30, 8), [0, 365])
        expected = [[walked(day, days, open_weekdays, closed) for days in transit] for day in ship_day.tolist()]
        assert delivery_days(ship_day, transit, delivers_on, closed).tolist() == expected


def test_many_nodes_and_instants_agree_with_the_calendar_of_the_standard_library():
    random = np.random.default_rng(3)
    zones = (NEW_YORK, "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns", "Europe/Berlin", "UTC")
    for _ in range(60):
        as_of = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=int(random.integers(0, 365 * 24 * 60)))
        nodes = [
            Node(
                node_id=f"{row:02d}",
                timezone=zones[random.integers(0, len(zones))],
                cutoff=time(int(random.integers(0, 24)), int(random.integers(0, 60))),
                ships_on=frozenset(random.choice(7, int(random.integers(1, 8)), replace=False).tolist()),
            )
            for row in range(10)
        ]
        for node, found in zip(nodes, book_of(as_of=as_of, nodes=nodes).ship_day, strict=True):
            local = as_of.astimezone(ZoneInfo(node.timezone))
            day = local.date() + timedelta(days=(local.hour, local.minute) > (node.cutoff.hour, node.cutoff.minute))
            while day.weekday() not in node.ships_on:
                day += timedelta(days=1)
            assert iso(found) == day.isoformat()


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "../etc", ""])
def test_an_unknown_time_zone_is_named(timezone):
    with pytest.raises(RatingError, match="timezone"):
        book_of(nodes=[Node(node_id="n", timezone=timezone)])
