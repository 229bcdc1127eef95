-- Read models. Everything here is computed from the log and can be thrown away and computed again.

CREATE TABLE projection_position (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    sequence bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO projection_position (sequence) VALUES (0);

CREATE TABLE lots (
    id           uuid PRIMARY KEY,
    organization text NOT NULL,
    market       text NOT NULL,
    gpus         integer NOT NULL,
    window_start timestamptz NOT NULL,
    window_end   timestamptz NOT NULL,
    fabric       text NOT NULL,
    expired      boolean NOT NULL DEFAULT false,
    sequence     bigint NOT NULL
);
CREATE INDEX lots_organization ON lots (organization, sequence);

CREATE TABLE orders (
    id              uuid PRIMARY KEY,
    organization    text NOT NULL,
    market          text NOT NULL,
    side            text NOT NULL,
    lot             uuid,
    status          text NOT NULL,
    gpus            integer NOT NULL,
    filled_gpus     integer NOT NULL DEFAULT 0,
    limit_price     numeric(20, 6) NOT NULL,
    window_start    timestamptz NOT NULL,
    window_end      timestamptz NOT NULL,
    time_in_force   text,
    min_gpus        integer,
    min_hours       integer,
    max_hours       integer,
    client_order_id text,
    hold            numeric(38, 6) NOT NULL,
    unfilled        json,
    placed_at       timestamptz NOT NULL,
    sequence        bigint NOT NULL
);
CREATE INDEX orders_organization ON orders (organization, sequence);
CREATE INDEX orders_open ON orders (organization, sequence) WHERE status IN ('open', 'partially_filled');

CREATE TABLE trades (
    id           uuid PRIMARY KEY,
    sequence     bigint NOT NULL,
    at           timestamptz NOT NULL,
    contract     uuid NOT NULL,
    market       text NOT NULL,
    lot          uuid NOT NULL,
    bid          uuid NOT NULL,
    ask          uuid NOT NULL,
    buyer        text NOT NULL,
    seller       text NOT NULL,
    gpus         integer NOT NULL,
    price        numeric(20, 6) NOT NULL,
    window_start timestamptz NOT NULL,
    window_end   timestamptz NOT NULL,
    currency     text NOT NULL,
    amount       numeric(38, 6) NOT NULL,
    buyer_fee    numeric(38, 6) NOT NULL,
    seller_fee   numeric(38, 6) NOT NULL
);
CREATE INDEX trades_market ON trades (market, sequence);
CREATE INDEX trades_bid ON trades (bid, sequence);
CREATE INDEX trades_ask ON trades (ask, sequence);
CREATE INDEX trades_buyer ON trades (buyer, sequence);
CREATE INDEX trades_seller ON trades (seller, sequence);

CREATE TABLE contracts (
    id              uuid PRIMARY KEY,
    sequence        bigint NOT NULL,
    market          text NOT NULL,
    lot             uuid NOT NULL,
    buyer           text NOT NULL,
    seller          text NOT NULL,
    gpus            integer NOT NULL,
    price           numeric(20, 6) NOT NULL,
    window_start    timestamptz NOT NULL,
    window_end      timestamptz NOT NULL,
    currency        text NOT NULL,
    total           numeric(38, 6) NOT NULL,
    recognized      numeric(38, 6) NOT NULL DEFAULT 0,
    delivered_hours integer NOT NULL DEFAULT 0
);
CREATE INDEX contracts_buyer ON contracts (buyer, sequence);
CREATE INDEX contracts_seller ON contracts (seller, sequence);

GRANT SELECT, INSERT, UPDATE, DELETE ON projection_position, lots, orders, trades, contracts TO secondwind_app;
