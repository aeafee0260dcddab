-- What openings left in the books, and what is taken along of members' accounts.

-- name: opened
-- What entries on points accounts say, by the accounts and versions that receipts name.
SELECT
    entry.currency,
    count(*) AS entries,
    sum(entry.amount)::bigint AS points
FROM unnest(cast(:members AS uuid[]), cast(:currencies AS text[]), cast(:versions AS bigint[]))
AS named (member_id, currency, version)
INNER JOIN ledger.entry AS entry
    ON
        named.member_id = entry.member_id AND named.currency = entry.currency AND entry.account = 'points'
        AND named.version = entry.version
WHERE entry.kind = 'opening'
GROUP BY entry.currency;

-- name: entries_of
SELECT
    member_id,
    currency,
    account,
    version,
    activity_id,
    kind,
    amount,
    balance,
    at
FROM ledger.entry
WHERE member_id = any(cast(:ids AS uuid[]))
ORDER BY member_id, currency, account, version;

-- name: lots_of
SELECT
    member_id,
    currency,
    number,
    amount,
    remaining,
    expired,
    issued_at,
    usable_from,
    expires_at,
    activity_id,
    offer,
    program,
    funder,
    value_micro
FROM ledger.lot
WHERE member_id = any(cast(:ids AS uuid[]))
ORDER BY member_id, currency, number;

-- name: accounts_of
SELECT
    member_id,
    currency,
    account,
    version,
    balance,
    at
FROM ledger.account
WHERE member_id = any(cast(:ids AS uuid[]))
ORDER BY member_id, currency, account;

-- name: holds_of
SELECT
    member_id,
    id,
    currency,
    amount,
    captured,
    released,
    state,
    held_at,
    valid_until,
    ended_at
FROM ledger.hold
WHERE member_id = any(cast(:ids AS uuid[]))
ORDER BY member_id, held_at, id;
