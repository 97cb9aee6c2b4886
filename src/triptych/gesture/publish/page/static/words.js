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

const LIKE = { other: "a hand that makes no sign", none: "no hand at all" };

// What the meter says; `near` is the sign that the held hand is nearest to.
export const NEAR = {
  none: () => "No hand is seen: hold it up.",
  clear: () => "Clear: unlike everything else.",
  near: (near) => `A little like ${LIKE[near] ?? (SIGN[near] ?? near).toLowerCase()}.`,
  same: (near) => `Too much like ${LIKE[near] ?? (SIGN[near] ?? near).toLowerCase()}.`,
};

// One prompt for each of the five looks.
export const PROMPTS = [
  "Hold your sign as you will in calls.",
  "Again, a little to the side.",
  "A little further away.",
  "A little closer, tilted as your hand likes.",
  "Once more, as you would without thinking.",
];

// The heading of each step of a lesson.
export const VERDICT = {
  hold: "Hold up your sign",
  capture: "Keep holding",
  refused: "This will not work",
  try: "Try it",
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
