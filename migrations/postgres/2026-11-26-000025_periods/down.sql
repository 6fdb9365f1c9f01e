DROP TABLE doubt_sums;
ALTER TABLE strata RENAME COLUMN area TO sector;
UPDATE strata SET sector = substr(sector, 1, 4);
DELETE FROM fact_sums;
DELETE FROM people_sums;
INSERT INTO fact_sums (organisation_id, level, plane, month, area, kind, modality, sex, age_band, part,
                       sessions, by_register, by_headcount, attendances, heads)
SELECT s.organisation_id, 5, CASE WHEN f.sex = '' THEN 0 ELSE 1 END + CASE WHEN f.age_band = '' THEN 0 ELSE 2 END,
       f.month, s.sector, s.kind, s.modality, f.sex, f.age_band, f.group_id,
       f.sessions, f.by_register, f.by_headcount, f.attendances, f.heads
FROM facts f JOIN strata s ON s.group_id = f.group_id;
INSERT INTO people_sums (organisation_id, level, plane, month, before, area, kind, modality, sex, age_band, consents, part, people)
SELECT s.organisation_id, 5, 3, f.month, f.before, s.sector, s.kind, s.modality, f.sex, f.age_band, f.consents, f.group_id, count(*)
FROM person_months f JOIN strata s ON s.group_id = f.group_id
GROUP BY s.organisation_id, f.month, f.before, s.sector, s.kind, s.modality, f.sex, f.age_band, f.consents, f.group_id;
