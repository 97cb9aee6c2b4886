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

  // The canvas is mirrored as a whole: mirrored once more before that, words can be read.
  function turn(picture, [x0, y0, x1, y1]) {
    const [left, right] = [Math.round(x0 * picture.width), Math.round(x1 * picture.width)];
    const [top, bottom] = [Math.round(y0 * picture.height), Math.round(y1 * picture.height)];
    const [width, height] = [right - left, bottom - top];
    if (width > 0 && height > 0) {
      paper.save();
      paper.beginPath();
      paper.roundRect(left, top, width, height, height / 2); // as round as an icon with its label
      paper.clip();
      paper.translate(left + right, 0);
      paper.scale(-1, 1);
      paper.drawImage(picture, left, top, width, height, left, top, width, height);
      paper.restore();
    }
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
    // words: left, top, right, bottom of what must stay readable, as shares of the picture.
    async draw(blob, covered, words) {
      const mine = ++drawing;
      try {
        const picture = await createImageBitmap(blob);
        if (mine === drawing && running && !document.hidden) {
          canvas.width = picture.width;
          canvas.height = picture.height;
          paper.drawImage(picture, 0, 0);
          if (!covered && !canvas.classList.contains("plain")) {
            turn(picture, words);
          }
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
