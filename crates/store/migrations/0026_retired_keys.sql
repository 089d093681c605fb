-- Signing keys that an operator retired. Each stays: none may come back, whatever a keystore still holds.

create table retired_key (
  kid        {text} primary key not null,
  algorithm  {text} not null,
  thumbprint {text} not null,              -- of the public key (RFC 7638): under another name it is the same key
  retired    {int} not null
) {strict};
create index retired_key_thumbprint on retired_key (thumbprint);
