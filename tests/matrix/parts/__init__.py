"""A file for each domain: its ROWS, and TARGETS that find the row named in an address."""
