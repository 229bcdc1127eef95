-- No trigger parses an event's content. That is text from outside, which may be valid JSON and still not be readable as JSON here:
-- PostgreSQL refuses to extract anything from a document with an escaped NUL anywhere in it, and with the event it refuses all
-- that is committed beside it. What a trigger needs is a column.

-- The first day of the month that an event `period_closed` closes; none in other events, and in those written before this migration.
ALTER TABLE events ADD COLUMN period date;
ALTER TABLE events ADD CONSTRAINT period_of_period_closed CHECK ((type = 'period_closed') = (period IS NOT NULL)) NOT VALID;

CREATE OR REPLACE FUNCTION periods_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    closing record;
    next date;
BEGIN
    FOR closing IN SELECT sequence, at, period FROM inserted WHERE type = 'period_closed' ORDER BY sequence
    LOOP
        SELECT max(period) + interval '1 month' INTO next FROM closed_periods;
        IF next IS NULL THEN
            SELECT date_trunc('month', min(effective)::timestamp) INTO next FROM entries;
        END IF;
        IF closing.period <> next THEN
            RAISE EXCEPTION 'periods close in sequence: % is next, not %', next, closing.period
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

-- The subject of `box_created` is the box.
CREATE OR REPLACE FUNCTION books_of_boxes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO books (id, entity)
    SELECT (SELECT max(id) FROM books) + row_number() OVER (ORDER BY sequence), 'box:' || subject
    FROM inserted WHERE type = 'box_created';
    RETURN NULL;
END
$$;
