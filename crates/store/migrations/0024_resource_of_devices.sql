-- What the tokens of a device are to be for (RFC 8707), as the device asked.
alter table device_code add column resource {text};
