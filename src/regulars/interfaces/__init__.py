"""Doors to the world: HTTP, command line, worker. Thin: parse, call a verb, render."""
