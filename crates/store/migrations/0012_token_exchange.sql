-- Tokens that clients got for tokens of others (RFC 8693).
alter table client add column exchanges_for {text} not null default '[]';  -- JSON list of client ids
alter table oauth_grant add column parent {int};       -- the grant that it was exchanged from, and ends with
alter table oauth_grant add column act {text};         -- JSON: who acts for the user, the last first
create index oauth_grant_parent on oauth_grant (parent);
