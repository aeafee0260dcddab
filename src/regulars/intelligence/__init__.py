"""Batch insight about members. It reaches the rules only through dated traits."""
