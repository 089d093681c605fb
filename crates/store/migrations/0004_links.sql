-- Links sent by mail, addresses, and the passwords of before.

-- The address in a user's document, as it is looked up by: written with every account.
alter table account add column email_key {text};
create index account_email on account (email_key);
update account set email_key = (select lower({doc_email}) from object o where o.id = account.object);

-- The address that its holder proved to read; it counts while it is the one in the document.
alter table account add column verified_email {text};
create unique index account_verified_email on account (verified_email);

create table mail_link (
  hash        {bytes} primary key not null,  -- SHA-256 of the token
  purpose     {text} not null,               -- restore | invite | verify
  user_object {int} not null,
  email       {text} not null,               -- where it was sent
  email_key   {text} not null,               -- the same as account.email_key; it works while they agree
  credential_version {int} not null,         -- the account's then; all but verify end with it
  asked_by    {text},                        -- name of the user who had it sent; null: nobody signed in
  created     {int} not null,
  expires     {int} not null,
  spent       {int}                          -- null: not yet
) {strict};
create index mail_link_user on mail_link (user_object, purpose, created);
create index mail_link_expires on mail_link (expires);

-- bcrypt of passwords a user had, the newest 23 of each.
create table old_password (
  id          {serial},
  user_object {int} not null,
  hash        {text} not null,
  replaced    {int} not null
) {strict};
create index old_password_user on old_password (user_object, id);
