-- The keys that tokens are signed with (rules of the door 6).

create table signing_key (
  kid          {text} primary key not null,
  algorithm    {text} not null,            -- RS256 | PS256 | ES256 | EdDSA
  sequence     {int} not null,             -- counts the keys of the algorithm: two nodes make one next key
  jwk          {text} not null,            -- the public key
  sealed       {bytes} not null,           -- PKCS #8, sealed for the place signing_key:<kid>
  created      {int} not null,
  active_from  {int} not null,             -- signs from then on
  needed_until {int} not null              -- no token it signed so far lives longer
) {strict};
create unique index signing_key_sequence on signing_key (algorithm, sequence);
