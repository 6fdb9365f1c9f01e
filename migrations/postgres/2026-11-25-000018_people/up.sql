-- Who counts in a participant's place, where that is somebody else of the group: the end of a chain of `same_as`, or the least
-- id of a circle. Computed from all participants of a group, under the lock of its stream.
CREATE TABLE people (
    participant_id BYTEA NOT NULL PRIMARY KEY REFERENCES participants (id),
    group_id       BYTEA NOT NULL REFERENCES streams (id),
    person_id      BYTEA NOT NULL REFERENCES participants (id)
);
CREATE INDEX people_by_group ON people (group_id);
CREATE INDEX groups_void ON groups (id) WHERE void IS NOT NULL;
