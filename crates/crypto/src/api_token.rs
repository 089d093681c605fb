//! Personal access tokens in DHIS2's two formats, each with a checksum that tells a mistyped one from a wrong
//! one (modern reference 4.4).

use kibali_model::ApiTokenType;

use crate::{Random, Secret};

const V1_PREFIX: &str = "d2pat_";
const V2_PREFIX: &str = "d2p_";
const V1_CODE: usize = 32;
const V2_CODE: usize = 44;
const V1_CHECKSUM: usize = 10;
const V2_CHECKSUM: usize = 6;
/// From 2.41 on DHIS2 takes the checksum over its buffer, which is longer than the code by these.
const V1_BUFFER: &[u8] = &[0; 3];
const V2_BUFFER: &[u8] = &[0; 4];

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new personal access token: 44 random letters and digits, which are 262 bits, and their checksum. Keep its
/// [`sha256`](crate::sha256) only.
#[must_use]
pub fn new_api_token(random: &dyn Random) -> Secret<String> {
    let mut code = String::with_capacity(V2_CODE);
    while code.len() < V2_CODE {
        let mut bytes = [0; V2_CODE];
        random.fill(&mut bytes);
        // Bytes above the largest multiple of 62 would make some letters likelier than others.
        let letters = bytes.iter().filter(|byte| **byte < 248).filter_map(|byte| letter(u32::from(*byte)));
        code.extend(letters.take(V2_CODE - code.len()));
    }
    let checksum = base62(crc32(&[code.as_bytes(), V2_BUFFER]));
    Secret::new(format!("{V2_PREFIX}{code}{checksum}"))
}

/// The format of a token whose checksum holds: none for anything that no DHIS2 has made. Tokens of every
/// release are known, whether the checksum was taken over the code or over the longer buffer.
#[must_use]
pub fn api_token_type(token: &str) -> Option<ApiTokenType> {
    if !token.is_ascii() {
        return None;
    }
    if let Some(rest) = token.strip_prefix(V2_PREFIX) {
        let (code, checksum) = parts(rest, V2_CODE, V2_CHECKSUM)?;
        let holds = |buffer| base62(crc32(&[code.as_bytes(), buffer])) == checksum;
        return (holds(V2_BUFFER) || holds(&[])).then_some(ApiTokenType::V2);
    }
    let (code, checksum) = parts(token.strip_prefix(V1_PREFIX)?, V1_CODE, V1_CHECKSUM)?;
    let holds = |buffer| format!("{:010}", crc32(&[code.as_bytes(), buffer])) == checksum;
    (holds(V1_BUFFER) || holds(&[])).then_some(ApiTokenType::V1)
}

fn parts(rest: &str, code: usize, checksum: usize) -> Option<(&str, &str)> {
    if rest.len() == code + checksum { rest.split_at_checked(code) } else { None }
}

fn letter(number: u32) -> Option<char> {
    let place = usize::try_from(number % 62).ok()?;
    BASE62.get(place).copied().map(char::from)
}

/// Six digits to the base of 62, the highest first: enough for 32 bits.
fn base62(number: u32) -> String {
    let digits = (0..6_u32).rev().filter_map(|place| letter(number / 62_u32.pow(place)));
    digits.collect()
}

/// CRC-32 as in zlib (RFC 1952 section 8), over the parts as one.
fn crc32(parts: &[&[u8]]) -> u32 {
    let bytes = parts.iter().flat_map(|part| part.iter());
    !bytes.fold(!0, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;
    use proptest::prelude::*;

    /// Tokens of dhis2-core's own tests.
    const V1_OF_DHIS2: [&str; 16] = [
        "d2pat_e0b5Y9bXWtUcfEY8BMHHj9aJZkXCQ7O50174669582",
        "d2pat_rxIbXljF8Pj5oFRTos4bDmPTnnRu8f4M2723141895",
        "d2pat_Bp5PJb63ppNCNMQVVbtyS9E6WwoeJOEo2885366845",
        "d2pat_sKFdO7tjvZlZIFDFYsCk8KmH8sbgSwKy0810651361",
        "d2pat_kUZDgXG5BbA3xXxgVTsx1SxiIVTRHA653675120217",
        "d2pat_Wp7YxRQQtejHnpk50vNUmbMWpM16VwOe0751768194",
        "d2pat_d5jEAFMWLEmgqes6wRJzPI2ZoMSp8rTJ3701533066",
        "d2pat_aFAQKHM3X7Uc5qpVQVcClogYiCKn6Zme0306540142",
        "d2pat_V5Z6Sc4K0497APjqs3qtCvmnQtMTb6bS2506225006",
        "d2pat_k2iCLtSwjXxFFE9OYarDaEAn1BXSdXAw3300780998",
        "d2pat_IbJmd231Rb0zlr5mQ0ROhxzFG1DirqTH1635466712",
        "d2pat_tOduz1QO2gzUwcRpkIehx0uCoAyKb59j3466637050",
        "d2pat_Q4evOUK3G7PhHVafr68KWiGiRcAM5tzd3404585560",
        "d2pat_tFCPnU6bj8RG42LDDXlOAJC8l3zVGcn82130457278",
        "d2pat_v6lCfbVkbwG6bku4Pwkx1dYampDZJLyM0098822136",
        "d2pat_ipIeXZVMnPmMy0GZgNJIZY4BZQOJCUb02442885064",
    ];
    const V2_OF_DHIS2: [&str; 16] = [
        "d2p_iKrAY7sR6rPea1rub181baRzyyui2AW07ymXPRExAgwa051Mei",
        "d2p_z9T7lpwaWUcvi8yBWt5zvB0LMUfUayHChm7SWGeNrYOJ38vtdY",
        "d2p_KT73ShoY3UGXmKTN4mLIxBtbDgOz6oB1PLRibZlodP0p32ITYN",
        "d2p_loOpu9ax0gIfAAc9wO5PavpbNZB0HOHEZzsuGVgcVKZK27MnlW",
        "d2p_IWMXnDAUjYkoH6zjQlkkmRURZp4qtNQQnRAeWerDv3Yw0wbRlP",
        "d2p_XM8O2nlzS7XqHrg7LJYl6D2JSLcK9dXaKaELKXLtqs6u10J4sw",
        "d2p_ISpkoZW4gkZywSSVEqD78AxDppdWoL4OtzutAT4VCAXA1nRKnf",
        "d2p_OBHMJzUDY7Axa2g552vNs0zddMDU4DddVkKaMX6KYD9E2DnJPY",
        "d2p_ZBbYnjV8oRi9Tn8FUyMjLee5vceOMJOmFagAuohRyNag2Np2oU",
        "d2p_nBQWWYIa3kTtBxKgzbnxbx4bO9JaAshdT6XVIu9sIQ0A3SXDad",
        "d2p_lkhw3UXgceOJN8tm3RLOHHciPRNeTal4D6xfSpYEoaDC0OgCIm",
        "d2p_lyt5j9WqXaVzJsUhvGJ1w0Ea5GL4jkszazPSWo5HWLFC1QnPCi",
        "d2p_kgZwKkQOOUhVAUHfaWtpBGMcMgdAGXmpOgn2nttND2xx4GNcWl",
        "d2p_VEEOPDgPSnQe33g1iJpXnZ4ECX31mzvuDdlYraZDaNPg1j0YLH",
        "d2p_ncHEvom5vkYYb6Rr2Jg4LbpS8L7khNzk8YDPw1KqZKD54Z8410",
        "d2p_JWXuAmuC97jQJEaRz1XEz2z1FSDrBvLKVmNj7oQxNLAS4M0lXY",
    ];
    /// Made by DHIS2 up to 2.40, whose checksum is that of the code alone; from public documentation.
    const OLD: [&str; 2] = [
        "d2pat_apheulkR1x7ac8vr9vcxrFkXlgeRiFc94200032556",
        "d2pat_5xVA12xyUbWNedQxy4ohH77WlxRGVvZZ1151814092",
    ];

    #[test]
    fn tokens_of_every_dhis2_are_known() {
        for token in V1_OF_DHIS2.into_iter().chain(OLD) {
            assert_eq!(api_token_type(token), Some(ApiTokenType::V1), "{token}");
        }
        for token in V2_OF_DHIS2 {
            assert_eq!(api_token_type(token), Some(ApiTokenType::V2), "{token}");
        }
    }

    #[test]
    fn what_no_dhis2_has_made_is_not() {
        for token in [
            "",
            "FAKE_KEY",
            "d2p_",
            "d2pat_tWhOu7GsXzTZYroHAmdwtBCAmA0qD5Ze383854",
            "d2pat_tAAAAAWhOu7GsXzTZYroHAmdwtBCAmA0qD5Ze383854",
            "d2pat_e0b5Y9bXWtUcfEY8BMHHj9aJZkXCQ7O50174669583",
            "d2p_iKrAY7sR6rPea1rub181baRzyyui2AW07ymXPRExAgwa051Mej",
            "d2p_iKrAY7sR6rPea1rub181baRzyyui2AW07ymXPRExAgwa051Mei0",
            "d2p_éKrAY7sR6rPea1rub181baRzyyui2AW07ymXPRExAgwa051Me",
        ] {
            assert_eq!(api_token_type(token), None, "{token}");
        }
    }

    #[test]
    fn new_ones_are_known_and_never_the_same() {
        let made: Vec<String> = (0..1000).map(|_| new_api_token(&SystemRandom).expose().clone()).collect();
        for token in &made {
            assert_eq!((token.len(), api_token_type(token)), (54, Some(ApiTokenType::V2)), "{token}");
        }
        let different: std::collections::BTreeSet<_> = made.iter().collect();
        assert_eq!(different.len(), made.len());
        // Each letter is as likely as any other: 44,000 of 62 are about 710 each.
        let mut counts = [0_u32; 128];
        for letter in made.iter().filter_map(|token| token.get(4..48)).flat_map(str::bytes) {
            if let Some(count) = counts.get_mut(usize::from(letter)) {
                *count += 1;
            }
        }
        for letter in BASE62 {
            let count = counts.get(usize::from(*letter)).copied().unwrap_or_default();
            assert!((550..900).contains(&count), "{} {count} times", char::from(*letter));
        }
    }

    #[test]
    fn numbers_to_the_base_of_62_are_those_of_dhis2() {
        assert_eq!((base62(0).as_str(), base62(u32::MAX).as_str()), ("000000", "4gfFC3"));
    }

    #[test]
    fn the_checksum_is_that_of_zlib() {
        assert_eq!(crc32(&[b"1234", b"56789"]), 0xcbf4_3926);
    }

    proptest! {
        #[test]
        fn any_text_is_judged(text in "(d2p_|d2pat_)?\\PC{0,60}") {
            let _ = api_token_type(&text);
        }
    }
}
