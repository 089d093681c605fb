//! What the clients people use expect at their call sites (web-api reference 7), request by request.

use kibali_testkit::both;
use serde_json::{Value, json};

use crate::foundation::admin;

both!(
    fn app_runtime(t) {
        // A cookie, an empty Authorization header, the version in the path, arrays joined by commas.
        let login = t
            .post("/api/auth/login")
            .header("x-requested-with", "XMLHttpRequest")
            .json(&json!({ "username": "admin", "password": "district" }));
        let login = login.send().await;
        assert_eq!(login.json()["loginStatus"], "SUCCESS");
        let cookie = login.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let ask = |path: &str| {
            t.get(path)
                .header("x-requested-with", "XMLHttpRequest")
                .header("accept", "application/json")
                .header("authorization", "")
                .header("cookie", &cookie)
        };
        assert_eq!(ask("/api/ping").send().await.status, 200);
        let info = ask("/api/system/info").send().await;
        assert_eq!(info.header("content-type"), Some("application/json"));
        let version = info.json()["version"].as_str().unwrap().to_owned();
        let minor = version.split('.').nth(1).unwrap();
        for path in ["me", "userSettings", "me?fields=authorities,avatar,name,settings,username", "systemSettings/helpPageLink"] {
            assert_eq!(ask(&format!("/api/{minor}/{path}")).send().await.status, 200, "{path}");
        }
        let list = ask(&format!("/api/{minor}/users?fields=id,name&filter=name:ilike:john&filter=id:in:%5BM5zQapPyTZI%5D"));
        assert_eq!(list.send().await.json()["users"][0]["id"], "M5zQapPyTZI");
        // Without the cookie: an "access" error with a message, never a redirect.
        let refused = t.get("/api/41/me").header("x-requested-with", "XMLHttpRequest").send().await;
        assert_eq!((refused.status, refused.json()["message"].clone()), (401, json!("Unauthorized")));
    }
);

both!(
    fn settings_app_and_d2(t) {
        let schemas = admin(t.get("/api/schemas?fields=apiEndpoint,name,displayName,authorities,singular,plural,shareable,metadata,klass,identifiableObject,translatable,properties%5Bhref,writable,collection,collectionName,name,propertyType,persisted,required,min,max,ordered,unique,constants,owner,itemPropertyType%5D")).send().await;
        assert_eq!(schemas.status, 200);
        assert!(schemas.json()["schemas"].as_array().unwrap().len() > 15);
        for path in [
            "/api/system/info",
            "/api/me?fields=:all,organisationUnits%5Bid%5D,userGroups%5Bid%5D,userCredentials%5B:all,!user,userRoles%5Bid%5D%5D",
            "/api/me/authorization",
            "/api/systemSettings",
            "/api/userSettings",
            "/api/system/flags",
            "/api/system/styles",
            "/api/locales/ui",
            "/api/locales/db",
            "/api/periodTypes",
            "/api/configuration/corsWhitelist",
            "/api/configuration/feedbackRecipients",
            "/api/userGroups?fields=id,displayName&paging=false",
            "/api/dataElementGroups?fields=id,displayName&paging=false",
            "/api/organisationUnitLevels?paging=false&fields=id,level,displayName&order=level:asc",
        ] {
            assert_eq!(admin(t.get(path)).send().await.status, 200, "{path}");
        }
        let saved = admin(t.post("/api/41/systemSettings/keyAnalyticsMaxLimit?value=50000")).send().await;
        assert_eq!((saved.status, saved.json()["httpStatusCode"].clone()), (200, json!(200)));
        // The OAuth2 clients tab: list, probe, add, edit, delete.
        let list = admin(t.get("/api/oAuth2Clients?paging=false&fields=:all&order=displayName")).send().await.json();
        assert_eq!(list["oAuth2Clients"][0]["cid"], "demo");
        assert!(list.get("pager").is_none());
        let probe = admin(t.get("/api/oAuth2Clients?paging=false&filter=cid:eq:mine")).send().await.json();
        assert_eq!(probe["oAuth2Clients"], json!([]));
        let client = json!({
            "name": "Mine", "cid": "mine", "secret": "2f0b1e6d-50c0-4fee-91e5-98d03c15c2c6",
            "grantTypes": ["password"], "redirectUris": ["https://app.example.org/cb"]
        });
        let made = admin(t.post("/api/oAuth2Clients")).json(&client).send().await;
        assert_eq!(made.status, 201, "{}", made.text());
        let path = format!("/api/oAuth2Clients/{}", made.json()["response"]["uid"].as_str().unwrap());
        let edited = json!({ "name": "Mine too", "cid": "mine", "grantTypes": [], "redirectUris": [] });
        assert_eq!(admin(t.put(&path)).json(&edited).send().await.status, 200);
        assert_eq!(admin(t.delete(&path)).send().await.status, 200);
    }
);

both!(
    fn login_app(t) {
        let config = t.get("/api/loginConfig?paging=false&locale=en").send().await.json();
        assert_eq!(config["applicationTitle"], "DHIS 2");
        assert_eq!(config["loginPageLayout"], "DEFAULT");
        assert_eq!(config["oidcProviders"], json!([]));
        assert_eq!(config["apiVersion"], "2.41.0");
        assert_eq!(config["useCustomLogoFront"], false);
        assert!(config["minPasswordLength"].is_number());
        assert!(t.get("/api/locales/ui").send().await.json().as_array().unwrap().len() > 20);
        let refused = t.post("/api/auth/login").json(&json!({ "username": "admin", "password": "no" })).send().await;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.json()["httpStatus"], "Unauthorized");
    }
);

both!(
    fn dhis2_py(t) {
        // Every GET carries a suffix, writes carry none; paging reads pageCount and page.
        let get = async |path: &str| {
            let answer = admin(t.get(path)).send().await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            answer
        };
        assert_eq!(get("/api/system/info.json").await.json()["version"], "2.41.0");
        assert_eq!(get("/api/users/M5zQapPyTZI.json?fields=id").await.json(), json!({ "id": "M5zQapPyTZI" }));
        assert_eq!(get("/api/me.json").await.json()["username"], "admin");
        assert!(get("/api/users.csv?fields=id,username").await.text().contains("M5zQapPyTZI"));
        assert!(get("/api/users.xml").await.text().contains("<user"));
        let client = json!({ "name": "App", "cid": "app", "grantTypes": ["password", "refresh_token"],
                             "redirectUris": ["https://app.example.org/back"] });
        assert_eq!(admin(t.post("/api/oAuth2Clients")).json(&client).send().await.status, 201);
        let xml = get("/api/oAuth2Clients.xml?fields=grantTypes,redirectUris").await.text();
        for part in [
            "<grantTypes><grantType>password</grantType><grantType>refresh_token</grantType></grantTypes>",
            "<redirectUris><redirectUri>https://app.example.org/back</redirectUri></redirectUris>",
        ] {
            assert!(xml.contains(part), "{xml}");
        }
        let xml = get("/api/userRoles/yrB6vc5Ip3r.xml?fields=authorities").await.text();
        assert!(xml.contains("<authorities><authority>ALL</authority></authorities>"), "{xml}");
        let element = |name: &str| {
            json!({ "name": name, "shortName": name, "domainType": "AGGREGATE", "valueType": "NUMBER", "aggregationType": "SUM" })
        };
        for chunk in [["A", "B"], ["C", "D"]] {
            let payload = json!({ "dataElements": chunk.map(element) });
            assert_eq!(admin(t.post("/api/metadata")).json(&payload).send().await.status, 200);
        }
        let mut names = Vec::new();
        let pages = get("/api/dataElements.json?fields=name&pageSize=3&page=1&totalPages=true").await.json();
        assert_eq!((&pages["pager"]["pageCount"], &pages["pager"]["page"]), (&json!(2), &json!(1)));
        for page in 1..=2 {
            let path = format!("/api/dataElements.json?fields=name&pageSize=3&page={page}&order=name:asc");
            let list = get(&path).await.json();
            let page = list["dataElements"].as_array().unwrap().clone();
            names.extend(page.into_iter().map(|one| one["name"].clone()));
        }
        assert_eq!(Value::Array(names), json!(["A", "B", "C", "D"]));
        let next = get("/api/41/dataElements.json?pageSize=3").await.json()["pager"]["nextPage"].clone();
        assert!(next.as_str().unwrap().starts_with("http://localhost:8080/api/41/dataElements.json?"), "{next}");
    }
);

both!(
    fn android_and_java(t) {
        for path in [
            "/api/systemSettings?key=keyFlag,keyStyle",
            "/api/me/authorization",
            "/api/organisationUnits?fields=id,path,level&filter=path:like:OUcountry01&order=level:asc&paging=true&page=1&pageSize=100",
            "/api/dataSets?fields=id&filter=id:in:%5Ba0000000001,b0000000002%5D&paging=false",
            "/api/metadata?dataElements:fields=id",
        ] {
            assert_eq!(admin(t.get(path)).send().await.status, 200, "{path}");
        }
        // A namespace that is not there must be a clean answer.
        let absent = admin(t.get("/api/dataStore/ANDROID_SETTINGS_APP/generalSettings")).send().await;
        assert!(matches!(absent.status, 404 | 501));
        assert_eq!(absent.json()["status"], "ERROR");
    }
);
