"""Rating: distances, zones, prices and dates of every order, node and service, vectorised and exact."""

from quartermaster.rating.book import Lanes, RateBook
from quartermaster.rating.build import rate_book
from quartermaster.rating.later import LaterDates, later_dates
from quartermaster.rating.rates import Transport

__all__ = ["Lanes", "LaterDates", "RateBook", "Transport", "later_dates", "rate_book"]
