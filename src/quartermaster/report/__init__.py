"""The report page: one plan, its proof and the plans beside it, as a file that opens without a network."""

from quartermaster.report.page import report_html

__all__ = ["report_html"]
