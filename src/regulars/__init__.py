"""Regulars: an open loyalty platform. One database, one path in, points kept like money."""
