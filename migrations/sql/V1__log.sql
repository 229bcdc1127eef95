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
-- So that a service which may not migrate can see whether the schema is the one it needs.
GRANT SELECT ON refinery_schema_history TO secondwind_app;
-- The default since PostgreSQL 15, said for databases that were made by an older one.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Functions that run with their owner's rights look at pg_temp last, or a caller's temporary table would stand in for a
-- real one; and nobody else may execute them, or a caller could attach them to a table of their own.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: it %', TG_OP, TG_TABLE_NAME, coalesce(TG_ARGV[0], 'is append-only')
        USING ERRCODE = 'restrict_violation';
END
$$;
REVOKE EXECUTE ON FUNCTION refuse_change() FROM PUBLIC;

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
CREATE TRIGGER leadership_moves_forward BEFORE UPDATE ON leadership FOR EACH ROW
    WHEN (NOT NEW.only_row OR NEW.epoch NOT IN (OLD.epoch, OLD.epoch + 1) OR NEW.head < OLD.head)
    EXECUTE FUNCTION refuse_change('only moves forward, and its epoch step by step');
CREATE TRIGGER leadership_stays BEFORE DELETE OR TRUNCATE ON leadership
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('keeps its row');
GRANT SELECT, UPDATE (epoch, head) ON leadership TO secondwind_app;

-- The head is moved first, then the events up to it are written, without gaps, in one transaction.
CREATE FUNCTION events_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (SELECT max(sequence) FROM events) > (SELECT head FROM leadership) THEN
        RAISE EXCEPTION 'an event is beyond the head of the log' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER events_reach_the_head AFTER INSERT ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_inserted();

CREATE FUNCTION head_moved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (SELECT count(*) FROM events WHERE sequence > OLD.head AND sequence <= NEW.head) <> NEW.head - OLD.head THEN
        RAISE EXCEPTION 'the log has a gap between % and %', OLD.head, NEW.head
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER head_has_events AFTER UPDATE ON leadership
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.head <> OLD.head) EXECUTE FUNCTION head_moved();
REVOKE EXECUTE ON FUNCTION events_inserted(), head_moved() FROM PUBLIC;

CREATE TABLE idempotency_keys (
    digest         bytea NOT NULL,    -- SHA-256 of organization, operation and key
    request_hash   bytea NOT NULL,
    created_at     timestamptz NOT NULL,
    first_sequence bigint,            -- the events of the request: first to last, none when it was refused
    last_sequence  bigint,
    refusal        json,
    PRIMARY KEY (digest, created_at), -- a key that is a day old may come again, for another request
    CHECK ((first_sequence IS NULL) = (last_sequence IS NULL))
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys USING brin (created_at);
GRANT SELECT, INSERT, DELETE ON idempotency_keys TO secondwind_app;
