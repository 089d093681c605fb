-- Codes of a second factor that are mailed, one a row: each is good in the browser that asked for it. Whoever waits for
-- one while this is applied asks for another.

drop table mailed_code;

create table mailed_code (
  verifier    {bytes} primary key not null, -- HMAC-SHA-256 of user, browser and code under a key of the master key
  user_object {int} not null,
  browser     {bytes},                     -- SHA-256 of the cookie that came with the question; null: HTTP Basic
  tries       {int} not null,              -- how often somebody tried it
  sent        {int} not null,
  expires     {int} not null
) {strict};
create index mailed_code_user on mailed_code (user_object);
create index mailed_code_expires on mailed_code (expires);
