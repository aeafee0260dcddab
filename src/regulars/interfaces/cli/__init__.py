"""The door for people at a terminal, and for scripts: each command a thin file onto the same verbs."""

# `main` is the entry point; a command imports what it needs when it runs, so that `--help` answers at once.
__all__: list[str] = []
