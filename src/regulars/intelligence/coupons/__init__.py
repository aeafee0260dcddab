"""Which coupons a member would use: what was bought before, and what trees learned from campaigns that are over."""

from regulars.intelligence.coupons.learning import CouponModel, TooLittle, learn_coupons, split_campaigns
from regulars.intelligence.coupons.pairs import describe_campaign, list_campaigns

__all__ = ["CouponModel", "TooLittle", "describe_campaign", "learn_coupons", "list_campaigns", "split_campaigns"]
