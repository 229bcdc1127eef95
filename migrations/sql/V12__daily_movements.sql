-- What every account of the chart moved on each day, so that a trial balance of any day need not add up all lines of the books.
--
-- Each row is of one run of 65,536 consecutive entries, which is entry / 65536: what was known after some entry is the runs before
-- its own and the lines of its own up to it. Kept by the trigger on lines, in the statement that writes them.

CREATE TABLE daily_movements (
    book     integer NOT NULL REFERENCES books (id),
    currency text NOT NULL,
    run      bigint NOT NULL,
    day      date NOT NULL,
    code     text NOT NULL,
    amount   numeric(38, 6) NOT NULL,
    PRIMARY KEY (book, currency, run, day, code)
) WITH (fillfactor = 50);
CREATE TRIGGER daily_movements_stay BEFORE DELETE OR TRUNCATE ON daily_movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('keeps its rows');
GRANT SELECT ON daily_movements TO secondwind_app;

-- No line may come between what is added up here and the trigger that adds up the next.
LOCK TABLE lines IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO daily_movements (book, currency, run, day, code, amount)
SELECT l.book, a.currency, l.entry / 65536, e.effective, a.code, sum(l.amount)
FROM lines l JOIN accounts a ON a.id = l.account JOIN entries e ON e.book = l.book AND e.sequence = l.entry
GROUP BY l.book, a.currency, l.entry / 65536, e.effective, a.code;

CREATE OR REPLACE FUNCTION lines_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    -- The entries of these lines are looked up by the range of their numbers: however old the planner's figures are, it must
    -- not read all of a long book.
    of_books integer[];
    first    bigint;
    last     bigint;
    foreign_account boolean;
    unbalanced      boolean;
BEGIN
    SELECT array_agg(DISTINCT book), min(entry), max(entry) INTO of_books, first, last FROM inserted;

    SELECT bool_or(l.is_foreign), bool_or(l.amount <> 0) INTO foreign_account, unbalanced
    FROM (
        SELECT bool_or(a.book IS DISTINCT FROM l.book) AS is_foreign, sum(l.amount) AS amount
        FROM inserted l LEFT JOIN accounts a ON a.id = l.account
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
    LEFT JOIN entries e ON e.book = l.book AND e.sequence = l.entry
        AND e.book = ANY (of_books) AND e.sequence BETWEEN first AND last
    WHERE e.line_count IS DISTINCT FROM l.lines OR l.low <> 0 OR l.high <> l.lines - 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the lines of an entry must be as many as it states, numbered from 0, and arrive together'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;

    IF unbalanced THEN
        RAISE EXCEPTION 'the lines of an entry do not sum to zero in each currency'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;

    UPDATE balances b
    SET balance = b.balance + moved.amount
    FROM (SELECT account, sum(amount) AS amount FROM inserted GROUP BY account) moved
    WHERE b.account = moved.account AND moved.amount <> 0;

    INSERT INTO daily_movements AS m (book, currency, run, day, code, amount)
    SELECT l.book, a.currency, l.entry / 65536, e.effective, a.code, sum(l.amount)
    FROM inserted l
    JOIN accounts a ON a.id = l.account
    JOIN entries e ON e.book = l.book AND e.sequence = l.entry
        AND e.book = ANY (of_books) AND e.sequence BETWEEN first AND last
    GROUP BY l.book, a.currency, l.entry / 65536, e.effective, a.code
    ON CONFLICT (book, currency, run, day, code) DO UPDATE SET amount = m.amount + excluded.amount;
    RETURN NULL;
END
$$;
