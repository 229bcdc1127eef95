-- The read models of the market in full. New columns only; what was written before keeps its meaning by their defaults.

ALTER TABLE lots
    ADD COLUMN min_remnant_hours integer NOT NULL DEFAULT 0,
    ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;

ALTER TABLE orders
    ADD COLUMN kind text NOT NULL DEFAULT 'term',
    -- Of a resale: the contract that backs the ask.
    ADD COLUMN contract uuid,
    -- Of a flexible bid: the latest start; window_end is the end of the earliest window.
    ADD COLUMN window_latest timestamptz,
    -- What else a bid asks for.
    ADD COLUMN options json,
    -- The last hour of which a spot order traded something, and how many GPUs.
    ADD COLUMN spot_hour timestamptz,
    ADD COLUMN spot_gpus integer NOT NULL DEFAULT 0,
    ALTER COLUMN window_start DROP NOT NULL,
    ALTER COLUMN window_end DROP NOT NULL;

ALTER TABLE trades
    ADD COLUMN busted boolean NOT NULL DEFAULT false;

ALTER TABLE contracts
    -- Of a resale: the contract that was resold.
    ADD COLUMN head uuid,
    ADD COLUMN terminated boolean NOT NULL DEFAULT false;

CREATE TABLE spot_auctions (
    market         text NOT NULL,
    hour           timestamptz NOT NULL,
    sequence       bigint NOT NULL,
    clearing_price numeric(20, 6),
    gpus           bigint NOT NULL DEFAULT 0,
    gpus_bid       bigint NOT NULL DEFAULT 0,
    gpus_offered   bigint NOT NULL DEFAULT 0,
    -- Why the auction was void, if it was.
    missed         text,
    PRIMARY KEY (market, hour)
);

CREATE TABLE spot_sales (
    sequence   bigint NOT NULL,
    ordinal    integer NOT NULL,
    at         timestamptz NOT NULL,
    market     text NOT NULL,
    hour       timestamptz NOT NULL,
    bid        uuid NOT NULL,
    ask        uuid NOT NULL,
    buyer      text NOT NULL,
    seller     text NOT NULL,
    lot        uuid NOT NULL,
    gpus       integer NOT NULL,
    price      numeric(20, 6) NOT NULL,
    minutes    integer NOT NULL,
    currency   text NOT NULL,
    amount     numeric(38, 6) NOT NULL,
    buyer_fee  numeric(38, 6) NOT NULL,
    seller_fee numeric(38, 6) NOT NULL,
    PRIMARY KEY (sequence, ordinal)
);
CREATE INDEX spot_sales_bid ON spot_sales (bid, hour);
CREATE INDEX spot_sales_ask ON spot_sales (ask, hour);
CREATE INDEX spot_sales_buyer ON spot_sales (buyer, sequence);
CREATE INDEX spot_sales_seller ON spot_sales (seller, sequence);

GRANT SELECT, INSERT, UPDATE, DELETE ON spot_auctions, spot_sales TO secondwind_app;
