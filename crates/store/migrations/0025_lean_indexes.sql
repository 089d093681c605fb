-- Most grants have ended, and most were neither exchanged nor obtained in a session: each index holds those alone that
-- are looked up by it. What ends a script's grant, and makes its next, touches half as many pages.

drop index oauth_grant_user;
drop index oauth_grant_parent;
drop index oauth_grant_sid;
drop index oauth_grant_live;
drop index oauth_grant_live_user;
drop index oauth_grant_live_client;
drop index oauth_grant_too_many;
create index oauth_grant_user on oauth_grant (user_object);
create index oauth_grant_live on oauth_grant (id) where ended is null;
create index oauth_grant_live_user on oauth_grant (user_object, id) where ended is null;
create index oauth_grant_live_client on oauth_grant (client, id) where ended is null;
create index oauth_grant_live_both on oauth_grant (user_object, client, id) where ended is null;
create index oauth_grant_too_many on oauth_grant (user_object, ended) where ended_why = 'too_many';
create index oauth_grant_parent on oauth_grant (parent) where parent is not null;
create index oauth_grant_sid on oauth_grant (sid) where sid is not null;

-- On SQLite a row that is found by its hash lies where its hash does, not behind a number.
{sqlite} alter table access_token rename to access_token_was;
{sqlite} alter table refresh_token rename to refresh_token_was;
{sqlite} alter table past_credential rename to past_credential_was;
{sqlite} create table access_token (
{sqlite}   hash     blob primary key not null,
{sqlite}   grant_id integer not null,
{sqlite}   created  integer not null,
{sqlite}   expires  integer not null,
{sqlite}   refresh  blob,
{sqlite}   scope    text,
{sqlite}   jkt      text
{sqlite} ) strict, without rowid;
{sqlite} create table refresh_token (
{sqlite}   hash      blob primary key not null,
{sqlite}   grant_id  integer not null,
{sqlite}   created   integer not null,
{sqlite}   expires   integer not null,
{sqlite}   spent     integer,
{sqlite}   successor blob,
{sqlite}   sealed    blob,
{sqlite}   used      integer,
{sqlite}   jkt       text
{sqlite} ) strict, without rowid;
{sqlite} create table past_credential (
{sqlite}   hash    blob primary key not null,
{sqlite}   ended   integer not null,
{sqlite}   why     text not null,
{sqlite}   expires integer not null
{sqlite} ) strict, without rowid;
{sqlite} insert into access_token select * from access_token_was order by hash;
{sqlite} insert into refresh_token select * from refresh_token_was order by hash;
{sqlite} insert into past_credential select * from past_credential_was order by hash;
{sqlite} drop table access_token_was;
{sqlite} drop table refresh_token_was;
{sqlite} drop table past_credential_was;
{sqlite} create index access_token_grant on access_token (grant_id);
{sqlite} create index access_token_expires on access_token (expires);
{sqlite} create index refresh_token_grant on refresh_token (grant_id);
{sqlite} create index refresh_token_expires on refresh_token (expires);
{sqlite} create index past_credential_expires on past_credential (expires);
