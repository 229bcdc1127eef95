-- What a batch costs grows with its rows, whatever the planner believes.
--
-- A session plans the statements of a trigger once, at its first batches, and keeps the plans: a batch of a thousand entries goes by what
-- was best for one entry on an empty book. So no statement here joins the batch with a table in a way that is left to the planner.
--   * A row of the batch looks up by primary key what it needs (LATERAL, and OFFSET 0, which keeps it apart).
--   * What is updated by the batch is found by its key: ON CONFLICT, or one statement a book.
--   * No table is read from its beginning (enable_seqscan, enable_bitmapscan), however short it was when the plan was made. What has to
--     be read so all the same, such as a table of one row, counts as very expensive then: it must not be compiled for that (jit).

CREATE OR REPLACE FUNCTION lines_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
DECLARE
    foreign_account boolean;
    unbalanced      boolean;
BEGIN
    SELECT bool_or(l.is_foreign), bool_or(l.amount <> 0) INTO foreign_account, unbalanced
    FROM (
        SELECT bool_or(a.book IS DISTINCT FROM l.book) AS is_foreign, sum(l.amount) AS amount
        FROM inserted l
        LEFT JOIN LATERAL (SELECT book, currency FROM accounts WHERE id = l.account OFFSET 0) a ON true
        GROUP BY l.book, l.entry, a.currency
    ) l;
    IF foreign_account THEN
        RAISE EXCEPTION 'a line''s account does not belong to its entry''s book'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;

    -- All lines of an entry arrive in one statement, so none can join it later: the count would not fit, or the
    -- line numbers would collide.
    PERFORM 1
    FROM (SELECT book, entry, count(*) AS lines, min(line) AS low, max(line) AS high FROM inserted GROUP BY book, entry) l
    LEFT JOIN LATERAL (
        SELECT line_count FROM entries WHERE book = l.book AND sequence = l.entry OFFSET 0
    ) e ON true
    WHERE e.line_count IS DISTINCT FROM l.lines OR l.low <> 0 OR l.high <> l.lines - 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the lines of an entry must be as many as it states, numbered from 0, and arrive together'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;

    IF unbalanced THEN
        RAISE EXCEPTION 'the lines of an entry do not sum to zero in each currency'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;

    -- Every account has a balance (open_balances), so this inserts nothing.
    INSERT INTO balances AS b (account, balance, guarded)
    SELECT account, sum(amount), false FROM inserted GROUP BY account HAVING sum(amount) <> 0
    ON CONFLICT (account) DO UPDATE SET balance = b.balance + excluded.balance;

    INSERT INTO daily_movements AS m (book, currency, run, day, code, amount)
    SELECT l.book, a.currency, l.entry / 65536, e.effective, a.code, sum(l.amount)
    FROM inserted l
    CROSS JOIN LATERAL (SELECT currency, code FROM accounts WHERE id = l.account OFFSET 0) a
    CROSS JOIN LATERAL (SELECT effective FROM entries WHERE book = l.book AND sequence = l.entry OFFSET 0) e
    GROUP BY l.book, a.currency, l.entry / 65536, e.effective, a.code
    ON CONFLICT (book, currency, run, day, code) DO UPDATE SET amount = m.amount + excluded.amount;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION entries_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
DECLARE
    continued record;
BEGIN
    FOR continued IN
        SELECT i.book, min(i.sequence) AS first_sequence, max(i.sequence) AS last_sequence,
               (array_agg(i.previous_hash) FILTER (WHERE i.before IS NULL))[1] AS previous_hash,
               (array_agg(i.hash) FILTER (WHERE i.after IS NULL))[1] AS hash,
               bool_or(i.sequence <> i.before + 1 OR i.previous_hash <> i.linked) AS broken
        FROM (
            SELECT book, sequence, previous_hash, hash,
                   lag(sequence) OVER chain AS before, lag(hash) OVER chain AS linked, lead(sequence) OVER chain AS after
            FROM inserted WINDOW chain AS (PARTITION BY book ORDER BY sequence)
        ) i
        GROUP BY i.book ORDER BY i.book
    LOOP
        UPDATE books SET head_sequence = continued.last_sequence, head_hash = continued.hash
        WHERE id = continued.book
          AND head_sequence = continued.first_sequence - 1 AND head_hash = continued.previous_hash;
        IF NOT FOUND OR continued.broken THEN
            RAISE EXCEPTION 'entries do not continue their book: a gap, an unknown book or a broken hash chain'
                USING ERRCODE = 'SW001';
        END IF;
        INSERT INTO entries_awaiting_lines VALUES (continued.book, continued.first_sequence, continued.last_sequence);
    END LOOP;
    RETURN NULL;
END
$$;

-- The others look up and count by key already, and must go on doing so when the plan was made for a few rows.
ALTER FUNCTION open_balances() SET enable_seqscan = off SET jit = off;
ALTER FUNCTION events_inserted() SET enable_seqscan = off SET jit = off;
ALTER FUNCTION head_moved() SET enable_seqscan = off SET jit = off;
ALTER FUNCTION entries_have_lines() SET enable_seqscan = off SET jit = off;
