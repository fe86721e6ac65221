-- What was cut out of a room's recording, as JSON; NULL as long as nothing is. Comments keep the
-- positions of the uncut media: what is shown is found from both.
ALTER TABLE room ADD COLUMN edit TEXT;
