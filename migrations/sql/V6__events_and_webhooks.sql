-- Each organization's own events, and the webhooks that carry them to it.

-- Which events concern whom. A read model like those of V3: computed from the log.
CREATE TABLE organization_events (
    organization text NOT NULL,
    sequence     bigint NOT NULL,
    bought       uuid[], -- the contracts of the event that the organization bought, where the event does not name their buyers
    PRIMARY KEY (organization, sequence)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON organization_events TO secondwind_app;
-- A position of its own: events that were projected before this table was there, or by a release that does not know it, are added.
ALTER TABLE projection_position ADD COLUMN own_events_sequence bigint NOT NULL DEFAULT 0;

CREATE TABLE webhooks (
    id              uuid PRIMARY KEY,
    organization    text NOT NULL,
    url             text NOT NULL,
    event_types     text[], -- null: all
    after_sequence  bigint NOT NULL, -- the log's head when it was created: what came before is not sent
    created_at      timestamptz NOT NULL DEFAULT now(),
    failing_since   timestamptz, -- the first attempt that failed since the last that did not
    disabled_at     timestamptz,
    disabled_reason text CHECK (disabled_reason IN ('gone', 'failing')),
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);
CREATE INDEX webhooks_organization ON webhooks (organization);

-- What deliveries are signed with. The service must be able to sign, so these are the secrets themselves.
CREATE TABLE webhook_secrets (
    webhook     uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    secret      bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    valid_until timestamptz, -- null: the current one
    PRIMARY KEY (webhook, secret)
);
CREATE UNIQUE INDEX webhook_secrets_current ON webhook_secrets (webhook) WHERE valid_until IS NULL;

CREATE TABLE webhook_deliveries (
    id              uuid PRIMARY KEY, -- the webhook-id, the same at every attempt
    webhook         uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    sequence        bigint NOT NULL,
    type            text NOT NULL,
    urgency         smallint NOT NULL, -- 0 goes first
    state           text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
    tries           integer NOT NULL DEFAULT 0, -- attempts since it was enqueued or replayed
    next_attempt_at timestamptz DEFAULT now(),
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (webhook, sequence),
    CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL))
);
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (webhook, urgency, sequence) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_created_at ON webhook_deliveries (created_at);

CREATE TABLE webhook_attempts (
    delivery    uuid NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
    at          timestamptz NOT NULL,
    status      smallint, -- what the endpoint answered
    error       text,     -- why it did not answer
    duration_ms integer NOT NULL,
    PRIMARY KEY (delivery, at),
    CHECK ((status IS NULL) <> (error IS NULL))
);

-- How far the log has been turned into deliveries: moved in the transaction that writes them.
CREATE TABLE webhook_position (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    sequence bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO webhook_position (sequence) VALUES (0);

GRANT SELECT, INSERT, UPDATE, DELETE ON webhooks, webhook_secrets, webhook_deliveries, webhook_attempts TO secondwind_app;
GRANT SELECT, UPDATE ON webhook_position TO secondwind_app;
