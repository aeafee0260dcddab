-- Proofs of what offers remember. Each `fault_` query is empty when all is well.

-- name: fault_i12_memory
SELECT
    format('The memory of offer %s of member %s is no longer what was written.', offer, member_id) AS sentence
FROM program.memory
WHERE digest <> sha256(convert_to(data, 'UTF8'))
ORDER BY member_id, offer
LIMIT :most;

-- name: fault_i12_source
SELECT
    format('The text of the programme version %s is no longer what was written.', hash) AS sentence
FROM program.source
WHERE digest <> sha256(convert_to(text, 'UTF8'))
ORDER BY number
LIMIT :most;

-- name: fault_i12_life
-- What was done with versions follows the order of their lives: drafted first, reviewed by another than the author,
-- released only while not retired; and what was written down later did not happen earlier.
SELECT told.sentence
FROM (
    SELECT format('The programme version %s was %s before anybody drafted it.', mark.hash, mark.kind) AS sentence
    FROM program.mark AS mark
    WHERE
        mark.kind <> 'drafted'
        AND NOT EXISTS (
            SELECT 1
            FROM program.mark AS draft
            WHERE draft.hash = mark.hash AND draft.kind = 'drafted' AND draft.number < mark.number
        )
    UNION ALL
    SELECT format('The programme version %s was reviewed by its author, %s.', mark.hash, mark.by) AS sentence
    FROM program.mark AS mark
    INNER JOIN program.mark AS draft ON mark.hash = draft.hash AND draft.kind = 'drafted'
    WHERE
        mark.kind = 'reviewed' AND draft.number < mark.number AND lower(draft.by) = lower(mark.by)
        AND NOT EXISTS (
            SELECT 1
            FROM program.mark AS retired
            WHERE
                retired.hash = mark.hash AND retired.kind = 'retired'
                AND retired.number BETWEEN draft.number AND mark.number
        )
    UNION ALL
    SELECT format('Release %s is of the programme version %s, which nobody drafted.', release.number, release.hash)
        AS sentence
    FROM program.release AS release
    WHERE
        NOT EXISTS (
            SELECT 1
            FROM program.mark AS draft
            WHERE draft.hash = release.hash AND draft.kind = 'drafted' AND draft.at <= release.at
        )
    UNION ALL
    SELECT format('Release %s is of the programme version %s, which was retired.', release.number, release.hash)
        AS sentence
    FROM program.release AS release
    INNER JOIN program.mark AS retired ON release.hash = retired.hash AND retired.kind = 'retired'
    WHERE
        release.kind <> 'end' AND retired.at < release.at
        AND NOT EXISTS (
            SELECT 1
            FROM program.mark AS draft
            WHERE
                draft.hash = release.hash AND draft.kind = 'drafted' AND draft.number > retired.number
                AND draft.at <= release.at
        )
    UNION ALL
    SELECT format('Release %s ends a trial of the programme version %s that never began.', release.number, release.hash)
        AS sentence
    FROM program.release AS release
    WHERE
        release.kind = 'end'
        AND NOT EXISTS (
            SELECT 1
            FROM program.release AS pilot
            WHERE pilot.hash = release.hash AND pilot.kind = 'pilot' AND pilot.number < release.number
        )
    UNION ALL
    SELECT format('Release %s was made before the one that stands before it.', later.number) AS sentence
    FROM (
        SELECT number, at, lag(at) OVER (ORDER BY number) AS before
        FROM program.release
    ) AS later
    WHERE later.before > later.at
    UNION ALL
    SELECT format('Mark %s was made before the one that stands before it.', later.number) AS sentence
    FROM (
        SELECT number, at, lag(at) OVER (ORDER BY number) AS before
        FROM program.mark
    ) AS later
    WHERE later.before > later.at
) AS told
ORDER BY told.sentence
LIMIT :most;
