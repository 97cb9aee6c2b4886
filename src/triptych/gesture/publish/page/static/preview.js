// The live picture: asks for the next only when the last is drawn, and never leaves an old one up.

const STALE_MS = 2500;

// ask() requests a picture; stale(true) says that none comes although one is wanted.
export function preview(canvas, ask, stale) {
  const paper = canvas.getContext("2d", { alpha: false });
  let running = false;
  let wantedAt = 0;
  let drawing = 0;

  function want() {
    if (running && !document.hidden) {
      wantedAt = performance.now();
      ask();
    } else {
      wantedAt = 0;
    }
  }

  function clear() {
    drawing += 1;
    canvas.hidden = true;
    paper.clearRect(0, 0, canvas.width, canvas.height);
  }

  document.addEventListener("visibilitychange", () => {
    clear();
    want();
  });

  setInterval(() => {
    if (running && wantedAt && performance.now() - wantedAt > STALE_MS) {
      clear();
      stale(true);
      ask();
    }
  }, 500);

  return {
    start() {
      running = true;
      want();
    },
    stop() {
      running = false;
      wantedAt = 0;
      clear();
    },
    async draw(blob, covered) {
      const mine = ++drawing;
      try {
        const picture = await createImageBitmap(blob);
        if (mine === drawing && running && !document.hidden) {
          canvas.width = picture.width;
          canvas.height = picture.height;
          paper.drawImage(picture, 0, 0);
          canvas.dataset.covered = covered;
          canvas.hidden = false;
          stale(false);
        }
        picture.close();
      } finally {
        want();
      }
    },
  };
}
