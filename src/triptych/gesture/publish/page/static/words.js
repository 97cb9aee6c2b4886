// Every sentence the page says about how things stand.

export const COVERED = {
  starting: ["Covered: starting", "You will be seen once a face has been in view for a moment."],
  away: ["Covered: away", "Nobody is in view. You will be seen again soon after you are back."],
  camera_lost: ["Covered: no camera", "There is no picture from the camera; others see the card."],
  by_user: ["Covered: by you", "Nothing lifts this but you: press Uncover, or U."],
  analyser_lost: ["Covered: no analysis", "The analysis has stopped and is being started again."],
};

export const VISIBLE = ["You are visible", "Others see the picture below."];

export const SILENT = ["No news", "The program has stopped telling how things stand."];

export const LINK = {
  opening: ["Connecting", "Looking for the program on this computer."],
  lost: ["Connection lost", "The program has ended or does not answer. Trying again."],
  refused: [
    "Link needed",
    "Open the link that the program printed when it started: the part after # lets you in.",
  ],
  full: ["Too many pages", "Close this page in other tabs and windows. Trying again."],
};

export const SIGN = {
  fist: "Fist",
  palm: "Open palm",
  ok: "OK sign",
  one: "One finger",
  two_up: "Two fingers",
  peace: "Peace sign",
};

const EVENTS = {
  away: "Away: covered",
  back: "Back: visible",
  camera_lost: "Camera lost: covered",
  camera_back: "Camera is back",
  analyser_lost: "Analysis stopped: covered",
  analyser_back: "Analysis is back",
  cover: "You covered the picture",
  uncover: "You lifted your cover",
};

// What the log says of an event; `labels` are the signs' own texts.
export function eventText(what, labels) {
  if (what.event !== "gesture") {
    return EVENTS[what.event] ?? String(what.event).replaceAll("_", " ");
  }
  const score = typeof what.score === "number" ? `, ${Math.round(what.score * 100)} %` : "";
  return `${labels[what.name] || what.meaning || what.name} (${SIGN[what.name] ?? what.name}${score})`;
}
