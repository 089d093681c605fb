-- What the modern dialect of the registry says of clients beside what Kibali reads.

alter table client add column more_settings {text} not null default '{}';  -- JSON: what else clientSettings hold
alter table client add column more_tokens {text} not null default '{}';    -- JSON: what else tokenSettings hold
alter table client add column takes_otp {int} not null default 0;          -- a second factor with the password grant
-- The user a client acts as is a reference, as every reference to an object is.
alter table client drop column acts_as;

-- How often each client asked at the token endpoint and proved itself, by day (days since 1970), for a month.
create table client_day (
  client   {int} not null,
  day      {int} not null,
  requests {int} not null,
  primary key (client, day)
) {strict};
create index client_day_day on client_day (day);
