//! A copy of the database opens no refresh token.

use kibali_crypto::{MasterKey, SealKey, sha256};
use kibali_model::hex;
use kibali_store::{Engine, Reader};
use kibali_testkit::{TestApp, both};

use super::{first, refresh, rotate};

const COLUMNS_SQLITE: &str = "select m.name, p.name, p.type from sqlite_master m, pragma_table_info(m.name) p
                              where m.type = 'table' and m.name not like 'sqlite_%'";
const COLUMNS_POSTGRES: &str =
    "select cast(table_name as text), cast(column_name as text), cast(data_type as text)
                                from information_schema.columns where table_schema = current_schema()";

/// Every value of every column of every table, as bytes, with where it stands.
async fn dump(t: &TestApp) -> Vec<(String, Vec<u8>)> {
    let mut reader: Reader = t.app.store.snapshot().await.unwrap();
    let columns = if t.engine() == Engine::Sqlite { COLUMNS_SQLITE } else { COLUMNS_POSTGRES };
    let mut values = Vec::new();
    for column in reader.rows_composed(columns, Vec::new()).await.unwrap() {
        let [table, column, ty] = [0, 1, 2].map(|at| column.text(at).unwrap());
        let bytes = matches!(ty.to_lowercase().as_str(), "blob" | "bytea");
        let shown = if bytes { format!("\"{column}\"") } else { format!("cast(\"{column}\" as text)") };
        let select = format!("select {shown} from \"{table}\"");
        for row in reader.rows_composed(&select, Vec::new()).await.unwrap() {
            let value = if bytes {
                row.bytes_opt(0).unwrap()
            } else {
                row.text_opt(0).unwrap().map(String::into_bytes)
            };
            values.extend(value.map(|value| (format!("{table}.{column}"), value)));
        }
    }
    values
}

fn column<'a>(dump: &'a [(String, Vec<u8>)], place: &str) -> Vec<&'a Vec<u8>> {
    dump.iter().filter(|(at, _)| at == place).map(|(_, value)| value).collect()
}

fn holds(value: &[u8], part: &[u8]) -> bool {
    value.windows(part.len()).any(|window| window == part)
}

both!(
    fn a_dump_holds_no_refresh_token_and_nothing_that_unseals_one(t) {
        rotate(t).await;
        let (_, token) = first(t).await;
        let (_, successor) = refresh(t, &token).await;
        let (_, last) = refresh(t, &successor).await;
        let dump = dump(t).await;
        let of = |place| column(&dump, place).into_iter();
        assert_eq!(of("refresh_token.hash").count(), 3, "the dump is a dump");
        assert!(of("refresh_token.hash").any(|hash| **hash == sha256(&token)));

        for secret in [&token, &successor, &last] {
            let raw = base64(secret);
            for (place, value) in &dump {
                assert!(!holds(value, secret.as_bytes()) && !holds(value, &raw), "{place} holds a token");
                assert!(!holds(value, hex(&raw).as_bytes()), "{place} holds a token");
            }
        }

        let sealed: Vec<&Vec<u8>> = of("refresh_token.sealed").collect();
        assert_eq!(sealed.len(), 2);
        let opens = |key: &SealKey, sealed: &[u8]| key.unseal("refresh_token.sealed", sealed).is_ok();
        for (before, after) in [(&token, &successor), (&successor, &last)] {
            let key = SealKey::of_successor(before);
            let opened = sealed.iter().filter_map(|it| key.unseal("refresh_token.sealed", it).ok());
            let opened: Vec<Vec<u8>> = opened.map(|it| it.expose().clone()).collect();
            assert_eq!(opened, [after.as_bytes()], "the token before opens it");
        }
        for seal in sealed {
            for (place, value) in &dump {
                let digest = sha256(value);
                let spelt = [String::from_utf8_lossy(value).into_owned(), hex(value), hex(&digest), spell(value), spell(&digest)];
                for text in spelt {
                    assert!(!opens(&SealKey::of_successor(&text), seal), "{place} unseals a token");
                }
                if let Ok(key) = MasterKey::from_bytes(value) {
                    assert!(!opens(&key.seal_key(), seal), "{place} unseals a token");
                }
            }
            // Not even with the key of the installation, which lies beside the database.
            let master = MasterKey::from_bytes(&[7; 32]).unwrap();
            assert!(!opens(&master.seal_key(), seal));
        }
    }
);

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn spell(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
