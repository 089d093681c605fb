-- Devices that wait for their user (RFC 8628). Both codes are kept as SHA-256 only.
create table device_code (
  hash        {bytes} primary key not null,
  user_hash   {bytes} not null unique,       -- of the code that the user types
  client      {int} not null,
  scope       {text} not null,
  created     {int} not null,
  expires     {int} not null,
  user_object {int},                         -- who answered
  granted     {int},                         -- 1 yes, 0 no, null not yet
  signed_in   {int},
  sid         {text},
  amr         {text} not null default '',
  spent       {int}
) {strict};
create index device_code_expires on device_code (expires);
create index device_code_client on device_code (client);
create index device_code_user on device_code (user_object);
