"""How a request becomes a page of a list: who looks, which rows, which columns, as page or as file."""

from alliance.http.columns import Column, Table
from alliance.http.files import FILES, XLSX, cell, csv_file, shown_text, xlsx_file
from alliance.http.lists import counted, listing
from alliance.http.seen import Viewed, viewed

__all__ = [
    "FILES",
    "XLSX",
    "Column",
    "Table",
    "Viewed",
    "cell",
    "counted",
    "csv_file",
    "listing",
    "shown_text",
    "viewed",
    "xlsx_file",
]
