-- The lessons of the partnership by when somebody last wrote in them: tablets hold the latest two years of them. It has all that
-- a sync asks for, so that it reads no record.
CREATE INDEX shared_lessons_by_age ON documents (stream_id, kind, updated_at, id, heads) WHERE kind = 'shared_lesson';
