-- Seals of the audit trail: each closes the events that came since the one before, and is made from that one.

create table audit_seal (
  number  {int} primary key,
  events  {int} not null,                  -- how many it closes
  ids     {text} not null,                 -- which: 5-20,22
  missing {text} not null,                 -- numbers below the greatest that may still come: 21@1768464000000
  up_to   {int} not null,                  -- the greatest number closed so far
  newest  {int} not null,                  -- when the last of its events happened
  at      {int} not null,
  mac     {bytes} not null,
  cut     {bytes}                          -- the events up to this one were taken away: the proof that Kibali did
) {strict};
