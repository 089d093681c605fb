-- Second factors (rules of the door 10).

-- NOT_ENABLED, ENROLLING_TOTP, TOTP_ENABLED, ENROLLING_EMAIL or EMAIL_ENABLED; two_factor is 1 for the enabled
-- ones. Both are written by the same statement only.
alter table account add column two_factor_type {text} not null default 'NOT_ENABLED';

create table second_factor (
  user_object {int} primary key not null,
  seed        {bytes},                     -- TOTP, sealed under the master key for totp:<user>
  begun       {int} not null,
  confirmed   {int}                        -- null: enrolling
) {strict};

-- A row is a code that was not used yet.
create table recovery_code (
  user_object {int} not null,
  hash        {bytes} not null,            -- SHA-256
  primary key (user_object, hash)
) {strict};

alter table session add column factor {text};        -- totp | email | recovery: proved last
alter table session add column factor_proved {int};  -- when
