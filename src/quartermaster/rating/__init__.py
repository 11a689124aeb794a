"""Rating: distances, zones, prices and dates of every order, node and service, vectorised and exact."""

from quartermaster.rating.book import Lanes, RateBook
from quartermaster.rating.build import rate_book
from quartermaster.rating.rates import Transport

__all__ = ["Lanes", "RateBook", "Transport", "rate_book"]
