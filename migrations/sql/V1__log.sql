-- The event log, its leader, and the keys under which callers may repeat a request.

-- What the running service may do. It owns nothing: tables and their rules belong to the migrating role.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'secondwind_app') THEN
        CREATE ROLE secondwind_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- another database of the same server was migrated at the same moment
END
$$;
GRANT USAGE ON SCHEMA public TO secondwind_app;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: it is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TABLE events (
    sequence bigint PRIMARY KEY CHECK (sequence > 0),
    at       timestamptz NOT NULL,
    command  uuid NOT NULL,
    type     text NOT NULL,
    version  smallint NOT NULL,
    key      text NOT NULL,
    subject  uuid,
    content  json NOT NULL -- as published: json, not jsonb, keeps the bytes
);
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON events TO secondwind_app;

-- One row. Every append updates it under its epoch, so a leader that has been replaced cannot write.
CREATE TABLE leadership (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch    bigint NOT NULL,
    head     bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO leadership (epoch, head) VALUES (0, 0);
GRANT SELECT, UPDATE ON leadership TO secondwind_app;

CREATE TABLE idempotency_keys (
    digest         bytea PRIMARY KEY, -- SHA-256 of organization, operation and key
    request_hash   bytea NOT NULL,
    created_at     timestamptz NOT NULL,
    first_sequence bigint,            -- the events of the request: first to last, none when it was refused
    last_sequence  bigint,
    refusal        json,
    CHECK ((first_sequence IS NULL) = (last_sequence IS NULL))
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys USING brin (created_at);
GRANT SELECT, INSERT, DELETE ON idempotency_keys TO secondwind_app;
