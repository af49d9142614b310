// Where something between this page and the app is wrong, the page says so, and what whoever runs it
// can do, instead of turning a wheel. `assets/watch.js` asks for this.
(() => {
  const LOOK = 1000; // ms
  const REFUSALS = 2;
  const PATIENCE = 25000; // ms in which a connection stands even on the slowest network
  const box = document.getElementById("obstacle");
  const base = new URL(box.dataset.base);
  const subPath = base.pathname.replace(/\/$/, "");
  let waited = 0;
  let refused = 0;
  let followed = false;

  function say(kind, here, cure) {
    for (const part of box.children) part.hidden = part.dataset.kind !== kind;
    for (const place of box.querySelectorAll("[data-here]")) place.textContent = here;
    for (const place of box.querySelectorAll("[data-cure]")) place.textContent = cure;
    box.hidden = false;
  }

  // Until the socket stands: if it was turned away again and again, though the app itself answers.
  async function watch() {
    if (window.did_handshake) {
      box.hidden = true;
      return;
    }
    setTimeout(watch, LOOK);
    waited += LOOK;
    if (window.socket && !followed) {
      followed = true;
      window.socket.on("connect_error", () => (refused += 1));
    }
    if (box.hidden && (refused >= REFUSALS || waited > PATIENCE) && (await answers()) && !window.did_handshake) {
      if (location.host === base.host) say("socket");
      else say("host", location.origin, location.origin + subPath);
    }
  }

  // On a page without a socket: if its forms would be refused, since they come from another site.
  async function ask() {
    if (location.host === base.host) return;
    try {
      const answer = await fetch(`${subPath}/healthz`, { method: "POST", cache: "no-store" });
      if (answer.status === 403) say("host", location.origin, location.origin + subPath);
    } catch {} // no network
  }

  async function answers() {
    try {
      const answer = await fetch(`${subPath}/healthz`, { cache: "no-store" });
      return answer.ok && (await answer.text()) === "ok";
    } catch {
      return false; // no network, which is nobody's mistake
    }
  }

  const path = decodeURI(location.pathname);
  const { path: bare, socket } = box.dataset; // as the app sees it
  const here = path.endsWith(bare) ? path.slice(0, -bare.length) : subPath;
  if (here !== subPath) say("path", location.origin + here, location.origin + here);
  else if (base.protocol === "https:" && location.protocol === "http:") say("scheme");
  else if (socket === undefined) ask();
  else watch();
})();
