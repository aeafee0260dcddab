-- Who they are. Personal values are kept sealed under the member's own key, which is kept wrapped: to forget the
-- key is to forget the person, while the books stay whole.
CREATE SCHEMA members;

CREATE TABLE members.member (
    id uuid NOT NULL,
    state text NOT NULL,
    -- The member that is kept, for one that was merged.
    merged_into uuid,
    -- The household whose pool the member shares today; household_member tells since when.
    household_id uuid,
    -- Where the law says the data lives; empty where it does not matter.
    region text NOT NULL,
    joined_at timestamptz NOT NULL,
    -- The source that enrolled the member.
    enrolled_by text NOT NULL,
    -- Null once it was forgotten.
    wrapped_key bytea,
    CONSTRAINT member_pkey PRIMARY KEY (id),
    CONSTRAINT member_state_known CHECK (state IN ('active', 'frozen', 'closed', 'merged', 'erased')),
    CONSTRAINT member_merged_into_another CHECK (
        (state = 'merged') = (merged_into IS NOT NULL) AND merged_into IS DISTINCT FROM id
    ),
    CONSTRAINT member_key_forgotten_when_erased CHECK (state <> 'erased' OR wrapped_key IS NULL),
    CONSTRAINT member_key_kept_in_use CHECK (state IN ('merged', 'erased') OR wrapped_key IS NOT NULL)
);
CREATE INDEX member_merged ON members.member (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX member_household ON members.member (household_id) WHERE household_id IS NOT NULL;

-- What a customer shows or says. Found by its blind index, so it leads with that and not with the member.
CREATE TABLE members.identifier (
    kind text NOT NULL,
    blind bytea NOT NULL,
    blind_key_id smallint NOT NULL,
    member_id uuid NOT NULL,
    cipher bytea NOT NULL,
    added_at timestamptz NOT NULL,
    CONSTRAINT identifier_pkey PRIMARY KEY (kind, blind),
    CONSTRAINT identifier_blind_whole CHECK (octet_length(blind) = 32)
);
CREATE INDEX identifier_member ON members.identifier (member_id);

-- Facts that rules read, each in force from `since` until the next of its name.
CREATE TABLE members.trait (
    member_id uuid NOT NULL,
    name text NOT NULL,
    since timestamptz NOT NULL,
    value jsonb NOT NULL,
    -- What set it.
    activity_id uuid NOT NULL,
    CONSTRAINT trait_pkey PRIMARY KEY (member_id, name, since),
    CONSTRAINT trait_member FOREIGN KEY (member_id) REFERENCES members.member (id),
    CONSTRAINT trait_value_scalar CHECK (jsonb_typeof(value) IN ('string', 'number', 'boolean', 'null'))
);

CREATE TABLE members.household (
    id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT household_pkey PRIMARY KEY (id)
);

CREATE TABLE members.household_member (
    member_id uuid NOT NULL,
    household_id uuid NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz,
    CONSTRAINT household_member_pkey PRIMARY KEY (member_id, household_id, since),
    CONSTRAINT household_member_member FOREIGN KEY (member_id) REFERENCES members.member (id),
    CONSTRAINT household_member_ends_later CHECK (until > since)
);
CREATE UNIQUE INDEX household_member_one_now ON members.household_member (member_id) WHERE until IS NULL;
CREATE INDEX household_member_household ON members.household_member (household_id);
