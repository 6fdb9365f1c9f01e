DROP TABLE facts_due;
DROP TABLE sector_people;
DROP TABLE sector_facts;
DROP TABLE strata;
DROP TABLE fact_doubts;
DROP TABLE person_months;
DROP TABLE facts;
