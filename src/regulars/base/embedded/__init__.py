"""The PostgreSQL that comes along: found or started, shared by our processes, stopped by the last to leave."""

from regulars.base.embedded.nurse import Tell, nursing
from regulars.base.embedded.server import Server, release, start, status, stop, using

__all__ = ["Server", "Tell", "nursing", "release", "start", "status", "stop", "using"]
