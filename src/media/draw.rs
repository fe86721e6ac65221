//! Pictures as pixels: how large they are, whether they decode at all, and a preview of them.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage,
    codecs::jpeg::JpegEncoder, metadata::Orientation,
};

use super::{
    Fault,
    format::{Flaw, Kind, picture::Stripped},
};

/// What a picture may take for each pixel when it is drawn. What a decoder needs beside it, it does not
/// always count: a progressive JPEG of the largest size took 250 MB in all.
const BYTES_PER_PIXEL: usize = 4;
/// Half of it is enough for tables and lines; small pictures need some too.
const SPARE: u64 = 16 << 20;
const QUALITY: u8 = 80;

const DAMAGED: Flaw = Flaw::Damaged("the picture cannot be decoded");

/// A picture that was decoded.
pub(super) struct Drawn {
    /// As it is shown.
    pub(super) width: u32,
    pub(super) height: u32,
    /// A JPEG of it, upright.
    pub(super) preview: Vec<u8>,
}

/// Decodes a picture whose size was looked at first, and draws a preview of it.
pub(super) fn draw(
    kind: Kind,
    stripped: &Stripped,
    pixels_max: usize,
    preview_max: u32,
) -> Result<Drawn, Fault> {
    let format = match kind {
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Png => ImageFormat::Png,
        _ => ImageFormat::WebP,
    };
    let bytes_max = pixels_max.saturating_mul(BYTES_PER_PIXEL) as u64;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(bytes_max.saturating_add(SPARE));
    let mut reader = ImageReader::with_format(Cursor::new(&stripped.bytes), format);
    reader.limits(limits);
    let flawed = |fault: ImageError| match fault {
        ImageError::Limits(_) => Fault::TooManyPixels { max: pixels_max },
        _ => DAMAGED.into(),
    };
    let decoder = reader.into_decoder().map_err(flawed)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    // Sixteen bits a channel count double.
    if pixels > pixels_max as u64 || decoder.total_bytes() > bytes_max {
        return Err(Fault::TooManyPixels { max: pixels_max });
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(flawed)?;
    let longer = width.max(height).min(preview_max);
    let mut small = picture.thumbnail(longer, longer);
    drop(picture);
    let turn = Orientation::from_exif(stripped.orientation.number());
    small.apply_orientation(turn.unwrap_or(Orientation::NoTransforms));
    let mut preview = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut preview, QUALITY);
    on_white(&small).write_with_encoder(encoder).map_err(|_| DAMAGED)?;
    let (width, height) = match stripped.orientation.is_sideways() {
        true => (height, width),
        false => (width, height),
    };
    Ok(Drawn { width, height, preview })
}

/// A JPEG has no transparency; what shines through is white, as on a page.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let clear = picture.to_rgba8();
    let mut solid = RgbImage::new(clear.width(), clear.height());
    for (to, from) in solid.pixels_mut().zip(clear.pixels()) {
        let [colours @ .., alpha] = from.0.map(u16::from);
        let over = |colour: u16| (colour * alpha + 255 * (255 - alpha)) / 255;
        *to = Rgb(colours.map(|colour| u8::try_from(over(colour)).unwrap_or(u8::MAX)));
    }
    solid
}
