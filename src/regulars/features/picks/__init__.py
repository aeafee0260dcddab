"""Picks: each week a member's own categories, those bought most in the weeks before, bring more points."""

__all__: list[str] = []
