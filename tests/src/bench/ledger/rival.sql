-- A ledger in the style of pgledger: accounts that carry their balance and a version, a function per transfer that locks both
-- accounts' rows, and two entries that say what each balance was before and after.
--
-- Identifiers are numbers from a sequence, which cost less than pgledger's texts.

CREATE TABLE accounts (
    id                     bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name                   text NOT NULL,
    currency               text NOT NULL,
    balance                numeric(38, 6) NOT NULL DEFAULT 0,
    version                bigint NOT NULL DEFAULT 0,
    negative_balance_taken boolean NOT NULL,
    positive_balance_taken boolean NOT NULL,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE transfers (
    id           bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    from_account bigint NOT NULL REFERENCES accounts (id),
    to_account   bigint NOT NULL REFERENCES accounts (id),
    amount       numeric(38, 6) NOT NULL CHECK (amount > 0),
    created_at   timestamptz NOT NULL DEFAULT now(),
    CHECK (from_account <> to_account)
);
CREATE INDEX transfers_from ON transfers (from_account);
CREATE INDEX transfers_to ON transfers (to_account);

CREATE TABLE entries (
    id               bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    account          bigint NOT NULL REFERENCES accounts (id),
    transfer         bigint NOT NULL REFERENCES transfers (id),
    amount           numeric(38, 6) NOT NULL,
    previous_balance numeric(38, 6) NOT NULL,
    current_balance  numeric(38, 6) NOT NULL,
    account_version  bigint NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX entries_account ON entries (account);
CREATE INDEX entries_transfer ON entries (transfer);

CREATE FUNCTION move_balance(moved bigint, amount numeric) RETURNS accounts LANGUAGE plpgsql AS $$
DECLARE
    after accounts;
BEGIN
    UPDATE accounts a SET balance = a.balance + amount, version = a.version + 1, updated_at = now()
    WHERE a.id = moved RETURNING a.* INTO after;
    IF after.balance < 0 AND NOT after.negative_balance_taken OR after.balance > 0 AND NOT after.positive_balance_taken THEN
        RAISE EXCEPTION 'account % does not take the balance %', moved, after.balance;
    END IF;
    RETURN after;
END
$$;

CREATE FUNCTION create_transfer(source bigint, target bigint, moved numeric) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    payer accounts;
    payee accounts;
    made  bigint;
BEGIN
    PERFORM id FROM accounts WHERE id IN (source, target) ORDER BY id FOR UPDATE;
    payer := move_balance(source, -moved);
    payee := move_balance(target, moved);
    IF payer.currency <> payee.currency THEN
        RAISE EXCEPTION 'accounts % and % have different currencies', source, target;
    END IF;
    INSERT INTO transfers (from_account, to_account, amount) VALUES (source, target, moved) RETURNING id INTO made;
    INSERT INTO entries (account, transfer, amount, previous_balance, current_balance, account_version)
    VALUES (source, made, -moved, payer.balance + moved, payer.balance, payer.version),
           (target, made, moved, payee.balance - moved, payee.balance, payee.version);
    RETURN made;
END
$$;
