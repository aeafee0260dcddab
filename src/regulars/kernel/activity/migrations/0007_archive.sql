-- What of the journal lies in files as well: months, part by part. Of activities that only the files still have, the
-- seal stays, so that what was written down can be held against it for ever.
CREATE TABLE activity.archive (
    -- The first day of the month in which activities occurred, in UTC.
    month date NOT NULL,
    part integer NOT NULL,
    -- Numbers of the journal. Nothing can get one of these any more.
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    activities bigint NOT NULL,
    -- SHA-256 over the seals of the activities, in the order of their numbers.
    digest bytea NOT NULL,
    file text NOT NULL,
    file_digest bytea NOT NULL,
    archived_at timestamptz NOT NULL,
    CONSTRAINT archive_pkey PRIMARY KEY (month, part),
    CONSTRAINT archive_file_once UNIQUE (file),
    CONSTRAINT archive_digest_whole CHECK (octet_length(digest) = 32 AND octet_length(file_digest) = 32),
    CONSTRAINT archive_month_begins CHECK (extract(DAY FROM month) = 1),
    CONSTRAINT archive_in_order CHECK (first_seq <= last_seq AND activities > 0)
);

CREATE TABLE activity.archived (
    activity_id uuid NOT NULL,
    member_id uuid NOT NULL,
    seq bigint NOT NULL,
    month date NOT NULL,
    part integer NOT NULL,
    seal bytea NOT NULL,
    CONSTRAINT archived_pkey PRIMARY KEY (activity_id)
);
