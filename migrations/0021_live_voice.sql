-- The file of a comment that is a voice; NULL of one that is a text. What it says is in the archive
-- alone, as with texts: the name of the file is here so that it is taken back with its comment.
ALTER TABLE live_comment ADD COLUMN media TEXT;
