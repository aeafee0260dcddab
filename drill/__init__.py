"""The drill: tills sell while the server is killed, and afterwards everything must have counted once."""

# Nothing is imported here: a till is a small program, and starts like one.
__all__: list[str] = []
