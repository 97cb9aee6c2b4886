// The connection to the program: the token, the WebSocket, and coming back after it is lost.

const NO_TOKEN = 4401;
const TOO_MANY = 1013;
const HEADER_BYTES = 9;
const RETRY_MS = [500, 1000, 2000, 4000];

// The token comes in the fragment, which browsers never send; it is taken out of the address bar
// so that it is not on view when the screen is shared.
function takeToken() {
  const given = location.hash.slice(1);
  if (given) {
    history.replaceState(null, "", location.pathname);
    sessionStorage.setItem("token", given);
  }
  return given || sessionStorage.getItem("token") || "";
}

// handlers: message(object), picture(Blob, covered, words), change(state), where state is one of
// opening, open, lost, refused, full.
export function connect(handlers) {
  const token = takeToken();
  let socket = null;
  let attempts = 0;

  addEventListener("hashchange", () => {
    takeToken();
    location.reload();
  });

  function open() {
    const mine = new WebSocket(`ws://${location.host}/live`);
    mine.binaryType = "arraybuffer";
    socket = mine;
    mine.addEventListener("open", () => mine.send(JSON.stringify({ type: "open", token })));
    mine.addEventListener("message", (event) => {
      if (typeof event.data === "string") {
        const message = JSON.parse(event.data);
        if (message.type === "hello") {
          attempts = 0;
          handlers.change("open");
        }
        handlers.message(message);
      } else {
        const header = new DataView(event.data, 0, HEADER_BYTES);
        const words = [1, 3, 5, 7].map((at) => header.getUint16(at) / 65535);
        const file = new Uint8Array(event.data, HEADER_BYTES);
        handlers.picture(new Blob([file], { type: "image/jpeg" }), header.getUint8(0) === 1, words);
      }
    });
    mine.addEventListener("close", (event) => {
      socket = null;
      if (event.code === NO_TOKEN) {
        handlers.change("refused");
        return;
      }
      handlers.change(event.code === TOO_MANY ? "full" : "lost");
      setTimeout(open, RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)]);
      attempts += 1;
    });
  }

  if (token) {
    handlers.change("opening");
    open();
  } else {
    handlers.change("refused");
  }

  return {
    send(message) {
      if (socket?.readyState === WebSocket.OPEN) {
        socket.send(JSON.stringify(message));
      }
    },
  };
}
