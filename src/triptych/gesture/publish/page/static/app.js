// The page: what the program tells becomes what is seen, what is pressed becomes a request.

import { lesson } from "./lesson.js";
import { connect } from "./link.js";
import { preview } from "./preview.js";
import { COVERED, LINK, SIGN, SILENT, VISIBLE, eventText } from "./words.js";

const HOLD = "decide.hold_seconds";
const ENTER = "decide.enter";
const TUNE_MS = 100;
const LOG_LENGTH = 200;
const CONFIRM_MS = 4000;
const REGRET_MS = 120000;
const NOTE_MS = 8000;

const byId = (id) => document.getElementById(id);
const body = document.body;
const tiles = {};
const labels = {};
let link = "opening";
let silent = false;
let status = null;
let noteTimer = 0;

const screen = preview(
  byId("preview"),
  () => live.send({ type: "next" }),
  (stale) => {
    if (silent !== stale) {
      silent = stale;
      paintState();
    }
  },
);

function message(news) {
  const handle = {
    hello,
    signs: setSigns,
    status: setStatus,
    settings: setSettings,
    event: addEvent,
    lesson: teacher.take,
    note: addNote,
  }[news.type];
  handle?.(news);
}

function change(state) {
  link = state;
  silent = false;
  status = null;
  if (state === "open") {
    screen.start();
  } else {
    screen.stop();
    teacher.stop();
  }
  paintState();
}

function hello(news) {
  byId("log").replaceChildren();
  setSigns(news);
  const [holdLeast, holdMost] = news.limits[HOLD];
  const [enterLeast, enterMost] = news.limits[ENTER];
  Object.assign(byId("hold"), { min: holdLeast, max: holdMost, step: 0.05 });
  // Sensitivity runs against the threshold, in whole percent below certainty.
  Object.assign(byId("sensitivity"), { min: doubt(enterMost), max: doubt(enterLeast), step: 1 });
}

function setSigns({ signs }) {
  for (const sign of Object.keys(tiles)) {
    delete tiles[sign];
    delete labels[sign];
  }
  byId("signs").replaceChildren(...signs.map(tile));
}

function tile({ sign, label, icon, taught }) {
  const item = document.createElement("li");
  const hand = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `signs.svg#${sign}`);
  hand.append(use);
  hand.setAttribute("class", "hand");
  hand.setAttribute("aria-hidden", "true");
  const badge = Object.assign(new Image(), { src: icon, alt: "", className: "badge" });
  const says = Object.assign(document.createElement("strong"), { textContent: label });
  const name = Object.assign(document.createElement("span"), { textContent: SIGN[sign] ?? sign });
  const pair = Object.assign(document.createElement("div"), { className: "pair" });
  pair.append(...(taught ? [badge] : [hand, badge]));
  item.append(pair, says, name);
  if (taught) {
    item.classList.add("taught");
    item.append(forgetButton(sign, label || sign));
  }
  tiles[sign] = item;
  labels[sign] = label;
  return item;
}

function forgetButton(sign, label) {
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    className: "forget",
    textContent: "×",
    title: `Forget “${label}”`,
  });
  button.setAttribute("aria-label", `Forget “${label}”`);
  button.addEventListener("click", () => {
    if (button.textContent === "×") {
      button.textContent = "Forget?";
      button.dataset.asks = "true";
      setTimeout(() => {
        button.textContent = "×";
        button.dataset.asks = "false";
      }, CONFIRM_MS);
    } else {
      live.send({ type: "teach", do: "forget", name: sign });
    }
  });
  return button;
}

function addNote({ sentence }) {
  if (!teacher.note(sentence)) {
    setText("noted", sentence);
    clearTimeout(noteTimer);
    noteTimer = setTimeout(() => setText("noted", ""), NOTE_MS);
  }
}

function setStatus(news) {
  status = news;
  paintState();
}

function paintState() {
  const known = link === "open" && status && !silent;
  let words = LINK[link];
  if (link === "open") {
    words = silent ? SILENT : status ? (COVERED[status.covered] ?? VISIBLE) : LINK.opening;
  }
  const state = known ? (status.covered ? "covered" : "visible") : "unknown";
  body.dataset.link = link === "open" && silent ? "lost" : link;
  body.dataset.state = state;
  setText("state", words[0]);
  setText("why", words[1]);
  setText("nothing-text", link === "open" && !silent ? "Waiting for the picture" : words[0]);
  document.title = `${words[0]} · Triptych`;

  const byUser = status?.covered === "by_user";
  byId("cover").disabled = link !== "open" || byUser;
  byId("uncover").disabled = link !== "open" || !byUser;
  byId("hold").disabled = link !== "open";
  byId("sensitivity").disabled = link !== "open";
  byId("teach").disabled = link !== "open" || body.dataset.lesson !== "closed";
  setText("fps", known ? status.fps.toFixed(0) : "–");
  setText("analyse", known ? status.analyse_ms.toFixed(1) : "–");
  setText("cpu", known ? `${(status.cpu_share * 100).toFixed(0)} %` : "–");
  paintReading(known && !status.covered ? status : null);
}

function paintReading(held) {
  const sign = held?.sign ?? null;
  const progress = sign ? Math.min(1, held.progress) : 0;
  for (const [name, item] of Object.entries(tiles)) {
    item.classList.toggle("held", name === sign);
    item.style.setProperty("--progress", name === sign ? progress : 0);
  }
  byId("held").style.setProperty("--progress", progress);
  byId("held").setAttribute("aria-valuenow", Math.round(progress * 100));
  let text = "Hold up a sign.";
  if (!held) {
    text = "Signs are not read now.";
  } else if (sign) {
    const says = labels[sign] || SIGN[sign] || sign;
    text = `${SIGN[sign] ?? sign}: keep holding for “${says}”`;
  }
  setText("reading", text);
}

function addEvent({ at, what }) {
  const item = document.createElement("li");
  const when = new Date(at * 1000);
  const time = Object.assign(document.createElement("time"), {
    dateTime: when.toISOString(),
    textContent: when.toLocaleTimeString([], { hour12: false }),
  });
  const text = Object.assign(document.createElement("span"), {
    textContent: eventText(what, labels),
  });
  item.dataset.event = what.event;
  item.append(time, text);
  if (what.event === "gesture" && Date.now() - at * 1000 < REGRET_MS) {
    item.append(wrongButton(what.t));
  }
  const log = byId("log");
  log.prepend(item);
  while (log.children.length > LOG_LENGTH) {
    log.lastElementChild.remove();
  }
}

// "That was wrong": for a while after a sign has fired it can be taken back.
function wrongButton(t) {
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    className: "wrong",
    textContent: "That was wrong",
  });
  button.addEventListener("click", () => {
    live.send({ type: "teach", do: "wrong", t });
    button.remove();
  });
  setTimeout(() => button.remove(), REGRET_MS);
  return button;
}

// The sliders.

const doubt = (enter) => Math.round((1 - enter) * 100);
const sliders = {
  [HOLD]: {
    input: byId("hold"),
    toValue: (position) => position,
    toPosition: (value) => value,
    words: (value) => `${value.toFixed(2).replace(/0$/, "")} s`,
  },
  [ENTER]: {
    input: byId("sensitivity"),
    toValue: (position) => (100 - position) / 100,
    toPosition: doubt,
    words: (value) => `from ${Math.round(value * 100)} % sure`,
  },
};

function paintSlider(slider, value) {
  const words = slider.words(value);
  setText(`${slider.input.id}-value`, words);
  slider.input.setAttribute("aria-valuetext", words);
  const { min, max, valueAsNumber: position } = slider.input;
  slider.input.style.setProperty("--filled", (position - min) / (max - min));
}

function setSettings({ settings }) {
  for (const [setting, slider] of Object.entries(sliders)) {
    if (!slider.timer) {
      slider.input.value = slider.toPosition(settings[setting]);
      paintSlider(slider, settings[setting]);
    }
  }
}

for (const [setting, slider] of Object.entries(sliders)) {
  const send = () => {
    slider.timer = 0;
    const value = slider.toValue(slider.input.valueAsNumber);
    live.send({ type: "tune", setting, value });
  };
  slider.input.addEventListener("input", () => {
    paintSlider(slider, slider.toValue(slider.input.valueAsNumber));
    slider.timer ||= setTimeout(send, TUNE_MS);
  });
}

// Buttons and keys.

byId("cover").addEventListener("click", () => live.send({ type: "cover" }));
byId("uncover").addEventListener("click", () => live.send({ type: "uncover" }));
addEventListener("keydown", (event) => {
  if (event.target.matches("input[type=text]")) {
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) {
    return;
  }
  // Where the layout has no Latin letters, the place of the key counts.
  const letter = /^[a-z]$/i.test(event.key) ? event.key : event.code.replace("Key", "");
  const type = { c: "cover", u: "uncover" }[letter.toLowerCase()];
  if (type) {
    live.send({ type });
  }
});
byId("mirror").addEventListener("change", (event) => {
  byId("preview").classList.toggle("plain", !event.target.checked);
});

function setText(id, text) {
  const element = byId(id);
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

const teacher = lesson((message) => live.send(message));
const live = connect({
  message,
  picture: (blob, covered, words) => screen.draw(blob, covered, words),
  change,
});
