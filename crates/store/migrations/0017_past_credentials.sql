-- What was a token or a session, and why it is none any longer: for whoever asks why a call was refused.

create table past_credential (
  hash    {bytes} primary key,             -- SHA-256, as it was kept
  ended   {int} not null,
  why     {text} not null,
  expires {int} not null                   -- nobody asks any longer
) {strict};
create index past_credential_expires on past_credential (expires);
