-- How the user behind a code, a grant or a token had signed in, what it is for, and the key it is bound to.
alter table code add column nonce {text};                      -- repeated in the ID token
alter table code add column signed_in {int};
alter table code add column sid {text};                        -- names the session to the client, opens nothing
alter table code add column amr {text} not null default '';    -- pwd otp …, with spaces between (RFC 8176)
alter table code add column resource {text};                   -- RFC 8707
alter table code add column jkt {text};                        -- thumbprint of the key of RFC 9449

alter table oauth_grant add column signed_in {int};
alter table oauth_grant add column sid {text};
alter table oauth_grant add column amr {text} not null default '';
alter table oauth_grant add column resource {text};
alter table oauth_grant add column jkt {text};

alter table access_token add column scope {text};              -- null: all that its grant has

-- What users allowed clients and need not be asked again.
create table consent (
  user_object {int} not null,
  client      {int} not null,
  scope       {text} not null,
  created     {int} not null,
  updated     {int} not null,
  primary key (user_object, client)
) {strict};
create index consent_client on consent (client);

-- Authorization requests that clients pushed (RFC 9126), without their credentials.
create table pushed_request (
  hash       {bytes} primary key not null,
  client     {int} not null,
  parameters {text} not null,
  created    {int} not null,
  expires    {int} not null
) {strict};
create index pushed_request_expires on pushed_request (expires);
create index pushed_request_client on pushed_request (client);
create index code_user on code (user_object);
