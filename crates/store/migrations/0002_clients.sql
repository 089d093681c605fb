-- Clients of both generations: how they prove themselves, what they may ask for, how their tokens are made.
-- What is null follows the endpoint.

alter table client add column authentication {text} not null
  default '["client_secret_basic","client_secret_post"]';     -- JSON list of names
alter table client add column scopes {text} not null default 'ALL';                 -- names with spaces between
alter table client add column post_logout_redirect_uris {text} not null default '[]';  -- JSON list
alter table client add column require_proof_key {int} not null default 0;
alter table client add column require_consent {int} not null default 1;
alter table client add column jwks {text};
alter table client add column jwks_uri {text};
alter table client add column assertion_algorithm {text};
alter table client add column access_seconds {int};
alter table client add column refresh_seconds {int};
alter table client add column code_seconds {int};
alter table client add column device_code_seconds {int};
alter table client add column token_format {text};           -- reference | self-contained
alter table client add column reuse_refresh_tokens {int} not null default 1;
alter table client add column token_algorithm {text};
alter table client add column secret_expires {int};
alter table client add column sealed_secret {bytes};          -- of a client_secret_jwt client, which must be read back
alter table client add column acts_as {int};                  -- the user it is under client_credentials
alter table client add column bound_by {int};                 -- who bound it to that user
