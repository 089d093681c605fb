//! A kind that is described and nothing else: no code knows it, and everything works for it.

use kibali_metadata::Kind;
use kibali_metadata::kind::{
    AccessRule, Column, Computed, KindAuthorities, OnDelete, Property, Storage, Type,
};
use kibali_testkit::both;
use serde_json::json;

use super::{element, patch, person, read, refused, send, send_as, told};
use crate::foundation::admin;

fn gadget() -> Kind {
    let at = |name, ty, column| Property::new(name, ty).at(Storage::Column(column));
    Kind {
        singular: "gadget",
        plural: "gadgets",
        display_name: "Gadget",
        klass: "org.hisp.dhis.test.Gadget",
        order: 5000,
        authorities: KindAuthorities {
            create: &["F_GADGET_ADD"],
            delete: &["F_GADGET_DELETE"],
            ..KindAuthorities::default()
        },
        shareable: true,
        translatable: true,
        access: AccessRule::Sharing,
        properties: vec![
            at("id", Type::Identifier, Column::Uid).field("uid").unique().immutable(),
            at("code", Type::Identifier, Column::Code).max(50.0).unique(),
            at("name", Type::Text, Column::Name).required().max(20.0).unique().translated("NAME"),
            Property::computed("displayName", Type::Text, Computed::Display("name")),
            at("created", Type::Date, Column::Created).immutable(),
            at("lastUpdated", Type::Date, Column::Updated),
            Property::new("sharing", Type::Complex(Vec::new())).at(Storage::Sharing),
            Property::new("translations", Type::Collection(Box::new(Type::Complex(Vec::new()))))
                .at(Storage::Translations),
            Property::new("colour", Type::Constant(&["RED", "BLUE"])).default("\"RED\""),
            Property::new("weight", Type::Number).min(0.0).max(10.0),
            Property::new("paint", Type::Color),
            Property::reference("element", "dataElement", 9001, OnDelete::Veto).required(),
            Property::references("friends", "gadget", 9002, OnDelete::Unlink),
            Property::inverse("friendOf", "gadget", 9002),
        ],
        ..Kind::default()
    }
}

both!(
    fn a_described_kind_needs_no_code(t) {
        let t = &t.another_with_kinds(5, vec![gadget()]).await;
        told(&send(t, "POST", "/api/dataElements", element("dataElemen1", "One")).await, 201, "element");
        let of = |uid: &str, name: &str| json!({ "id": uid, "name": name, "weight": 1.5, "element": { "id": "dataElemen1" } });
        told(&send(t, "POST", "/api/gadgets", of("gadgetOne01", "One")).await, 201, "made");
        let path = "/api/gadgets/gadgetOne01";
        let one = read(t, path).await;
        assert_eq!((&one["colour"], &one["weight"], &one["element"]), (&json!("RED"), &json!(1.5), &json!({ "id": "dataElemen1" })));
        let import = json!({ "gadgets": [of("gadgetTwo01", "Two"), of("gadgetThree", "Three")] });
        told(&send(t, "POST", "/api/metadata", import).await, 200, "import");
        let listed = read(t, "/api/gadgets?filter=weight:gt:1&filter=element.name:eq:One&order=name:desc&fields=name").await;
        assert_eq!(listed["gadgets"], json!([{ "name": "Two" }, { "name": "Three" }, { "name": "One" }]));
        assert_eq!(read(t, "/api/schemas/gadget?fields=plural").await, json!({ "plural": "gadgets" }));
        told(&admin(t.post("/api/gadgets/gadgetOne01/friends/gadgetTwo01")).send().await, 200, "friend");
        assert_eq!(read(t, "/api/gadgets/gadgetTwo01?fields=friendOf").await["friendOf"], json!([{ "id": "gadgetOne01" }]));
        told(&patch(t, path, json!([{ "op": "replace", "path": "/colour", "value": "BLUE" }])).await, 200, "patch");
        let with = |key: &str, value: serde_json::Value| { let mut one = of("gadgetOne01", "One"); one[key] = value; one };
        for (change, code, property) in [
            (with("name", json!("n".repeat(21))), "E4001", "name"),
            (with("name", json!(null)), "E4000", "name"),
            (with("name", json!("Two")), "E5003", "name"),
            (with("weight", json!(11)), "E4008", "weight"),
            (with("colour", json!("GREEN")), "E4027", "colour"),
            (with("paint", json!("bluish")), "E4006", "paint"),
            (with("element", json!(null)), "E4000", "element"),
            (with("element", json!({ "id": "nowhere0001" })), "E5002", "element"),
        ] {
            refused(&send(t, "PUT", path, change).await, code, property, code);
        }
        person(t, "maker", &["F_GADGET_ADD"]).await;
        told(&send_as(t, "maker", "POST", "/api/gadgets", of("gadgetFour1", "Four")).await, 201, "authority");
        told(&send_as(t, "maker", "DELETE", "/api/gadgets/gadgetFour1", json!({})).await, 403, "no authority");
        let message = refused(&admin(t.delete("/api/dataElements/dataElemen1")).send().await, "E4030", "", "veto");
        assert!(message.contains("Gadget (gadget"), "{message}");
        told(&send(t, "PUT", path, of("gadgetOne01", "One")).await, 200, "put");
        assert_eq!(read(t, path).await["colour"], "RED", "back to the default");
        told(&admin(t.delete("/api/gadgets/gadgetTwo01")).send().await, 200, "delete");
        t.app.store.close().await;
    }
);
