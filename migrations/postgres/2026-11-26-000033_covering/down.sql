ALTER TABLE fact_sums DROP CONSTRAINT fact_sums_pkey, ADD CONSTRAINT fact_sums_told_pkey
    PRIMARY KEY (organisation_id, level, plane, area, kind, modality, sex, age_band, phase, part_of_day, state, month, part);
ALTER TABLE people_sums DROP CONSTRAINT people_sums_pkey, ADD CONSTRAINT people_sums_pkey
    PRIMARY KEY (organisation_id, level, plane, area, kind, modality, sex, age_band, month, before, consents, part);
