"""What every room stands on: database, SQL, errors, settings, clock. No loyalty word in it."""

__all__ = ["clock", "db", "embedded", "errors", "ids", "migrations", "settings", "sql"]
