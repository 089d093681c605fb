-- Nobody read when an account was last used by whatever credential; calls that sign in are in last_login.
alter table account drop column last_used;
