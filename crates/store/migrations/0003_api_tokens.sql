-- Personal access tokens (modern reference 4.4), stored as SHA-256 only.

create table api_token (
  id          {int} primary key not null,
  uid         {text} not null unique,
  hash        {bytes} not null unique,     -- SHA-256 of the whole token
  user_object {int} not null,              -- whose, and whose rights it has
  code        {text},                      -- what its owner calls it
  type        {text} not null,             -- PERSONAL_ACCESS_TOKEN_V1 | PERSONAL_ACCESS_TOKEN_V2
  attributes  {text} not null,             -- JSON list of what limits its use
  created     {int} not null,
  updated     {int} not null,
  expires     {int} not null,
  last_used   {int}                        -- null: never
) {strict};
create unique index api_token_code on api_token (user_object, code);
create index api_token_expires on api_token (expires);
