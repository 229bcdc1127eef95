-- Double-entry books. The rules of the ledger are enforced here, whatever program writes:
--   * an entry has at least two lines and they sum to zero per currency
--   * entries and lines are append-only; no line joins an older entry
--   * (book, source_key) is unique; entries of a book are numbered without gaps and hash-chained
--   * a guarded account never goes negative
--   * a line's account belongs to the entry's book

CREATE TABLE books (
    id            integer PRIMARY KEY,
    entity        text NOT NULL UNIQUE,
    head_sequence bigint NOT NULL DEFAULT 0,
    head_hash     bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
) WITH (fillfactor = 50);
INSERT INTO books (id, entity) VALUES (1, 'operator');
GRANT SELECT ON books TO secondwind_app;

CREATE TABLE accounts (
    id       bigint PRIMARY KEY,
    book     integer NOT NULL REFERENCES books (id),
    code     text NOT NULL,
    owner    text NOT NULL, -- subledger: '' for the entity's own, org:<id>, contract:<id>
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    guarded  boolean NOT NULL,
    UNIQUE (book, code, owner, currency)
);
CREATE TRIGGER accounts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON accounts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON accounts TO secondwind_app;

-- Kept by the trigger on lines; debit positive.
CREATE TABLE balances (
    account bigint PRIMARY KEY REFERENCES accounts (id),
    balance numeric(38, 6) NOT NULL DEFAULT 0 CHECK (abs(balance) <= 1000000000000000),
    guarded boolean NOT NULL,
    CONSTRAINT guarded_account_never_negative CHECK (NOT guarded OR balance <= 0)
) WITH (fillfactor = 50);
GRANT SELECT ON balances TO secondwind_app;

CREATE FUNCTION open_balances() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO balances (account, guarded) SELECT id, guarded FROM inserted;
    RETURN NULL;
END
$$;
CREATE TRIGGER accounts_have_balances AFTER INSERT ON accounts
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION open_balances();

CREATE TABLE entries (
    book          integer NOT NULL,
    sequence      bigint NOT NULL,
    source_key    text NOT NULL,
    event         bigint, -- null where no event of the log led to it
    rule          text NOT NULL,
    rule_version  smallint NOT NULL,
    effective     date NOT NULL,
    contract      uuid,
    box           uuid,
    line_count    integer NOT NULL CHECK (line_count >= 2),
    previous_hash bytea NOT NULL,
    hash          bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (book, sequence),
    UNIQUE (book, source_key)
);
CREATE INDEX entries_event ON entries USING brin (event) WITH (pages_per_range = 16);
CREATE INDEX entries_contract ON entries (contract) WHERE contract IS NOT NULL;
CREATE INDEX entries_box ON entries (box) WHERE box IS NOT NULL;
GRANT SELECT, INSERT ON entries TO secondwind_app;

CREATE TABLE lines (
    book     integer NOT NULL,
    entry    bigint NOT NULL,
    line     integer NOT NULL,
    account  bigint NOT NULL,
    amount   numeric(38, 6) NOT NULL CHECK (amount <> 0 AND abs(amount) <= 1000000000),
    contract uuid,
    PRIMARY KEY (book, entry, line)
);
CREATE INDEX lines_account ON lines (account, entry);
CREATE INDEX lines_contract ON lines (contract) WHERE contract IS NOT NULL;
GRANT SELECT, INSERT ON lines TO secondwind_app;

CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Entries inserted in this transaction whose lines are still to be seen; empty outside transactions.
CREATE TABLE entries_awaiting_lines (
    book           integer NOT NULL,
    first_sequence bigint NOT NULL,
    last_sequence  bigint NOT NULL
);

CREATE FUNCTION entries_inserted() RETURNS trigger
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
            USING ERRCODE = 'integrity_constraint_violation';
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
CREATE TRIGGER entries_continue_their_book AFTER INSERT ON entries
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION entries_inserted();

CREATE FUNCTION lines_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM 1
    FROM inserted l LEFT JOIN accounts a ON a.id = l.account
    WHERE a.book IS DISTINCT FROM l.book;
    IF FOUND THEN
        RAISE EXCEPTION 'a line''s account does not belong to its entry''s book'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;

    -- All lines of an entry arrive in one statement, so none can join it later: the count would not fit, or the
    -- line numbers would collide.
    PERFORM 1
    FROM (SELECT book, entry, count(*) AS lines, min(line) AS low, max(line) AS high FROM inserted GROUP BY book, entry) l
    LEFT JOIN entries e ON e.book = l.book AND e.sequence = l.entry
    WHERE e.line_count IS DISTINCT FROM l.lines OR l.low <> 0 OR l.high <> l.lines - 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the lines of an entry must be as many as it states, numbered from 0, and arrive together'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;

    PERFORM 1
    FROM inserted l JOIN accounts a ON a.id = l.account
    GROUP BY l.book, l.entry, a.currency HAVING sum(l.amount) <> 0;
    IF FOUND THEN
        RAISE EXCEPTION 'the lines of an entry do not sum to zero in each currency'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;

    UPDATE balances b
    SET balance = b.balance + moved.amount
    FROM (SELECT account, sum(amount) AS amount FROM inserted GROUP BY account) moved
    WHERE b.account = moved.account AND moved.amount <> 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER lines_balance AFTER INSERT ON lines
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION lines_inserted();

CREATE FUNCTION entries_have_lines() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    -- Counts the batch's first lines: entries are numbered without gaps, and an entry's lines from 0. An anti-join would have the
    -- planner, which has no statistics of a young book, read all of its lines for every entry.
    IF (SELECT count(*) FROM lines
        WHERE book = NEW.book AND entry BETWEEN NEW.first_sequence AND NEW.last_sequence AND line = 0)
       <> NEW.last_sequence - NEW.first_sequence + 1
    THEN
        RAISE EXCEPTION 'an entry has no lines' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    DELETE FROM entries_awaiting_lines
    WHERE book = NEW.book AND first_sequence = NEW.first_sequence AND last_sequence = NEW.last_sequence;
    RETURN NULL;
END
$$;
-- At commit, because an entry must exist before its lines: one check per statement, not per entry.
CREATE CONSTRAINT TRIGGER entries_have_lines AFTER INSERT ON entries_awaiting_lines
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION entries_have_lines();

CREATE TRIGGER books_stay BEFORE DELETE OR TRUNCATE ON books
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('keeps its rows');
CREATE TRIGGER balances_stay BEFORE DELETE OR TRUNCATE ON balances
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('keeps its rows');
REVOKE EXECUTE ON FUNCTION open_balances(), entries_inserted(), lines_inserted(), entries_have_lines() FROM PUBLIC;
