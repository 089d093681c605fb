-- The first schema. One text for both engines: {int}, {text}, {bytes} and {serial} name the engine's own
-- types, and {strict} ends a table. Times are milliseconds since 1970 UTC, truth values 0 and 1.

-- Metadata (rules of the metadata 2) ------------------------------------------------------------------

create table object (
  id            {int} primary key not null,
  kind          {text} not null,           -- singular name
  uid           {text} not null,
  code          {text},
  name          {text},
  name_key      {text},                    -- folded in Rust: search and order ignoring case
  code_key      {text},
  created       {int} not null,
  updated       {int} not null,
  created_by    {text},                    -- uids, no edges; they never veto a delete
  updated_by    {text},
  owner_uid     {text},
  public_access {int},                     -- null: readable, as DHIS2 has it
  public_read   {int} not null,
  version       {int} not null default 0,
  doc           {text} not null
) {strict};
create unique index object_uid on object (kind, uid);
create index object_name on object (kind, name_key, uid);
create index object_public on object (kind, public_read, name_key, uid);
create index object_owner on object (kind, owner_uid);
create index object_updated on object (kind, updated);

create table reference (
  source   {int} not null,
  edge     {int} not null,                 -- number of the edge in its kind's description
  element  {int} not null default 0,       -- which embedded object of the source holds it, 0: none
  position {int} not null default 0,       -- 0 in a set
  target   {int} not null,
  primary key (source, edge, element, position, target)
) {strict};
create index reference_target on reference (target, edge, source);

create table unique_key (
  kind     {text} not null,
  property {text} not null,
  scope    {text} not null,                -- empty: the whole kind; else what it is unique in
  value    {text} not null,
  object   {int} not null,
  primary key (kind, property, scope, value)
) {strict};
create index unique_key_object on unique_key (object);

create table sharing (
  object       {int} not null,
  grantee_kind {int} not null,             -- 0 user, 1 user group
  grantee_uid  {text} not null,
  bits         {int} not null,             -- 1 read, 2 write, 4 data read, 8 data write
  primary key (object, grantee_kind, grantee_uid)
) {strict};
create index sharing_grantee on sharing (grantee_kind, grantee_uid, object);

create table translation (
  object    {int} not null,
  locale    {text} not null,
  property  {text} not null,               -- NAME, SHORT_NAME …
  value     {text} not null,
  value_key {text} not null,
  primary key (object, locale, property)
) {strict};

create table attribute_value (
  object    {int} not null,
  attribute {int} not null,                -- object of kind attribute
  value     {text} not null,
  value_key {text} not null,
  primary key (object, attribute)
) {strict};
create index attribute_value_value on attribute_value (attribute, value_key);

create table tree (
  object {int} primary key not null,
  path   {text} not null,                  -- /uid/uid
  level  {int} not null                    -- 1 at a root
) {strict};
create index tree_path on tree (path);
create index tree_level on tree (level, object);

-- Users and clients: objects with a typed side table --------------------------------------------------

create table account (
  object             {int} primary key not null,
  username           {text} not null unique,
  password_hash      {text},               -- bcrypt; null: cannot log in by password
  password_updated   {int},
  credential_version {int} not null default 0,  -- raised when the password changes
  disabled           {int} not null default 0,
  expiry             {int},                -- the account ends at this time
  external_auth      {int} not null default 0,
  two_factor         {int} not null default 0,
  last_login         {int},
  last_used          {int}                 -- by whatever credential
) {strict};

create table client (
  object             {int} primary key not null,
  client_id          {text} not null unique,
  profile            {text} not null default 'legacy',
  grant_types        {text} not null,      -- JSON list of names, in the order given
  redirect_uris      {text} not null,      -- JSON list, in the order given
  secret             {bytes},              -- HMAC-SHA-256 of the secret under a key of the master key
  secret_created     {int},
  previous_secret    {bytes},              -- works until previous_until
  previous_until     {int},
  last_used          {int}                 -- by a token of it, or at the token endpoint
) {strict};

-- The door ----------------------------------------------------------------------------------------------
-- Tokens, codes and session cookies are stored as SHA-256 only.

create table oauth_grant (
  id           {int} primary key not null,
  user_object  {int} not null,
  client       {int} not null,
  grant_type   {text} not null,            -- password | authorization_code
  scope        {text} not null,
  created      {int} not null,
  last_used    {int} not null,            -- obtained, refreshed, or a token of it used
  refreshed    {int},                      -- last time; null: never
  address      {text},                     -- where it was obtained
  credential_version {int} not null,       -- the account's when it was obtained; a password grant ends with it
  ended        {int},                      -- not null: revoked at this time
  ended_why    {text}
) {strict};
create index oauth_grant_user on oauth_grant (user_object, client, ended, last_used);
create index oauth_grant_client on oauth_grant (client);
create index oauth_grant_last_used on oauth_grant (last_used);

create table access_token (
  hash    {bytes} primary key not null,
  grant_id {int} not null,
  created {int} not null,
  expires {int} not null
) {strict};
create index access_token_grant on access_token (grant_id);
create index access_token_expires on access_token (expires);

create table refresh_token (
  hash     {bytes} primary key not null,
  grant_id {int} not null,
  created  {int} not null,
  expires  {int} not null
) {strict};
create index refresh_token_grant on refresh_token (grant_id);
create index refresh_token_expires on refresh_token (expires);

create table code (
  hash           {bytes} primary key not null,
  user_object    {int} not null,
  client         {int} not null,
  scope          {text} not null,
  redirect_uri   {text} not null,
  redirect_sent  {int} not null,           -- was redirect_uri in the authorize request
  challenge      {text},                   -- PKCE S256 or plain
  challenge_method {text},
  created        {int} not null,
  expires        {int} not null,
  spent          {int},                    -- null: not yet
  grant_id       {int}                     -- what it was spent for; revoked on replay
) {strict};
create index code_expires on code (expires);

create table session (
  hash          {bytes} primary key not null,
  user_object   {int} not null,
  created       {int} not null,
  last_used     {int} not null,
  expires       {int} not null,
  authenticated {int},
  credential_version {int} not null default 0,  -- the account's at sign-in; the session ends with it
  address       {text},
  user_agent    {text}
) {strict};
create index session_of_user on session (user_object);
create index session_expires on session (expires);

create table setup_link (
  hash    {bytes} primary key not null,
  expires {int} not null,
  spent   {int}
) {strict};

-- The installation ------------------------------------------------------------------------------------

create table installation (
  name  {text} primary key not null,       -- system_id, master_key_check …
  value {text} not null
) {strict};

-- Held by whoever writes metadata, so that one write at a time does, on PostgreSQL as on SQLite.
insert into installation (name, value) values ('metadata_lock', '');

create table system_setting (
  name   {text} not null,
  locale {text} not null default '',
  value  {text} not null,
  primary key (name, locale)
) {strict};

create table user_setting (
  user_object {int} not null,
  name        {text} not null,
  value       {text} not null,
  primary key (user_object, name)
) {strict};

-- What other nodes must forget (rules of the door 7). Rows are inserted in the transaction that changes.
create table change (
  seq     {serial},
  topic   {text} not null,                 -- user | role | group | client | grant | session | setting | unit
  subject {int},                           -- row number, null: all of the topic
  at      {int} not null
) {strict};

create table audit (
  id       {serial},
  at       {int} not null,
  event    {text} not null,                -- token.issued, sign_in.refused …
  user_object {int},
  client   {int},
  address  {text},
  detail   {text} not null                 -- JSON, never a secret
) {strict};
create index audit_at on audit (at);
