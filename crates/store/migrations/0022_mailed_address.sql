-- Where the codes of a second factor are mailed: the address that its user had shown to read when it was set up.

alter table second_factor add column email {text};

update second_factor set email = (select a.verified_email from account a where a.object = second_factor.user_object)
where user_object in (select object from account where two_factor_type in ('ENROLLING_EMAIL', 'EMAIL_ENABLED'));
