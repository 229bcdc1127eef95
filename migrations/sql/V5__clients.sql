-- OAuth2 clients. Secrets are stored as Argon2id hashes only.
CREATE TABLE api_clients (
    client_id    text PRIMARY KEY,
    organization text NOT NULL,
    role         text NOT NULL CHECK (role IN ('buyer', 'provider', 'finance', 'operator', 'lender', 'auditor')),
    secret_hash  text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    disabled_at  timestamptz
);
GRANT SELECT, INSERT, UPDATE ON api_clients TO secondwind_app;
