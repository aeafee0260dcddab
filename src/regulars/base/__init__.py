"""What every room stands on: database, SQL, errors, settings, clock. No loyalty word in it."""

# The modules are the doors: a room's imports then say whether it touches the database.
__all__: list[str] = []
