-- name: now
SELECT clock_timestamp() + clock.ahead AS now FROM base.clock AS clock;

-- name: move_now
-- One conditional update: of two that move the clock at once, the earlier finds itself too late.
UPDATE base.clock AS clock
SET ahead = cast(:at AS timestamptz) - clock_timestamp()
WHERE cast(:at AS timestamptz) >= clock_timestamp() + clock.ahead
RETURNING clock.ahead;

-- name: begin_sandbox
-- Only the first time: a sandbox's clock goes forward, like every other.
UPDATE base.clock AS clock
SET ahead = cast(:at AS timestamptz) - clock_timestamp()
WHERE clock.ahead = interval '0'
RETURNING clock.ahead;

-- name: is_moved
SELECT clock.ahead <> interval '0' AS moved FROM base.clock AS clock;
