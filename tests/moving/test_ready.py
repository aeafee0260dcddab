"""The ready mappings, on files in the shapes that the other systems document."""

import pytest

from regulars.features import moving
from tests.moving.conftest import Desk

FILES: dict[str, dict[str, str]] = {
    "open-loyalty": {
        "members": "memberId,active,loyaltyCardNumber,phone,email,createdAt,levelId,firstName\n"
        "a-1,1,5001,+48 600 100 200,a@example.com,2024-08-14T15:52:01+00:00,gold,A\n"
        "a-2,,5002,,b@example.com,2024-08-14T15:52:01+00:00,,B\n",
        "unit-transfers": "transferId,memberId,walletTypeCode,type,points,createdAt,expiredAt,"
        "cancelled,unlockAt,comment\n"
        "t-1,a-1,default,adding,300,2025-08-14T15:52:01+00:00,2026-08-14T15:52:01+00:00,,,\n"
        "t-2,a-1,default,spending,100,2025-09-14T15:52:01+00:00,,,,\n"
        "t-3,a-1,default,adding,40,2025-09-14T15:52:01+00:00,2026-09-14T15:52:01+00:00,1,,\n",
    },
    "voucherify": {
        "vouchers": "id,code,voucher_type\nv_1,LOYAL-1,LOYALTY_CARD\n",
        "points-expiration": "id,campaign_id,voucher_id,status,expires_at,points\n"
        "lopb_1,camp_1,v_1,ACTIVE,2026-12-31,260\n"
        "lopb_2,camp_1,v_1,ACTIVE,2026-06-30,40\n"
        "lopb_3,camp_1,v_1,EXPIRED,2025-06-30,900\n",
    },
    "talon-one": {
        "balances": "loyaltyProgramID,loyaltySubledger,profileIntegrationID,currentBalance,pendingBalance,"
        "expiredBalance,spentBalance,currentTier\n5,,urn-1,300,0,0,10,gold\n5,,urn-2,0,0,0,0,\n",
    },
    "smile": {"customers": "email,points,vip_tier\na@example.com,300,gold\n"},
    "loyaltylion": {"customers": "email,points,tier\na@example.com,300,\n"},
    "odoo": {
        "loyalty.card": "code,partner_id/id,points,expiration_date,program_type\n"
        "044a-1,base.partner_1,300.0,2026-12-31,loyalty\n"
        "044b-2,,50.0,,gift_card\n",
    },
}


def test_every_ready_mapping_is_tried() -> None:
    assert sorted(FILES) == moving.list_ready()


@pytest.mark.parametrize("name", sorted(FILES))
async def test_a_ready_mapping_takes_the_documented_shape(desk: Desk, name: str) -> None:
    text = moving.find_ready(name)
    assert text is not None
    desk.mapping = text
    desk.write(**FILES[name])
    report = await desk.bring()
    assert desk.told == []
    (points,) = report.currencies
    assert (points.books_points, points.difference_points) == (300, 0)
    assert next(part.brought for part in report.parts if part.part == "members") >= 1
