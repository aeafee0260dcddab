-- Members are listed by what they are: few of a million are frozen, and few have the highest level.
CREATE INDEX member_by_state ON members.member (state, id);
CREATE INDEX trait_by_value ON members.trait (name, value, member_id);
