DROP TABLE held_counts;
DROP TABLE published_places;
DROP TABLE published_nodes;
DROP TABLE releases;
