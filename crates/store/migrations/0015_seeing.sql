-- What accounts and administrators see of what is open, without reading a table whole.

create index oauth_grant_live on oauth_grant (ended, id);
create index oauth_grant_live_user on oauth_grant (user_object, ended, id);
create index oauth_grant_live_client on oauth_grant (client, ended, id);
create index oauth_grant_too_many on oauth_grant (user_object, ended_why, ended);
create index audit_user on audit (user_object, id);
create index audit_client on audit (client, id);

-- Who still uses the password grant: counted in memory, added every half minute.
create table password_grant_use (
  client     {int} not null,
  address    {text} not null,
  user_agent {text} not null,              -- as the caller names itself; empty: it does not
  first_seen {int} not null,
  last_seen  {int} not null,
  times      {int} not null,
  primary key (client, address, user_agent)
) {strict};
create index password_grant_use_last on password_grant_use (last_seen);
