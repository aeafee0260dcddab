-- A code may be asked for by whoever is no member yet: it comes with the contact, and with no session.
ALTER TABLE entrance.attempt DROP CONSTRAINT attempt_purpose_known;
ALTER TABLE entrance.attempt DROP CONSTRAINT attempt_of_session;
ALTER TABLE entrance.attempt DROP CONSTRAINT attempt_contact;
ALTER TABLE entrance.attempt ADD CONSTRAINT attempt_purpose_known
CHECK (purpose IN ('sign_in', 'step_up', 'contact', 'join'));
ALTER TABLE entrance.attempt ADD CONSTRAINT attempt_of_session
CHECK ((purpose IN ('sign_in', 'join')) = (session_id IS NULL));
ALTER TABLE entrance.attempt ADD CONSTRAINT attempt_contact
CHECK ((purpose IN ('contact', 'join')) = (contact_wrapped IS NOT NULL) OR used_at IS NOT NULL);
