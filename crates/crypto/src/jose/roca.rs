//! RSA keys of a broken generator (CVE-2017-15361, "ROCA"): those of certain smart cards and security chips.
//!
//! Their primes are powers of 65537 modulo a product of small primes, so that the modulus is one too. An
//! honest modulus passes for one with a chance below 2^-27.

/// The odd primes up to 167, which divide that product for every length of key.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Was this modulus made by that generator?
pub(super) fn is_vulnerable(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|&prime| {
        let rest = modulus.iter().fold(0, |rest, &byte| (rest << 8 | u32::from(byte)) % prime);
        powers_of_65537(prime).any(|power| power == rest)
    })
}

/// Each power modulo `prime`, once.
fn powers_of_65537(prime: u32) -> impl Iterator<Item = u32> {
    let next = move |power: &u32| Some(power * (65_537 % prime) % prime).filter(|power| *power != 1);
    std::iter::successors(Some(1), next)
}
