"""Reading and writing: snapshots, policies and plans to and from files, frames and documents.

Nothing is guessed, every problem is collected, and postal codes become coordinates
here, so that everything behind this package sees places.
"""

from __future__ import annotations

from quartermaster.io.assemble import Reading, ready
from quartermaster.io.certificate_file import FILE as CERTIFICATE_FILE
from quartermaster.io.certificate_file import certificate_bytes, prices_frame, read_certificate
from quartermaster.io.certificate_fit import certificate_problems
from quartermaster.io.content import snapshot_sha256
from quartermaster.io.document import read_document, snapshot_document, snapshot_from_document
from quartermaster.io.exact_json import exact_json
from quartermaster.io.folder import FILE_NAMES, read_folder, read_input, read_snapshot
from quartermaster.io.from_frames import snapshot_from_frames
from quartermaster.io.json_text import parse_document
from quartermaster.io.limits import Limits
from quartermaster.io.options import ReadOptions
from quartermaster.io.order_document import OrderReader
from quartermaster.io.plan_files import BroughtPlan, read_plan, write_plan
from quartermaster.io.policy_file import read_policy
from quartermaster.io.rejecting import Rejected
from quartermaster.io.stock_price_file import read_stock_prices, stock_price_problems
from quartermaster.io.template import write_template
from quartermaster.io.validation import ValidationReport, validate
from quartermaster.io.write import write_snapshot

__all__ = [
    "CERTIFICATE_FILE",
    "FILE_NAMES",
    "BroughtPlan",
    "Limits",
    "OrderReader",
    "ReadOptions",
    "Reading",
    "Rejected",
    "ValidationReport",
    "certificate_bytes",
    "certificate_problems",
    "exact_json",
    "parse_document",
    "prices_frame",
    "read_certificate",
    "read_document",
    "read_folder",
    "read_input",
    "read_plan",
    "read_policy",
    "read_snapshot",
    "read_stock_prices",
    "ready",
    "snapshot_document",
    "snapshot_from_document",
    "snapshot_from_frames",
    "snapshot_sha256",
    "stock_price_problems",
    "validate",
    "write_plan",
    "write_snapshot",
    "write_template",
]
