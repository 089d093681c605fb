-- Questions about refused calls: whoever asks inserts one, the node that remembers the call answers.

create table why_question (
  id       {text} primary key,            -- the number of the request
  expires  {int} not null,                -- nobody waits for an answer any longer
  answer   {text}                         -- JSON, never a secret
) {strict};
create index why_question_expires on why_question (expires);
