-- Who wants to hear that a session ended (OpenID Connect Back-Channel Logout 1.0), and who is still to be told.

alter table client add column logout_uri {text};
alter table client add column logout_session {int} not null default 0;

-- As the grants have it that were obtained in the session; null: a session of before this was noted.
alter table session add column sid {text};
create index oauth_grant_sid on oauth_grant (sid);

create table logout_notice (
  client   {int} not null,
  sid      {text} not null,
  subject  {text} not null,                -- the user's name, who may be gone by then
  attempts {int} not null,
  due      {int} not null,                 -- not before; whoever tells it moves it on first
  created  {int} not null,
  primary key (client, sid)
) {strict};
create index logout_notice_due on logout_notice (due);
