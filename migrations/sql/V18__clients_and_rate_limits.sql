-- Secrets of clients are 256 random bits, which nobody guesses: they are stored as their SHA-256, '$sha256$' and 64 hexadecimal digits.
-- An Argon2id hash of an earlier release stays until its client next gets a token.
ALTER TABLE api_clients ADD CONSTRAINT secret_hash_form
    CHECK (secret_hash ~ '^[$]sha256[$][0-9a-f]{64}$' OR secret_hash LIKE '$argon2id$%');

-- All that the service may change about a client: an Argon2id hash that it has just verified becomes the SHA-256 of the same secret.
CREATE FUNCTION upgrade_client_secret(client text, verified text, upgraded text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE api_clients SET secret_hash = upgraded
    WHERE client_id = client AND secret_hash = verified AND verified LIKE '$argon2id$%' AND upgraded LIKE '$sha256$%'
$$;
REVOKE ALL ON FUNCTION upgrade_client_secret FROM PUBLIC;
GRANT EXECUTE ON FUNCTION upgrade_client_secret TO secondwind_app;

-- What the operator set for single organizations in the place of the configured rates. An organization's last row holds; rows are never
-- changed, and say who set what when.
CREATE TABLE organization_rate_limits (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization text NOT NULL,
    rates        jsonb NOT NULL, -- by budget: per_second and burst; a budget that is missing has the configured rate
    set_by       text NOT NULL,  -- the client of the operator
    set_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX organization_rate_limits_latest ON organization_rate_limits (organization, id DESC);
GRANT SELECT, INSERT ON organization_rate_limits TO secondwind_app;
