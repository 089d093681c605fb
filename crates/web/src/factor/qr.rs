//! QR codes, as SVG for pages and as PNG for the Web API.

use std::io::Write as _;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use qrcodegen::{QrCode, QrCodeEcc};

use crate::Refusal;

/// Empty squares around a code, as its standard asks for.
const MARGIN: i32 = 4;
/// Pixels that an image is wide at least; DHIS2's are as wide.
const PIXELS: i32 = 200;

fn encode(text: &str) -> Result<QrCode, Refusal> {
    QrCode::encode_text(text, QrCodeEcc::Medium)
        .map_err(|error| Refusal::conflict_code("E3026", error.to_string()))
}

/// The code as an element to put into a page. `label` is for those who do not see it.
///
/// # Errors
/// The text is too long.
pub(crate) fn svg(text: &str, label: &str) -> Result<String, Refusal> {
    let code = encode(text)?;
    let side = code.size() + 2 * MARGIN;
    let mut path = String::new();
    for (x, y) in squares(&code) {
        path.push_str(&format!("M{} {}h1v1h-1z", x + MARGIN, y + MARGIN));
    }
    Ok(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{label}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
    ))
}

/// The dark squares.
fn squares(code: &QrCode) -> impl Iterator<Item = (i32, i32)> + '_ {
    let side = code.size();
    let all = (0..side).flat_map(move |y| (0..side).map(move |x| (x, y)));
    all.filter(|(x, y)| code.get_module(*x, *y))
}

/// The code as an image of one bit a pixel.
///
/// # Errors
/// The text is too long.
pub(crate) fn png(text: &str) -> Result<Vec<u8>, Refusal> {
    let code = encode(text)?;
    let squares = code.size() + 2 * MARGIN;
    let scale = (PIXELS / squares + i32::from(PIXELS % squares > 0)).max(1);
    let side = squares * scale;
    let mut pixels = Vec::new();
    for y in 0..side {
        pixels.push(0); // no filter
        for byte in 0..(side + 7) / 8 {
            let bits = (0..8).fold(0_u8, |bits, bit| {
                let x = byte * 8 + bit;
                let dark = code.get_module(x / scale - MARGIN, y / scale - MARGIN);
                bits << 1 | u8::from(!dark)
            });
            pixels.push(bits);
        }
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    let packed = packed.write_all(&pixels).and_then(|()| packed.finish()).map_err(Refusal::internal)?;
    let side = u32::try_from(side).unwrap_or_default().to_be_bytes();
    // Width, height, one bit a pixel, grey, and the only ways there are to pack, filter and order.
    let header = [&side[..], &side, &[1, 0, 0, 0, 0]].concat();
    let mut image = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", &header), (b"IDAT", &packed), (b"IEND", &Vec::new())] {
        chunk(&mut image, name, data);
    }
    Ok(image)
}

/// A part of a PNG file: length, name, data and their checksum.
fn chunk(image: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    let mut checksum = Crc::new();
    checksum.update(name);
    checksum.update(data);
    image.extend(u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    image.extend(name);
    image.extend(data);
    image.extend(checksum.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may stop at the first surprise
    use std::io::Read as _;

    use flate2::read::ZlibDecoder;

    use super::*;

    const TEXT: &str =
        "otpauth://totp/DHIS%202:admin?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=DHIS%202";

    #[test]
    fn both_images_show_the_same_squares() {
        let code = encode(TEXT).unwrap();
        let dark = squares(&code).count();
        assert_eq!(svg(TEXT, "x").unwrap().matches("h1v1h-1z").count(), dark);

        let image = png(TEXT).unwrap();
        let number =
            |at: usize| usize::try_from(u32::from_be_bytes(image[at..at + 4].try_into().unwrap())).unwrap();
        let (side, length) = (number(16), number(33));
        assert!(image.starts_with(b"\x89PNG") && &image[37..41] == b"IDAT" && side >= 200);
        let mut pixels = Vec::new();
        ZlibDecoder::new(&image[41..41 + length]).read_to_end(&mut pixels).unwrap();
        let row = 1 + side.div_ceil(8);
        assert_eq!(pixels.len(), row * side);
        let black = (0..side * side)
            .filter(|at| pixels[at / side * row + 1 + at % side / 8] >> (7 - at % side % 8) & 1 == 0)
            .count();
        let scale = side / usize::try_from(code.size() + 2 * MARGIN).unwrap();
        assert_eq!(black, dark * scale * scale);
    }
}
