"""The HTTP door: routes, API keys, problems, the reference, and what is counted and logged of every request."""

from regulars.interfaces.http.app import app, list_scopes
from regulars.interfaces.http.crew import serve_together
from regulars.interfaces.http.serve import build_house, serve

__all__ = ["app", "build_house", "list_scopes", "serve", "serve_together"]
