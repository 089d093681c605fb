-- Codes of a second factor that are mailed: of each user the last one.

create table mailed_code (
  user_object {int} primary key not null,
  verifier    {bytes},                     -- HMAC-SHA-256 of user and code under a key of the master key; null: spent
  tries       {int} not null,              -- how often somebody tried it
  sent        {int} not null,
  expires     {int} not null,
  counted     {int} not null,              -- since when messages are counted
  messages    {int} not null
) {strict};
create index mailed_code_expires on mailed_code (expires);
