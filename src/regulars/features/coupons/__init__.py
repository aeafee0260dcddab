"""Coupons: what a code or a coupon in a member's hands takes off a basket, or adds in points."""

__all__: list[str] = []
