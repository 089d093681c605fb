//! `/api/periodTypes` (web-api reference 4.3).

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use super::answer;
use crate::App;
use crate::identity::Caller;

/// Name, ISO 8601 duration, format of its identifiers, days to order by.
const TYPES: &[(&str, &str, &str, u16)] = &[
    ("BiMonthly", "P2M", "yyyyMMB", 61),
    ("BiWeekly", "P14D", "yyyyBiWn", 14),
    ("Daily", "P1D", "yyyyMMdd", 1),
    ("FinancialApril", "P1Y", "yyyyApril", 365),
    ("FinancialJuly", "P1Y", "yyyyJuly", 365),
    ("FinancialNov", "P1Y", "yyyyNov", 365),
    ("FinancialOct", "P1Y", "yyyyOct", 365),
    ("FinancialSep", "P1Y", "yyyySep", 365),
    ("Monthly", "P1M", "yyyyMM", 30),
    ("Quarterly", "P3M", "yyyyQn", 91),
    ("QuarterlyNov", "P3M", "yyyyNovQn", 91),
    ("SixMonthly", "P6M", "yyyySn", 182),
    ("SixMonthlyApril", "P6M", "yyyyAprilSn", 182),
    ("SixMonthlyNov", "P6M", "yyyyNovSn", 182),
    ("Weekly", "P7D", "yyyyWn", 7),
    ("WeeklySaturday", "P7D", "yyyySatWn", 7),
    ("WeeklySunday", "P7D", "yyyySunWn", 7),
    ("WeeklyThursday", "P7D", "yyyyThuWn", 7),
    ("WeeklyWednesday", "P7D", "yyyyWedWn", 7),
    ("Yearly", "P1Y", "yyyy", 365),
];

pub(super) fn router() -> Router<App> {
    Router::new().route("/periodTypes", get(list))
}

/// Is there a period type of this name?
pub(super) fn exists(name: &str) -> bool {
    TYPES.iter().any(|(known, ..)| *known == name)
}

async fn list(_: Caller) -> Response {
    let types: Vec<Value> = TYPES
        .iter()
        .map(|(name, duration, format, days)| {
            json!({ "name": name, "isoDuration": duration, "isoFormat": format, "frequencyOrder": days })
        })
        .collect();
    answer::rooted("periodTypes", &json!({ "periodTypes": types }))
}
