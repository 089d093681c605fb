//! A country that does not exist: four provinces, their districts and facilities, and what is counted there.
//!
//! Everything follows from the names below, identifiers included, so that every start makes the same.

use kibali_crypto::sha256;
use kibali_model::Uid;
use serde_json::{Map, Value, json};

/// The country.
pub(super) const COUNTRY: &str = "Tumaini";

/// The group with which the second data set is shared.
pub(super) const PLANNERS: &str = "Planners";

/// Provinces and their districts.
const PROVINCES: [(&str, [&str; 3]); 4] = [
    ("Mvua", ["Ndege", "Kiboko", "Twiga"]),
    ("Jua", ["Chui", "Paa", "Ngiri"]),
    ("Upepo", ["Tembo", "Nyati", "Fisi"]),
    ("Mto", ["Samaki", "Mamba", "Kasa"]),
];

/// Kinds of facilities; every district has one of each.
const FACILITIES: [(&str, &str); 4] = [
    ("Hospital", "Hospitals"),
    ("Health Centre", "Health centres"),
    ("North Dispensary", "Dispensaries"),
    ("South Dispensary", "Dispensaries"),
];

const FACILITY_GROUPS: [&str; 3] = ["Hospitals", "Health centres", "Dispensaries"];

const LEVELS: [&str; 4] = ["Country", "Province", "District", "Facility"];

/// Categories and their options.
const CATEGORIES: [(&str, &[&str]); 2] =
    [("Sex", &["Female", "Male"]), ("Age", &["Under 5 years", "5 to 14 years", "15 years and over"])];

/// What is counted, by topic, and whether by sex and age.
const COUNTED: [(&str, &str, bool); 12] = [
    ("Outpatients", "Outpatient visits", true),
    ("Outpatients", "Referrals made", false),
    ("Malaria", "Malaria tests done", true),
    ("Malaria", "Malaria tests positive", true),
    ("Malaria", "Malaria treated", true),
    ("Vaccination", "Measles first doses", false),
    ("Vaccination", "Polio third doses", false),
    ("Vaccination", "Children fully vaccinated", false),
    ("Births", "Deliveries in facility", false),
    ("Births", "Live births", false),
    ("Births", "Antenatal first visits", false),
    ("Supplies", "Days without malaria tests", false),
];

const TOPICS: [&str; 5] = ["Outpatients", "Malaria", "Vaccination", "Births", "Supplies"];

/// The identifier of the thing of this kind and name.
pub(super) fn uid(kind: &str, name: &str) -> String {
    let digest = sha256(format!("kibali dev {kind} {name}"));
    let bytes: [u8; 11] = std::array::from_fn(|place| digest.get(place).copied().unwrap_or_default());
    Uid::from_random(bytes).to_string()
}

/// A reference to it.
pub(super) fn to(kind: &str, name: &str) -> Value {
    json!({ "id": uid(kind, name) })
}

/// The organisation units, and what is counted in them.
pub(super) fn payload() -> Map<String, Value> {
    let collections = [
        ("organisationUnits", units()),
        ("organisationUnitLevels", levels()),
        ("organisationUnitGroups", unit_groups()),
        ("organisationUnitGroupSets", unit_group_sets()),
        ("categoryOptions", category_options()),
        ("categories", categories()),
        ("categoryCombos", category_combos()),
        ("dataElements", data_elements()),
        ("dataElementGroups", data_element_groups()),
        ("optionSets", option_sets()),
        ("options", options()),
        ("dataSets", data_sets()),
    ];
    collections.into_iter().map(|(name, objects)| (name.to_owned(), Value::Array(objects))).collect()
}

fn unit(name: &str, code: &str, parent: Option<&str>) -> Value {
    let mut unit = json!({
        "id": uid("unit", name), "code": code, "name": name, "shortName": name, "openingDate": "2020-01-01"
    });
    if let (Some(parent), Value::Object(members)) = (parent, &mut unit) {
        members.insert("parent".to_owned(), to("unit", parent));
    }
    unit
}

/// Parents before children.
fn units() -> Vec<Value> {
    let mut units = vec![unit(COUNTRY, "TU", None)];
    for (p, (province, districts)) in (1..).zip(PROVINCES) {
        units.push(unit(province, &format!("TU{p}"), Some(COUNTRY)));
        for (d, district) in (1..).zip(districts) {
            units.push(unit(district, &format!("TU{p}{d}"), Some(province)));
            for (f, (kind, _)) in (1..).zip(FACILITIES) {
                let code = format!("TU{p}{d}{f}");
                let mut facility = unit(&format!("{district} {kind}"), &code, Some(district));
                if let Value::Object(members) = &mut facility {
                    members.insert("geometry".to_owned(), place(p, d, f));
                }
                units.push(facility);
            }
        }
    }
    units
}

/// Where a facility lies: in the ocean, where no country is.
fn place(province: u8, district: u8, facility: u8) -> Value {
    let (east, north) = (f64::from(facility) / 10.0, f64::from(district) / 5.0);
    json!({ "type": "Point", "coordinates": [-25.0 + f64::from(province) + east, -5.0 + north] })
}

fn levels() -> Vec<Value> {
    let level = |(depth, name): (u8, &str)| json!({ "id": uid("level", name), "level": depth, "name": name });
    (1..).zip(LEVELS).map(level).collect()
}

fn unit_groups() -> Vec<Value> {
    let members = |group: &str| -> Vec<Value> {
        let districts = PROVINCES.iter().flat_map(|(_, districts)| districts);
        let all = districts.flat_map(|district| {
            FACILITIES
                .iter()
                .filter(|(_, of)| *of == group)
                .map(move |(kind, _)| format!("{district} {kind}"))
        });
        all.map(|name| to("unit", &name)).collect()
    };
    let group = |name: &&str| {
        json!({
            "id": uid("unit group", name), "name": name, "shortName": name,
            "organisationUnits": members(name), "sharing": { "public": "rw------" }
        })
    };
    FACILITY_GROUPS.iter().map(group).collect()
}

fn unit_group_sets() -> Vec<Value> {
    let groups: Vec<Value> = FACILITY_GROUPS.iter().map(|group| to("unit group", group)).collect();
    vec![json!({
        "id": uid("unit group set", "Facility type"), "code": "FACILITY_TYPE", "name": "Facility type",
        "shortName": "Facility type", "compulsory": false, "dataDimension": true,
        "organisationUnitGroups": groups, "sharing": { "public": "rw------" }
    })]
}

fn category_options() -> Vec<Value> {
    let options = CATEGORIES.iter().flat_map(|(_, options)| *options);
    let option = |name: &&str| {
        json!({
            "id": uid("category option", name), "name": name, "shortName": name,
            "sharing": { "public": "rwrw----" }
        })
    };
    options.map(option).collect()
}

fn categories() -> Vec<Value> {
    let category = |(name, options): &(&str, &[&str])| {
        let options: Vec<Value> = options.iter().map(|option| to("category option", option)).collect();
        json!({
            "id": uid("category", name), "name": name, "shortName": name,
            "dataDimensionType": "DISAGGREGATION", "dataDimension": true,
            "categoryOptions": options, "sharing": { "public": "rw------" }
        })
    };
    CATEGORIES.iter().map(category).collect()
}

/// The combination of both categories; its option combinations follow from it.
const SEX_AND_AGE: &str = "Sex and age";

fn category_combos() -> Vec<Value> {
    let categories: Vec<Value> = CATEGORIES.iter().map(|(name, _)| to("category", name)).collect();
    vec![json!({
        "id": uid("category combo", SEX_AND_AGE), "name": SEX_AND_AGE,
        "dataDimensionType": "DISAGGREGATION", "skipTotal": false,
        "categories": categories, "sharing": { "public": "rw------" }
    })]
}

fn data_elements() -> Vec<Value> {
    let element = |(_, name, by_sex_and_age): &(&str, &str, bool)| {
        let combo =
            if *by_sex_and_age { to("category combo", SEX_AND_AGE) } else { json!({ "id": "bjDvmb4bfuf" }) };
        json!({
            "id": uid("data element", name), "code": name.to_uppercase().replace(' ', "_"), "name": name,
            "shortName": name, "domainType": "AGGREGATE", "valueType": "INTEGER_ZERO_OR_POSITIVE",
            "aggregationType": "SUM", "categoryCombo": combo, "sharing": { "public": "rw------" }
        })
    };
    COUNTED.iter().map(element).collect()
}

fn data_element_groups() -> Vec<Value> {
    let group = |topic: &&str| {
        let members = COUNTED.iter().filter(|(of, _, _)| of == topic);
        let members: Vec<Value> = members.map(|(_, name, _)| to("data element", name)).collect();
        json!({
            "id": uid("data element group", topic), "name": topic, "shortName": topic,
            "dataElements": members, "sharing": { "public": "r-------" }
        })
    };
    TOPICS.iter().map(group).collect()
}

/// Answers to "was there enough".
const STOCK: [(&str, &str); 3] = [("ENOUGH", "Enough"), ("LOW", "Running low"), ("OUT", "Out of stock")];

fn option_sets() -> Vec<Value> {
    let options: Vec<Value> = STOCK.iter().map(|(_, name)| to("option", name)).collect();
    vec![json!({
        "id": uid("option set", "Stock"), "name": "Stock", "valueType": "TEXT", "options": options,
        "sharing": { "public": "r-------" }
    })]
}

fn options() -> Vec<Value> {
    let option = |(place, (code, name)): (u8, &(&str, &str))| {
        json!({
            "id": uid("option", name), "code": code, "name": name, "sortOrder": place,
            "optionSet": to("option set", "Stock")
        })
    };
    (1..).zip(&STOCK).map(option).collect()
}

/// One data set is for everyone; the other is shared with a group only.
fn data_sets() -> Vec<Value> {
    let units: Vec<Value> =
        units().into_iter().filter_map(|unit| Some(json!({ "id": unit.get("id")? }))).collect();
    let set = |name: &str, topics: &[&str], sharing: Value| {
        let elements = COUNTED.iter().filter(|(topic, _, _)| topics.contains(topic));
        let elements: Vec<Value> =
            elements.map(|(_, element, _)| json!({ "dataElement": to("data element", element) })).collect();
        json!({
            "id": uid("data set", name), "name": name, "shortName": name, "periodType": "Monthly",
            "dataSetElements": elements, "organisationUnits": units, "sharing": sharing
        })
    };
    let group = uid("user group", PLANNERS);
    let planners = json!({
        "public": "--------",
        "userGroups": { group.as_str(): { "id": group, "access": "rwrw----" } }
    });
    vec![
        set(
            "Monthly register",
            &["Outpatients", "Malaria", "Vaccination", "Births"],
            json!({ "public": "r-rw----" }),
        ),
        set("Supply planning", &["Supplies"], planners),
    ]
}
