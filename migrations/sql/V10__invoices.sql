-- Invoices, credit notes and statements, computed from the log in its order: the same log gives the same numbers.

CREATE TABLE invoices (
    position     bigint PRIMARY KEY, -- in the order in which they were issued, from 1, without gaps
    number       text NOT NULL UNIQUE,
    kind         text NOT NULL,
    organization text NOT NULL, -- to whom it is addressed
    contract     uuid,          -- null where it is of several, or of none
    issued       date NOT NULL,
    sequence     bigint NOT NULL, -- the event with which it was issued
    currency     text NOT NULL,
    total        numeric(38, 6) NOT NULL,
    content      json NOT NULL
);
CREATE INDEX invoices_organization ON invoices (organization, position);
CREATE INDEX invoices_contract ON invoices (contract, position) WHERE contract IS NOT NULL;
CREATE INDEX invoices_issued ON invoices (issued, position);

-- The last number of each series, which begins anew every year.
CREATE TABLE invoice_numbers (
    kind text NOT NULL,
    year integer NOT NULL,
    last integer NOT NULL,
    PRIMARY KEY (kind, year)
) WITH (fillfactor = 50);

-- What organizations are called.
CREATE TABLE invoiced_organizations (
    organization text PRIMARY KEY,
    name         text NOT NULL
);

-- How far the log has been turned into invoices. What the open month has so far is computed again from `month_sequence`, the last
-- event before it.
CREATE TABLE invoicing_position (
    only_row       boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    sequence       bigint NOT NULL,
    month_sequence bigint NOT NULL,
    issued         bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO invoicing_position (sequence, month_sequence, issued) VALUES (0, 0, 0);

-- What is issued stays as it is: the service may neither change nor delete it.
GRANT SELECT, INSERT ON invoices, invoiced_organizations TO secondwind_app;
GRANT SELECT, INSERT, UPDATE ON invoice_numbers TO secondwind_app;
GRANT SELECT, UPDATE ON invoicing_position TO secondwind_app;
