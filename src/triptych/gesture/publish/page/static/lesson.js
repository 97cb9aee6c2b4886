// Teaching a sign: what it says, five looks at the held hand, try it, keep or discard.

import { NEAR, PROMPTS, VERDICT } from "./words.js";

const ICON_PIXELS = 128;
const ICON_BYTES = 24000;

const byId = (id) => document.getElementById(id);

// send(message) asks the program; what it answers comes in by `take`.
export function lesson(send) {
  const card = byId("lesson");
  const form = byId("lesson-words");
  let icon = "";
  let png = "";
  let asked = false;
  let open = false;

  const ask = (what, more = {}) => send({ type: "teach", do: what, ...more });

  function show(step) {
    card.dataset.step = step;
    document.body.dataset.lesson = step;
    byId("teach").disabled = step !== "closed";
  }

  async function start() {
    open = true;
    asked = false;
    form.reset();
    choose("", "");
    byId("lesson-problem").textContent = "";
    show("words");
    byId("lesson-text").focus();
    if (!byId("palette").children.length) {
      const icons = await (await fetch("palette.json")).json();
      byId("palette").replaceChildren(...Object.entries(icons).map(swatch));
    }
  }

  function swatch([name, source]) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.emoji = name;
    button.setAttribute("aria-label", name);
    button.setAttribute("aria-pressed", "false");
    button.append(Object.assign(new Image(), { src: source, alt: "" }));
    button.addEventListener("click", () => {
      byId("lesson-emoji").value = "";
      choose(name, "");
    });
    return button;
  }

  function choose(name, picture) {
    icon = name;
    png = picture;
    for (const button of byId("palette").children) {
      button.setAttribute("aria-pressed", String(button.dataset.emoji === name));
    }
    byId("lesson-picture").dataset.chosen = String(Boolean(picture));
    ready();
  }

  function ready() {
    byId("lesson-next").disabled = !byId("lesson-text").value.trim() || !(icon || png);
  }

  function stop() {
    open = false;
    show("closed");
  }

  byId("teach").addEventListener("click", start);
  byId("lesson-text").addEventListener("input", ready);
  byId("lesson-emoji").addEventListener("input", (event) => choose(event.target.value.trim(), ""));
  byId("lesson-file").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    try {
      choose("", file ? await shrunk(file) : "");
    } catch {
      byId("lesson-problem").textContent = "That file is not a picture that can be used.";
    }
    event.target.value = "";
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!byId("lesson-next").disabled) {
      asked = true;
      ask("start", { text: byId("lesson-text").value.trim(), icon, png });
    }
  });
  for (const button of card.querySelectorAll("[data-ask]")) {
    button.addEventListener("click", () => {
      ask(button.dataset.ask);
      if (button.dataset.ask === "discard") {
        stop();
      }
    });
  }
  byId("lesson-cancel").addEventListener("click", stop);
  addEventListener("pagehide", () => {
    if (open) {
      ask("discard");
    }
  });

  // What the program says of the lesson.
  function take(news) {
    if (news.step === "closed") {
      if (open && !asked) {
        stop();
      }
      return;
    }
    if (!open) {
      return;
    }
    asked = false;
    show(news.step);
    const looks = byId("looks").children;
    for (let i = 0; i < looks.length; i += 1) {
      const share = i < news.captured ? 1 : i === news.captured ? news.counting : 0;
      looks[i].style.setProperty("--progress", share);
      looks[i].classList.toggle("done", i < news.captured);
    }
    const seen = news.margin !== null;
    const margin = seen ? news.margin : 0;
    const level = !seen ? "none" : margin >= 0.6 ? "clear" : margin >= 0.4 ? "near" : "same";
    byId("meter").dataset.level = level;
    byId("meter").style.setProperty("--margin", margin);
    byId("meter").setAttribute("aria-valuenow", Math.round(margin * 100));
    say("meter-says", NEAR[level](news.near));
    say("lesson-title", VERDICT[news.step]);
    const prompt = news.step === "capture" ? PROMPTS[Math.min(news.captured, 4)] : "";
    byId("lesson-says").replaceChildren(
      ...[...(prompt ? [prompt] : []), ...news.words].map((words) =>
        Object.assign(document.createElement("p"), { textContent: words }),
      ),
    );
    byId("trying").style.setProperty("--progress", news.progress);
    byId("trying").dataset.fired = news.fired;
    say("fired", news.fired ? `Fired ${news.fired} time${news.fired > 1 ? "s" : ""}` : "Not fired yet");
  }

  function say(id, words) {
    if (byId(id).textContent !== words) {
      byId(id).textContent = words;
    }
  }

  // The program refused to start: say why, and stay.
  function note(sentence) {
    if (open && card.dataset.step === "words") {
      asked = false;
      byId("lesson-problem").textContent = sentence;
      return true;
    }
    return false;
  }

  show("closed");
  return { take, note, stop };
}

// A picture as a small PNG in base64.
async function shrunk(file) {
  const picture = await createImageBitmap(file);
  for (let side = ICON_PIXELS; side >= 16; side = Math.round(side * 0.75)) {
    const canvas = new OffscreenCanvas(side, side);
    const scale = side / Math.max(picture.width, picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    canvas.getContext("2d").drawImage(picture, (side - width) / 2, (side - height) / 2, width, height);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
    if (bytes.length <= ICON_BYTES) {
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    }
  }
  throw new Error("too large");
}
