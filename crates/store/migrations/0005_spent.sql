-- One-time things that were used: a row each until they could not be used again anyway.

create table spent (
  purpose {text} not null,                 -- totp, assertion, dpop …
  value   {text} not null,
  expires {int} not null,
  primary key (purpose, value)
) {strict};
create index spent_expires on spent (expires);
