-- What operators see to.

-- Whose a key is: each organization has a share of those that are remembered. None for keys from before this was noted.
ALTER TABLE idempotency_keys ADD COLUMN organization text;

-- Why the relay stopped publishing to a topic. It goes on only when an operator has lifted the stop.
CREATE TABLE relay_stops (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic      text NOT NULL,
    reason     text NOT NULL,
    stopped_at timestamptz NOT NULL DEFAULT now(),
    lifted_at  timestamptz,
    lifted_by  text,                     -- the operator's client
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
-- One topic is stopped once at a time.
CREATE UNIQUE INDEX relay_stops_standing ON relay_stops (topic) WHERE lifted_at IS NULL;
CREATE TRIGGER relay_stops_stay BEFORE DELETE OR TRUNCATE ON relay_stops
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('is a record of what happened');
GRANT SELECT, INSERT, UPDATE (lifted_at, lifted_by) ON relay_stops TO secondwind_app;
