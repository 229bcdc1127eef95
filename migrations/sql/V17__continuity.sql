-- A batch that does not continue the log or the books as they are has an SQLSTATE of its own: no part of it can be committed, because
-- its writer is not who it believes to be. Every other refusal speaks of what is in the batch, and is mended by taking out the offender.

CREATE FUNCTION refuse_discontinuity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: it %', TG_OP, TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'SW001';
END
$$;
REVOKE EXECUTE ON FUNCTION refuse_discontinuity() FROM PUBLIC;

DROP TRIGGER leadership_moves_forward ON leadership;
CREATE TRIGGER leadership_moves_forward BEFORE UPDATE ON leadership FOR EACH ROW
    WHEN (NOT NEW.only_row OR NEW.epoch NOT IN (OLD.epoch, OLD.epoch + 1) OR NEW.head < OLD.head)
    EXECUTE FUNCTION refuse_discontinuity('only moves forward, and its epoch step by step');

CREATE OR REPLACE FUNCTION events_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (SELECT max(sequence) FROM events) > (SELECT head FROM leadership) THEN
        RAISE EXCEPTION 'an event is beyond the head of the log' USING ERRCODE = 'SW001';
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION head_moved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (SELECT count(*) FROM events WHERE sequence > OLD.head AND sequence <= NEW.head) <> NEW.head - OLD.head THEN
        RAISE EXCEPTION 'the log has a gap between % and %', OLD.head, NEW.head USING ERRCODE = 'SW001';
    END IF;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION entries_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM id FROM books WHERE id IN (SELECT book FROM inserted) ORDER BY id FOR UPDATE;

    PERFORM 1
    FROM (
        SELECT i.book, i.sequence, i.previous_hash,
               row_number() OVER chain AS place,
               lag(i.hash) OVER chain AS linked
        FROM inserted i WINDOW chain AS (PARTITION BY i.book ORDER BY i.sequence)
    ) i
    LEFT JOIN books b ON b.id = i.book
    WHERE b.id IS NULL
       OR i.sequence <> b.head_sequence + i.place
       OR i.previous_hash <> coalesce(i.linked, b.head_hash);
    IF FOUND THEN
        RAISE EXCEPTION 'entries do not continue their book: a gap, an unknown book or a broken hash chain'
            USING ERRCODE = 'SW001';
    END IF;

    UPDATE books b
    SET head_sequence = last.sequence, head_hash = last.hash
    FROM (SELECT DISTINCT ON (book) book, sequence, hash FROM inserted ORDER BY book, sequence DESC) last
    WHERE b.id = last.book;

    INSERT INTO entries_awaiting_lines
    SELECT book, min(sequence), max(sequence) FROM inserted GROUP BY book;
    RETURN NULL;
END
$$;

-- A line is at most 10^12 units of any currency: a month of a large contract in rupiah is beyond 10^9. What is there was held to less,
-- so there is nothing to validate.
ALTER TABLE lines DROP CONSTRAINT lines_amount_check;
ALTER TABLE lines ADD CONSTRAINT lines_amount_check CHECK (amount <> 0 AND abs(amount) <= 1000000000000) NOT VALID;
