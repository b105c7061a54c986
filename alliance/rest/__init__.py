"""What every endpoint shares: problem details, strict input, pages by cursor, scopes and rates.

Nothing is imported here: DRF reads these modules by name while it is being imported itself.
"""
