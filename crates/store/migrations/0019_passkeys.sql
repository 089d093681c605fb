-- Passkeys (WebAuthn): keys that people show beside their password, or in its place.

create table passkey (
  uid         {text} primary key not null,
  user_object {int} not null,
  credential  {bytes} not null unique,     -- what the authenticator calls it
  handle      {bytes} not null,            -- what authenticators call the user: random bytes, which open nothing
  public_key  {text} not null,             -- JWK
  counter     {int} not null,              -- how often it signed, as far as it was seen; 0: it does not count
  eligible    {int} not null,              -- may be copied to other devices of its owner
  backed_up   {int} not null,              -- is copied, as far as it was seen
  transports  {text} not null,             -- how browsers reach it, with spaces between
  name        {text} not null,             -- what its owner calls it
  created     {int} not null,
  last_used   {int}                        -- null: never
) {strict};
create index passkey_user on passkey (user_object);

-- How whoever has the session proved who they are, with spaces between (RFC 8176); null: before this was noted.
-- account.two_factor is 1 from now on where there is a passkey, too.
alter table session add column amr {text};
