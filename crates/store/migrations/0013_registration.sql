-- Clients that register themselves (RFC 7591, 7592; modern reference 3.8).

-- What lets somebody register a client: spent by the write that registers it.
create table initial_access_token (
  hash               {bytes} primary key not null,
  uid                {text} not null,
  name               {text},                   -- what it is for, in the words of who made it
  way                {text} not null,          -- enrolled | invited
  user_object        {int},                    -- who made it; null: whoever runs the installation
  credential_version {int} not null,           -- of that account, when it was made
  redirect_url       {text},                   -- where its clients may send codes; null: not said
  uses_left          {int} not null,
  created            {int} not null,
  expires            {int} not null
) {strict};
create unique index initial_access_token_uid on initial_access_token (uid);
create index initial_access_token_user on initial_access_token (user_object);
create index initial_access_token_expires on initial_access_token (expires);

-- Clients that registered themselves, and the token by which each manages what it registered.
create table registration (
  client       {int} primary key not null,
  hash         {bytes} not null,
  way          {text} not null,                -- enrolled | invited | open
  user_object  {int},                          -- for whom, or who let it
  redirect_url {text},                         -- where it may send codes; null: not said
  created      {int} not null
) {strict};
create unique index registration_hash on registration (hash);
create index registration_user on registration (user_object, way);
create index registration_way on registration (way);
