DROP TABLE screenings;
DROP TABLE incidents;
DROP TABLE referral_steps;
DROP TABLE referrals;
