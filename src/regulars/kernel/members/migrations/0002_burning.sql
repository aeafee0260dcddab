-- Why points are not used at present, while earning goes on: somebody turned it off, for everybody or for one member,
-- or a member changed how they are reached and the old address still has a word. Rows are kept when they have ended.
CREATE TABLE members.burning (
    id uuid NOT NULL,
    -- Null for everybody.
    member_id uuid,
    cause text NOT NULL,
    reason text NOT NULL,
    stopped_by text NOT NULL,
    since timestamptz NOT NULL,
    -- When it ends by itself; null where somebody has to end it.
    until timestamptz,
    ended_at timestamptz,
    ended_by text,
    CONSTRAINT burning_pkey PRIMARY KEY (id),
    CONSTRAINT burning_of_member FOREIGN KEY (member_id) REFERENCES members.member (id),
    CONSTRAINT burning_cause_known CHECK (cause IN ('switch', 'cooling')),
    CONSTRAINT burning_cooling_ends CHECK ((cause = 'cooling') = (until IS NOT NULL)),
    CONSTRAINT burning_cooling_of_member CHECK (cause = 'switch' OR member_id IS NOT NULL),
    CONSTRAINT burning_end_told CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX burning_one_switch
ON members.burning (coalesce(member_id, '00000000-0000-0000-0000-000000000000'))
WHERE cause = 'switch' AND ended_at IS NULL;
CREATE INDEX burning_by_member ON members.burning (member_id, since);
