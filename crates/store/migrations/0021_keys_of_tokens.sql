-- Each token has the key that was shown for it (RFC 9449 section 5): a client that proves itself may refresh with another.
alter table access_token add column jkt {text};
alter table refresh_token add column jkt {text};
update access_token set jkt = (select g.jkt from oauth_grant g where g.id = access_token.grant_id);
update refresh_token set jkt = (select g.jkt from oauth_grant g where g.id = refresh_token.grant_id);
alter table oauth_grant drop column jkt;
