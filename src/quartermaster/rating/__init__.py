"""Rating: distances, zones, prices and dates of every order, node and service, vectorised and exact."""

from quartermaster.rating.any_orders import AnyOrders, stand_ins
from quartermaster.rating.book import Lanes, RateBook
from quartermaster.rating.build import rate_book
from quartermaster.rating.calendars import NO_DAY, ship_days, ship_days_from
from quartermaster.rating.departures import departing
from quartermaster.rating.later import LaterDates, later_dates
from quartermaster.rating.rates import Transport

__all__ = [
    "NO_DAY",
    "AnyOrders",
    "Lanes",
    "LaterDates",
    "RateBook",
    "Transport",
    "departing",
    "later_dates",
    "rate_book",
    "ship_days",
    "ship_days_from",
    "stand_ins",
]
