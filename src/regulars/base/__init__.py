"""What every room stands on: database, SQL, errors, settings, clock. No loyalty word in it."""
