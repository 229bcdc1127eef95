-- Months that are closed, and entries that correct others.

ALTER TABLE entries ADD COLUMN corrects text; -- "event:<sequence>" or "hours:<from>/<until>"

-- Written by the log itself: an event `period_closed` closes its month in the transaction that commits it. Nobody may write here.
CREATE TABLE closed_periods (
    period      date PRIMARY KEY CHECK (period = date_trunc('month', period::timestamp)::date), -- the month's first day
    event       bigint NOT NULL UNIQUE,
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE TRIGGER closed_periods_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON closed_periods
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT ON closed_periods TO secondwind_app;

CREATE FUNCTION periods_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    closing record;
    last date;
BEGIN
    FOR closing IN
        SELECT sequence, at, to_date(content ->> 'period', 'YYYY-MM') AS period
        FROM inserted WHERE type = 'period_closed' ORDER BY sequence
    LOOP
        SELECT max(period) INTO last FROM closed_periods;
        IF closing.period <> last + interval '1 month' THEN
            RAISE EXCEPTION 'periods close in sequence: % does not follow %', closing.period, last
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF closing.at AT TIME ZONE 'UTC' < closing.period + interval '1 month' THEN
            RAISE EXCEPTION 'the period % is not over', closing.period USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        INSERT INTO closed_periods (period, event) VALUES (closing.period, closing.sequence);
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER events_close_periods AFTER INSERT ON events
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION periods_closed();

-- Events come before the entries of their batch. So an entry of the closing transaction may still be of an event before the closing
-- one; every other that is dated in a closed month is refused.
CREATE FUNCTION entries_are_of_open_periods() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    refused record;
BEGIN
    SELECT i.sequence, i.effective, p.period INTO refused
    FROM inserted i JOIN closed_periods p ON p.period = date_trunc('month', i.effective::timestamp)::date
    WHERE p.transaction <> pg_current_xact_id() OR i.event IS NULL OR i.event > p.event
    LIMIT 1;
    IF NOT FOUND THEN
        SELECT i.sequence, i.effective, first.period INTO refused
        FROM inserted i, (SELECT min(period) AS period FROM closed_periods) first
        WHERE i.effective < first.period
        LIMIT 1;
    END IF;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % is dated %, in a closed period', refused.sequence, refused.effective
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER entries_are_of_open_periods AFTER INSERT ON entries
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION entries_are_of_open_periods();
REVOKE EXECUTE ON FUNCTION periods_closed(), entries_are_of_open_periods() FROM PUBLIC;
