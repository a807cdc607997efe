// Scanning a QR code: frames of the camera, or an image file, are drawn small and sent to be read; the text goes into the form.
"use strict";
(() => {
  const form = document.getElementById("qr");
  const said = document.getElementById("scan-dit");
  const video = document.getElementById("scan-image");
  const camera = document.getElementById("scan-camera");
  const file = document.getElementById("scan-fichier");
  const LONGEST = 1280;
  document.getElementById("scan-moyens").hidden = false;
  if (!navigator.mediaDevices) camera.hidden = true;

  const read = async (source, width, height) => {
    const scale = Math.min(1, LONGEST / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
    const body = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const answer = await fetch("/api/qr", { method: "POST", body, headers: { "Content-Type": "image/png" } });
    return (await answer.json()).text;
  };
  const found = (text) => {
    said.textContent = "QR code lu.";
    form.elements.qr.value = text;
    form.requestSubmit();
  };

  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    said.textContent = "Lecture de l'image…";
    try {
      const image = await createImageBitmap(file.files[0]);
      const text = await read(image, image.width, image.height);
      if (text) found(text);
      else said.textContent = "Aucun QR code lisible dans cette image.";
    } catch {
      said.textContent = "Ce fichier n'est pas une image lisible.";
    }
  });

  camera.addEventListener("click", async () => {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      said.textContent = "L'appareil photo n'est pas accessible. Choisissez une image, ou collez le texte du QR code.";
      return;
    }
    camera.hidden = true;
    video.hidden = false;
    video.srcObject = stream;
    said.textContent = "Placez le QR code devant l'appareil photo.";
    await video.play();
    const look = async () => {
      try {
        const text = video.videoWidth && (await read(video, video.videoWidth, video.videoHeight));
        if (text) {
          for (const track of stream.getTracks()) track.stop();
          found(text);
          return;
        }
      } catch {
        // The sandbox does not answer: the next frame asks again.
      }
      setTimeout(look, 300);
    };
    look();
  });
})();
