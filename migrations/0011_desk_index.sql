-- A tutor who moves between institutions must not make lists look at what was served elsewhere.
DROP INDEX consult_conversation_by_owner;
CREATE INDEX consult_conversation_by_owner
    ON consult_conversation (owner, institution, state, turned_at, id);
