//! What can be wrong with an object, by DHIS2's codes (web-api reference 2.4).

macro_rules! codes {
    ($($code:ident $text:literal),+ $(,)?) => {
        /// A code of DHIS2's error table. The codes are contract; the texts are ours, with `{0}`, `{1}` …
        /// for the arguments.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)]
        pub enum Code { $($code),+ }

        impl Code {
            /// The code as written on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code)),+ }
            }

            const fn template(self) -> &'static str {
                match self { $(Self::$code => $text),+ }
            }
        }
    };
}

codes! {
    E1106 "There are two translations of property `{0}` for locale `{1}`.",
    E1107 "Objects of type `{0}` are not translated.",
    E1115 "Value type `{0}` differs from `{1}`, the value type of option set `{2}`; make them equal.",
    E1116 "Values of type MULTI_TEXT need an option set; name one in `optionSet`.",
    E1120 "Option combo `{0}` is no longer made by category combo `{1}`, but data uses it.",
    E1122 "Category combo `{0}` may not use the default category together with others.",
    E1125 "The options of option combo `{0}` do not fit the categories of category combo `{1}`.",
    E1126 "A category combo has at most {0} categories; `{1}` has {2}.",
    E1127 "A category in a combo has at most {0} options; `{1}` has {2}.",
    E1128 "A category combo makes at most {0} option combos; `{1}` would make {2}.",
    E1134 "Of an option combo only `code`, `attributeValues` and `ignoreApproval` can be changed; `{0}` cannot.",
    E1520 "You are not allowed to move organisation units.",
    E1521 "You are not allowed to move organisation unit `{0}`.",
    E1522 "You are not allowed to move an organisation unit away from `{0}`.",
    E1523 "You are not allowed to move an organisation unit to `{0}`.",
    E3000 "User `{0}` may not create objects of type {1}.",
    E3001 "User `{0}` may not update object {1}.",
    E3002 "User `{0}` may not delete object {1}.",
    E3003 "User `{0}` may not grant role `{1}`.",
    E3005 "User `{0}` may not add members to group `{1}`.",
    E3008 "User `{0}` may not make objects of type {1} public.",
    E3009 "User `{0}` may not make objects of type {1} private.",
    E3010 "`{0}` is not an access string; it has 8 characters, such as `rw------`.",
    E3011 "Access `{0}` has data bits, but objects of type {1} have no data sharing.",
    E3020 "User `{0}` may not manage user `{1}`: that user has authorities of its own.",
    E3032 "User `{0}` has no access to role `{1}`.",
    E3052 "The e-mail address stays while codes are mailed to the user; switch them off first.",
    E4000 "Missing required property `{0}`.",
    E4001 "Property `{0}` may have at most {1} characters; it has {2}.",
    E4002 "Property `{0}` must have between {1} and {2} characters; it has {3}.",
    E4003 "Property `{0}` needs an e-mail address; `{1}` is none.",
    E4004 "Property `{0}` needs a URL; `{1}` is none.",
    E4005 "Property `{0}` is not an acceptable password: {1}.",
    E4006 "Property `{0}` needs a colour such as #aabbcc; `{1}` is none.",
    E4007 "Property `{0}` must have between {1} and {2} entries; it has {3}.",
    E4008 "Property `{0}` must be between {1} and {2}; it is {3}.",
    E4009 "Attribute `{0}` must be unique; value `{1}` is used already.",
    E4010 "Attribute `{0}` does not belong on objects of type `{1}`.",
    E4011 "Attribute `{0}` is mandatory and has no value.",
    E4013 "Closing date `{0}` is before opening date `{1}`.",
    E4014 "`{0}` is not an identifier: 11 characters, a letter first, then letters and digits.",
    E4015 "Property `{0}` names `{1}`, which is not the object that holds it.",
    E4027 "Value `{0}` is not a valid {1} for property `{2}`.",
    E4028 "Option set `{0}` already has an option with {1} `{2}`.",
    E4030 "Object could not be {0} because {1}.",
    E4031 "Value `{0}` cannot be used for property `{1}`.",
    E4032 "Patch path `{0}` is not supported.",
    E4049 "`{0}` is not a valid user name: 4 to 255 letters, digits or - _ . @, those four only between others.",
    E4054 "Property `{0}` has value `{1}`, which another user has already.",
    E4055 "A user needs at least one role.",
    E4056 "Property `{0}` cannot be changed.",
    E5000 "{0} exists already and may not be updated by this import.",
    E5001 "{0} does not exist and may not be created by this import.",
    E5002 "Invalid reference [{0}] on object {1} for association `{2}`.",
    E5003 "Property `{0}` must be unique; value `{1}` is used already by {2}.",
    E5004 "{0} stands in the payload more than once.",
    E5005 "Property `{0}` must be unique; value `{1}` stands in the payload more than once.",
    E5006 "Property `{0}` belongs to the other object and cannot be set here.",
    E5007 "Reference [{0}] stands more than once in `{1}`.",
    E5008 "User `{0}` may not read [{1}], referenced by `{2}`.",
    E6004 "Attribute `{0}` needs one of its options; `{1}` is none.",
    E6006 "Attribute `{0}` needs a whole number; `{1}` is none.",
    E6008 "Attribute `{0}` needs a number; `{1}` is none.",
    E6012 "Attribute `{0}` is not assigned to objects of type `{1}`.",
    E6014 "Attribute `{0}` needs a date; `{1}` is none.",
    E6016 "Attribute `{0}` needs true or false; `{1}` is neither.",
    E6018 "Attribute `{0}` needs an e-mail address; `{1}` is none.",
    E6023 "Objects of type `{0}` are made while OAuth2 runs, and cannot be imported.",
}

/// One thing that is wrong with one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The code.
    pub code: Code,
    /// What fills the holes of its text.
    pub args: Vec<String>,
    /// The property it is about.
    pub property: Option<String>,
}

impl Fault {
    /// A fault with the arguments of its text.
    #[must_use]
    pub fn new<const N: usize>(code: Code, args: [&str; N]) -> Self {
        Self { code, args: args.iter().map(|arg| (*arg).to_owned()).collect(), property: None }
    }

    /// The same, about this property.
    #[must_use]
    pub fn at(mut self, property: &str) -> Self {
        self.property = Some(property.to_owned());
        self
    }

    /// The text for people.
    #[must_use]
    pub fn message(&self) -> String {
        let mut text = self.code.template().to_owned();
        for (number, arg) in self.args.iter().enumerate() {
            text = text.replace(&format!("{{{number}}}"), arg);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_fill_the_text() {
        let fault = Fault::new(Code::E4001, ["name", "230", "231"]).at("name");
        assert_eq!(fault.message(), "Property `name` may have at most 230 characters; it has 231.");
        assert_eq!(fault.code.as_str(), "E4001");
    }
}
