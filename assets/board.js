// The board's own script. Python draws everything; this does only what must happen in the browser
// before, or without, a connection: it hears a tap from the page's first moment on, keeps it until
// the server says that it is saved (also over a reload or a lost network), and puts the elements
// that the server sends in place of the old ones. A tap may be sent twice: each has a name of its
// own, and the server counts it once.
(() => {
  const DOUBLE_CLICK = 700; // ms in which the same mood again is the same tap
  const PATIENCE = 3000; // ms after which a tap that is not saved yet is mentioned, and sent again
  const find = (id) => document.getElementById(id);
  const store = () => "moodtracker.taps." + find("today-card").dataset.person;
  let connected = false;
  let following = false;
  let changing = null; // the entry that the next mood replaces, by the tap that made it
  let waiting = null;
  let last = { mood: null, at: 0 };

  const pending = () => JSON.parse(sessionStorage.getItem(store()) || "[]");
  const keep = (taps) => sessionStorage.setItem(store(), JSON.stringify(taps));
  const name = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const say = (words) => (find("message").textContent = words);

  function act(tap) {
    tap = { tap: name(), day: find("today-card").dataset.day, ...tap };
    keep([...pending(), tap]);
    if (connected) emitEvent("tap", tap);
    waiting ??= setTimeout(insist, PATIENCE);
  }

  function insist() {
    waiting = null;
    if (!pending().length) return;
    say("Not saved yet. It is tried again until it is.");
    if (connected) for (const tap of pending()) emitEvent("tap", tap);
    waiting = setTimeout(insist, PATIENCE);
  }

  function pick(mood) {
    const now = Date.now();
    if (mood === last.mood && now - last.at < DOUBLE_CLICK) return;
    last = { mood, at: now };
    say("");
    act(changing ? { act: "change", was: changing, mood } : { act: "record", mood });
    choose(null);
  }

  function choose(was) {
    changing = was;
    for (const chip of document.querySelectorAll("[data-change]"))
      chip.setAttribute("aria-pressed", String(chip.dataset.change === was));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#today-card button");
    if (!button) return;
    if (button.dataset.mood) pick(Number(button.dataset.mood));
    else if (button.dataset.takeBack) {
      say("");
      choose(null);
      act({ act: "take_back", was: button.dataset.takeBack });
    } else if (button.dataset.change) {
      const again = changing === button.dataset.change;
      choose(again ? null : button.dataset.change);
      say(again ? "" : "Now pick the mood that takes its place.");
    } else {
      choose(null);
      say("Pick your second mood.");
      find("mood-3").focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input, select, textarea")) return;
    if (/^[1-5]$/.test(event.key)) pick(Number(event.key));
    else if (event.key === "Escape" && changing) {
      choose(null);
      say("");
    }
  });

  window.moodtracker = {
    // The server calls this each time the page's connection stands.
    connected() {
      connected = true;
      if (!following) window.socket.on("disconnect", () => (connected = false));
      following = true;
      for (const tap of pending()) emitEvent("tap", tap);
      if (pending().length) waiting ??= setTimeout(insist, PATIENCE);
    },
    // The server calls this with what changed, the taps it has dealt with, and what there is to say.
    show({ fragments, done, message }) {
      const focused = document.activeElement?.id;
      for (const [id, markup] of Object.entries(fragments)) {
        const old = find(id);
        if (old) old.outerHTML = markup;
      }
      if (focused && document.activeElement?.id !== focused) find(focused)?.focus();
      if (done.length) {
        keep(pending().filter((tap) => !done.includes(tap.tap)));
        if (message === null && !pending().length) say("");
      }
      if (changing) choose(document.querySelector(`[data-change="${CSS.escape(changing)}"]`) ? changing : null);
      if (message !== null) say(message);
    },
  };
})();
