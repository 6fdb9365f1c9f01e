-- Who was absent how often is asked of all people of a district: these marks alone, a sixth of all, and without their rows.
CREATE INDEX attendances_absent ON attendances (participant_id, session_id, author) WHERE shown AND mark = 'absent';
-- Who asked to be erased is asked after by page; few did.
CREATE INDEX participants_erased ON participants (group_id, code, id) WHERE erased;
