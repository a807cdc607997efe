//! The mail is open on a computer. The app scans its QR code: first from a picture of the screen, then, on another phone,
//! through the camera, which here films that picture.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use vigie_e2e::browser::{Extension, Frame, Setup};

use crate::app::{ask_for_the_mail, finish};
use crate::support::{NEWCOMER, Scene, Story, tell};

#[tokio::test(flavor = "multi_thread")]
async fn qr_scan() {
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => panic!("no folder for the film: {error}"),
    };
    let film = folder.path().join("film.y4m");
    let mut browser = Setup::hidden(Extension::Absent);
    browser.arguments = vec![
        "--use-fake-ui-for-media-stream".into(),
        "--use-fake-device-for-media-stream".into(),
        format!("--use-file-for-fake-video-capture={}", film.display()),
    ];
    tell("qr-scan", Scene { browser, ..Scene::plain() }, async |story| {
        let picture = folder.path().join("screen.png");
        photograph_the_mail(story, &picture).await?;
        open_the_scanner(story).await?;
        let file = story.browser.element("#scan-fichier").await?;
        file.send_keys(&picture.display().to_string()).await?;
        finish(&story.browser, "1111").await?;

        // Another phone, which has a camera.
        story.browser.client.goto(&story.phone("activation")).await?;
        story.browser.follow("form[action$='/autre'] button").await?;
        photograph_the_mail(story, &picture).await?;
        roll(&picture, &film)?;
        open_the_scanner(story).await?;
        story.keep("scanner", Frame::Phone).await?;
        story.browser.click("#scan-camera").await?;
        finish(&story.browser, "2222").await?;
        story.keep("scanned-by-camera", Frame::Phone).await
    })
    .await;
}

/// The newest mail's QR code as it stands on the screen.
async fn photograph_the_mail(story: &Story, picture: &Path) -> Result<()> {
    let browser = &story.browser;
    ask_for_the_mail(story, browser, NEWCOMER).await?;
    browser.client.goto("https://outbox.psc.localhost/outbox").await?;
    browser.follow(".messages li[data-kind=mail] a").await?;
    let code = browser.element("img[alt^='QR code']").await?;
    Ok(std::fs::write(picture, code.screenshot().await?)?)
}

async fn open_the_scanner(story: &Story) -> Result<()> {
    story.browser.client.goto(&story.phone("activation/scanner")).await?;
    story.browser.says("Image du QR code").await?;
    // A page without a QR code in front of it reads nothing.
    let typed = story.browser.value("#qr input[name=qr]").await?;
    ensure!(typed.is_empty(), "something was scanned already");
    Ok(())
}

/// A film of one picture on a white table, as Chromium's fake camera plays it (YUV4MPEG2, 4:2:0).
fn roll(picture: &Path, film: &Path) -> Result<()> {
    const WIDTH: usize = 640;
    const HEIGHT: usize = 480;
    let mut decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(picture)?));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().context("a picture beyond measure")?];
    let frame = reader.next_frame(&mut pixels)?;
    let (width, samples) = (frame.width as usize, frame.color_type.samples());
    ensure!(width <= WIDTH && frame.height as usize <= HEIGHT, "the picture is larger than the film");
    let (left, top) = ((WIDTH - width) / 2, (HEIGHT - frame.height as usize) / 2);
    let mut luma = vec![235_u8; WIDTH * HEIGHT];
    for (at, pixel) in pixels.chunks(samples).enumerate() {
        // The code is black on white: one channel tells all.
        let place = (top + at / width) * WIDTH + left + at % width;
        if let (Some(spot), Some(value)) = (luma.get_mut(place), pixel.first()) {
            *spot = if *value < 128 { 16 } else { 235 };
        }
    }
    let mut file = std::fs::File::create(film)?;
    writeln!(file, "YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420")?;
    for _ in 0..10 {
        file.write_all(b"FRAME\n")?;
        file.write_all(&luma)?;
        file.write_all(&vec![128; WIDTH * HEIGHT / 2])?;
    }
    Ok(())
}
