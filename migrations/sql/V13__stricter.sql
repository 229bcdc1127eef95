-- What the application's role could still get wrong.

-- Whether a balance is guarded follows from the account's code, not from whoever opens it.
ALTER TABLE accounts ADD CONSTRAINT guarded_by_code CHECK (guarded = (code IN (
    '2000-customer-available', '2010-customer-held', '2100-contract-prepayment', '2105-security-deposit', '2110-spot-prepayment',
    '2200-seller-payable', '2300-payout-in-transit')));

-- The service adds clients and reads them. To disable one is the owner's.
REVOKE UPDATE ON api_clients FROM secondwind_app;

-- The first month that closes is that of the first entry.
CREATE OR REPLACE FUNCTION periods_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    closing record;
    next date;
BEGIN
    FOR closing IN
        SELECT sequence, at, to_date(content ->> 'period', 'YYYY-MM') AS period
        FROM inserted WHERE type = 'period_closed' ORDER BY sequence
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
