DROP TABLE facts_due;
DROP TABLE people_sums;
DROP TABLE fact_sums;
DROP TABLE strata;
DROP TABLE fact_doubts;
DROP TABLE person_months;
DROP TABLE facts;
