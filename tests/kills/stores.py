"""The journal at a place: the path of a SQLite file, or a URL that begins with `postgresql://`."""

from __future__ import annotations

import psycopg
from kopokopo.journal import DBAPIJournal, SqliteJournal


def journal_at(place: str) -> DBAPIJournal:
    if place.startswith("postgresql://"):
        return DBAPIJournal(lambda: psycopg.connect(place), dialect="postgres")
    return SqliteJournal(place)
