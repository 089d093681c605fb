-- Refresh tokens that are spent for one another (rules of the door 5).
alter table refresh_token add column spent {int};         -- null: not yet
alter table refresh_token add column successor {bytes};   -- SHA-256 of the token it was spent for
alter table refresh_token add column sealed {bytes};      -- that token, under a key made of this one
alter table refresh_token add column used {int};          -- first use of it, or of an access token issued with it

alter table access_token add column refresh {bytes};      -- SHA-256 of the successor it was issued with
