-- The read models of a contract's life: periods, outages, credits, and its end before its time. New columns and tables only.

ALTER TABLE contracts
    -- How it is cut into periods; null where it was paid whole.
    ADD COLUMN billing text,
    ADD COLUMN paid numeric(38, 6),
    ADD COLUMN paid_until timestamptz,
    ADD COLUMN missed_charges integer NOT NULL DEFAULT 0,
    ADD COLUMN deposit numeric(38, 6) NOT NULL DEFAULT 0,
    ADD COLUMN credited numeric(38, 6) NOT NULL DEFAULT 0,
    ADD COLUMN refunded numeric(38, 6) NOT NULL DEFAULT 0,
    ADD COLUMN penalties numeric(38, 6) NOT NULL DEFAULT 0,
    ADD COLUMN owed numeric(38, 6) NOT NULL DEFAULT 0,
    ADD COLUMN undelivered_minutes bigint NOT NULL DEFAULT 0,
    ADD COLUMN ready timestamptz,
    ADD COLUMN endpoint text,
    -- The hour before which it ends, where that is not its window's end.
    ADD COLUMN ends timestamptz,
    -- Why it ended before its time.
    ADD COLUMN termination text;
UPDATE contracts SET paid = total, paid_until = window_end, termination = CASE WHEN terminated THEN 'busted' END;
ALTER TABLE contracts
    ALTER COLUMN paid SET NOT NULL,
    ALTER COLUMN paid_until SET NOT NULL;

ALTER TABLE lots
    ADD COLUMN confirmed boolean NOT NULL DEFAULT false,
    ADD COLUMN penalty_bps integer NOT NULL DEFAULT 0,
    ADD COLUMN termination_outages integer NOT NULL DEFAULT 3;

CREATE TABLE outages (
    id           uuid PRIMARY KEY,
    sequence     bigint NOT NULL,
    contract     uuid NOT NULL,
    market       text NOT NULL,
    buyer        text NOT NULL,
    seller       text NOT NULL,
    opened_by    text NOT NULL,
    opened_at    timestamptz NOT NULL,
    gpus         integer NOT NULL,
    from_time    timestamptz NOT NULL,
    until_time   timestamptz,
    reason       text NOT NULL,
    status       text NOT NULL,
    ruling       text,
    -- Of time that had been recorded as delivered before the outage was settled: what the buyer got back for it.
    gpu_minutes  bigint NOT NULL DEFAULT 0,
    credit       numeric(38, 6) NOT NULL DEFAULT 0,
    penalty      numeric(38, 6) NOT NULL DEFAULT 0
);
CREATE INDEX outages_contract ON outages (contract, sequence);
CREATE INDEX outages_buyer ON outages (buyer, sequence);
CREATE INDEX outages_seller ON outages (seller, sequence);
CREATE INDEX outages_claimed ON outages (sequence) WHERE status = 'claimed';

GRANT SELECT, INSERT, UPDATE, DELETE ON outages TO secondwind_app;
