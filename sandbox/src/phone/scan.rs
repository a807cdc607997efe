//! `POST /api/qr`: a PNG image in, the text of the QR code in it out. The phone's page sends camera frames and image files
//! here, because not every browser reads QR codes by itself; scripts may use it too.
//!
//! Nothing is kept. Other image formats are turned into PNG by the page, so one small decoder is enough here.

use std::io::Cursor;

use axum::Json;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use png::{ColorType, Decoder, Limits, Transformations};
use serde_json::json;

/// Largest image file. A frame of 1280 × 960 in grey has a tenth of it.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Largest picture in pixels, whatever its file says: 16 megapixels, a phone's camera.
const MAX_PIXELS: usize = 16 << 20;

/// Why no text came out of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum ScanError {
    /// Not a PNG image, or too large.
    #[error("the image is not a PNG of at most 16 megapixels")]
    Image,
    /// No QR code, or one that is blurred or cut.
    #[error("no readable QR code is in the image")]
    NoCode,
}

impl IntoResponse for ScanError {
    fn into_response(self) -> Response {
        let (status, code, help) = match self {
            Self::Image => (StatusCode::BAD_REQUEST, "SBX-QR-IMAGE", "send the bytes of a PNG image"),
            Self::NoCode => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "SBX-QR-NONE",
                "show the whole QR code, sharp and with its white border",
            ),
        };
        (status, Json(json!({"code": code, "message": self.to_string(), "help": help}))).into_response()
    }
}

/// `POST /api/qr`.
pub(super) async fn read(image: Bytes) -> Response {
    // Decoding takes some hundredths of a second for a large picture: not on a thread that answers others.
    let text = tokio::task::spawn_blocking(move || find(&image)).await;
    match text.unwrap_or(Err(ScanError::Image)) {
        Ok(text) => Json(json!({ "text": text })).into_response(),
        Err(error) => error.into_response(),
    }
}

fn find(image: &[u8]) -> Result<String, ScanError> {
    let (width, height, grey) = grey(image)?;
    let pixel = |x: usize, y: usize| grey.get(y * width + x).copied().unwrap_or(u8::MAX);
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, pixel);
    let grids = picture.detect_grids();
    grids.iter().find_map(|grid| grid.decode().ok()).map(|(_, text)| text).ok_or(ScanError::NoCode)
}

/// Width, height and one byte of brightness per pixel. Transparent pixels are paper.
fn grey(image: &[u8]) -> Result<(usize, usize, Vec<u8>), ScanError> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(image), Limits { bytes: 5 * MAX_PIXELS });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(|_| ScanError::Image)?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    if width.checked_mul(height).is_none_or(|pixels| pixels > MAX_PIXELS) {
        return Err(ScanError::Image);
    }
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(ScanError::Image)?];
    let frame = reader.next_frame(&mut pixels).map_err(|_| ScanError::Image)?;
    pixels.truncate(frame.buffer_size());
    let luma = |red: u8, green: u8, blue: u8| {
        // ITU-R BT.601, in integers.
        u8::try_from((u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114) / 1000).unwrap_or(u8::MAX)
    };
    let seen = |brightness: u8, alpha: u8| if alpha < 128 { u8::MAX } else { brightness };
    let one = |pixel: &[u8]| match pixel {
        [grey] => *grey,
        [grey, alpha] => seen(*grey, *alpha),
        [red, green, blue] => luma(*red, *green, *blue),
        [red, green, blue, alpha] => seen(luma(*red, *green, *blue), *alpha),
        _ => u8::MAX,
    };
    let samples = match frame.color_type {
        ColorType::Grayscale => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
        ColorType::Indexed => return Err(ScanError::Image),
    };
    Ok((width, height, pixels.chunks(samples).map(one).collect()))
}

#[cfg(test)]
mod tests {
    use qrcode::{Color, QrCode};

    use super::*;

    /// A QR code as a picture: `scale` pixels to a module, four modules of border, `samples` bytes to a pixel.
    fn picture(text: &str, scale: usize, colour: ColorType) -> Vec<u8> {
        let code = QrCode::new(text).unwrap();
        let (modules, colours) = (code.width(), code.to_colors());
        let side = (modules + 8) * scale;
        let mut pixels = Vec::new();
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y / scale, x / scale))) {
            let inside = |at: usize| (4..modules + 4).contains(&at);
            let dark = inside(x) && inside(y) && colours[(y - 4) * modules + x - 4] == Color::Dark;
            let value = if dark { 20 } else { 240 };
            match colour {
                ColorType::Grayscale => pixels.push(value),
                ColorType::Rgba => pixels.extend([value, value, value, if dark { 255 } else { 0 }]),
                _ => pixels.extend([value; 3]),
            }
        }
        let mut file = Vec::new();
        let side = u32::try_from(side).unwrap();
        let mut encoder = png::Encoder::new(&mut file, side, side);
        encoder.set_color(colour);
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
        file
    }

    #[test]
    fn what_was_drawn_is_read() {
        for colour in [ColorType::Grayscale, ColorType::Rgb, ColorType::Rgba] {
            for scale in [3, 8] {
                assert_eq!(
                    find(&picture("VIGIE-1:abc", scale, colour)).as_deref(),
                    Ok("VIGIE-1:abc"),
                    "{colour:?} {scale}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let whole = picture("text", 4, ColorType::Grayscale);
        assert_eq!(find(b"GIF89a"), Err(ScanError::Image));
        assert_eq!(find(&whole[..whole.len() / 2]), Err(ScanError::Image));
        let mut blank = Vec::new();
        let mut encoder = png::Encoder::new(&mut blank, 64, 64);
        encoder.set_color(ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(&[255; 64 * 64]).unwrap();
        assert_eq!(find(&blank), Err(ScanError::NoCode));
        // A header that promises more than anybody may send is refused before the memory is taken.
        let mut huge = whole;
        huge[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        assert_eq!(find(&huge), Err(ScanError::Image));
    }
}
