-- How far the relay has published the log, per topic and cluster.
CREATE TABLE relay_positions (
    topic    text NOT NULL,
    cluster  text NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (topic, cluster)
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE ON relay_positions TO secondwind_app;
