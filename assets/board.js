// The board's own script. Python draws everything; this does only what must happen in the browser,
// before, or without, a connection: it keeps a tap until the server says that it is saved (also over
// a reload or a lost network), shows the values that the server sends, and lets the arrow keys walk
// through the year. A tap may be sent twice: each has a name of its own, the server counts it once.
(() => {
  const DOUBLE_CLICK = 700; // ms in which the same mood again is the same tap
  const SOON = 100; // ms in which an answer is here as a rule
  const PATIENCE = 3000; // ms after which a tap that is not saved yet is mentioned, and sent again
  const SQUARE = "table.year tbody td:not(.none)";
  const find = (id) => document.getElementById(id);
  const card = () => find("today-card").dataset;
  const say = (words) => (find("message").textContent = words);
  const says = (name) => say(find("message").dataset[name]);

  let connected = false;
  let following = false;
  let changing = null; // the entry that the next mood replaces, by the tap that made it
  let waiting = null;
  let tidying = null;
  let last = { mood: null, at: 0 };

  // --- Taps -------------------------------------------------------------------------------------
  // Each waits under a key of its own, so that two windows do not overwrite each other's; the names
  // begin with the time, so that they are sent in the order in which they were made.
  const shelf = () => `moodtracker.tap.${card().person}.`;
  const pending = () =>
    Object.keys(localStorage)
      .filter((key) => key.startsWith(shelf()))
      .sort()
      .map((key) => JSON.parse(localStorage.getItem(key)));
  const newName = () =>
    Date.now().toString(36) +
    Array.from(crypto.getRandomValues(new Uint8Array(5)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  function act(tap) {
    tap = { tap: newName(), day: card().day, ...tap };
    if (connected) emitEvent("tap", tap); // on its way before it is kept, which takes as long
    localStorage.setItem(shelf() + tap.tap, JSON.stringify(tap));
    waiting ??= setTimeout(insist, PATIENCE);
  }

  function insist() {
    waiting = null;
    if (!pending().length) return;
    says("late");
    send();
  }

  function send() {
    const taps = pending();
    if (connected) for (const tap of taps) emitEvent("tap", tap);
    if (taps.length) waiting ??= setTimeout(insist, PATIENCE);
  }

  function settle(done, refused) {
    for (const name of done) {
      const kept = localStorage.getItem(shelf() + name);
      localStorage.removeItem(shelf() + name);
      const tap = kept && refused.includes(name) && JSON.parse(kept);
      if (tap?.act === "note") write(tap); // what was typed is not lost
    }
  }

  // --- Today ------------------------------------------------------------------------------------
  function pick(mood) {
    const now = Date.now();
    if (mood === last.mood && now - last.at < DOUBLE_CLICK) return;
    last = { mood, at: now };
    if (find("offer")) history.replaceState(null, "", location.pathname); // it is offered once
    find("offer")?.remove();
    act(changing ? { act: "change", was: changing, mood } : { act: "record", mood });
    changing = null;
    tidying = setTimeout(tidy, SOON);
  }

  // What was said and chosen before a tap goes with its answer, so that all is drawn once; or soon.
  function tidy() {
    if (tidying === null) return;
    clearTimeout(tidying);
    tidying = null;
    say("");
    choose(changing);
  }

  function choose(was) {
    changing = was;
    for (const chip of document.querySelectorAll("[data-change]"))
      chip.setAttribute("aria-pressed", String(chip.dataset.change === was));
  }

  function onButton({ id, dataset }) {
    tidy();
    if (dataset.mood) pick(Number(dataset.mood));
    else if (dataset.takeBack) {
      say("");
      choose(null);
      act({ act: "take_back", was: dataset.takeBack });
    } else if (dataset.change) {
      const again = changing === dataset.change;
      choose(again ? null : dataset.change);
      if (again) say("");
      else says("instead");
    } else if (dataset.note) {
      const slot = id.at(-1);
      write({ day: card().day, slot, was: dataset.note, text: find(`note-${slot}`).textContent });
      find("note-text").focus();
    } else if (id === "note-cancel") stopWriting();
    else if (id === "free-slot") {
      choose(null);
      says("second");
      find("mood-3").focus();
    }
  }

  const escaped = (text) => String(text).replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);

  function showEntries(entries) {
    const pattern = find("pattern").innerHTML;
    find("entries").innerHTML = entries
      .map((entry) => pattern.replace(/\{(\d)\}/g, (_, place) => escaped(entry[place])))
      .join("");
    find("slots").dataset.used = entries.length;
    for (const button of document.querySelectorAll(".mood"))
      button.setAttribute("aria-pressed", String(entries.some((entry) => entry[2] === Number(button.dataset.mood))));
    choose(entries.some((entry) => entry[1] === changing) ? changing : null);
    if (draft()) label();
  }

  // --- Notes: what is half typed is kept, and belongs to a slot rather than to one of its moods ----
  const desk = () => `moodtracker.note.${card().person}`;
  const draft = () => JSON.parse(localStorage.getItem(desk()));

  function write({ day, slot, was, text, to = "" }) {
    localStorage.setItem(desk(), JSON.stringify({ day, slot, was, text, to }));
    find("note-form").hidden = false;
    find("note-text").value = text;
    label();
    count();
  }

  function label() {
    const note = draft();
    const chip = note.day === card().day && find(`slot-${note.slot}`);
    if (chip) {
      [note.was, note.to] = [chip.dataset.change, chip.textContent.trim()];
      localStorage.setItem(desk(), JSON.stringify(note));
    }
    find("note-to").textContent = find("note-to").dataset.words.replace("{mood}", note.to);
  }

  function count() {
    const box = find("note-text");
    const left = (box.maxLength - box.value.length).toLocaleString(document.documentElement.lang, { numberingSystem: "latn" });
    find("note-left").textContent = find("note-left").dataset.words.replace("{count}", left);
  }

  function stopWriting() {
    const back = find(`write-${draft()?.slot}`);
    localStorage.removeItem(desk());
    find("note-form").hidden = true;
    (back ?? find("mood-3")).focus();
  }

  document.addEventListener("input", (event) => {
    if (event.target.id !== "note-text") return;
    localStorage.setItem(desk(), JSON.stringify({ ...draft(), text: event.target.value }));
    count();
  });

  document.addEventListener("submit", (event) => {
    if (event.target.action?.endsWith("/logout")) localStorage.removeItem(desk());
    if (event.target.id !== "note-form") return;
    event.preventDefault();
    const { day, slot, was, text } = draft();
    say("");
    stopWriting();
    act({ act: "note", day, slot, was, text });
  });

  // --- The day that is looked at --------------------------------------------------------------------
  const table = () => document.querySelector("table.year");
  const square = (month, day) => table().tBodies[0].rows[month].cells[day];
  const isoDate = (cell) =>
    [table().dataset.year, cell.parentNode.sectionRowIndex + 1, cell.cellIndex]
      .map((part) => String(part).padStart(2, "0"))
      .join("-");

  // Each day's words, of its moods and their minutes: the server tells them once for all people, and
  // for today alone by itself.
  let telling = null;

  function tellDays() {
    telling ??= fetch(table().tBodies[0].dataset.days)
      .then((answer) => answer.json())
      .then(inWords)
      .catch(() => {
        telling = null;
        if (connected) setTimeout(tellDays, PATIENCE); // else once there is a connection
      });
  }

  function inWords({ days, day, none, moods, times, digits }) {
    const { hours, minutes } = table().tBodies[0].dataset;
    let place = 0;
    const next = () => times[digits.indexOf(hours[place]) * 60 + digits.indexOf(minutes[place++])];
    for (const [number, cell] of document.querySelectorAll(SQUARE).entries()) {
      if (cell.title) continue;
      const picked = cell.className.match(/[ab][1-5]/g) ?? [];
      const said = picked.map((kind) => fill(moods[kind[1]], { time: next() })).join(", ") || none;
      cell.title = cell.className === "future" ? days[number] : fill(day, { day: days[number], moods: said });
    }
  }

  const fill = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  function look(cell) {
    for (const other of table().querySelectorAll("[tabindex]")) other.removeAttribute("tabindex");
    for (const other of table().querySelectorAll("[aria-selected]")) other.removeAttribute("aria-selected");
    cell.tabIndex = 0;
    cell.setAttribute("aria-selected", "true");
    cell.focus({ preventScroll: true });
    find("look").hidden = false;
    cell.scrollIntoView({ block: "nearest" }); // not behind what is said of it
    find("look-day").textContent = cell.title;
    find("look-at").replaceChildren();
    ask();
  }

  function ask() {
    const cell = table().querySelector("[aria-selected]");
    if (cell && connected) emitEvent("look", { day: isoDate(cell) });
  }

  function lookAway() {
    find("look").hidden = true;
    const cell = table().querySelector("[aria-selected]");
    cell?.removeAttribute("aria-selected");
    cell?.focus({ preventScroll: true });
  }

  function showLook([day, title, markup]) {
    const cell = table().querySelector("[aria-selected]");
    if (!cell || isoDate(cell) !== day) return;
    find("look-day").textContent = title;
    find("look-at").innerHTML = markup;
  }

  // Arrow keys go where they point, however the year is laid out: rows of days, or columns of them.
  function step(cell, key) {
    const isTall = getComputedStyle(table()).gridAutoFlow.startsWith("column");
    const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
    const backward = forward === "ArrowLeft" ? "ArrowRight" : "ArrowLeft";
    const [before, after, above, below] = isTall
      ? ["ArrowUp", "ArrowDown", backward, forward]
      : [backward, forward, "ArrowUp", "ArrowDown"];
    const [year, month, day] = isoDate(cell).split("-").map(Number);
    const length = (of) => new Date(Date.UTC(year, of, 0)).getUTCDate();
    const within = (to) => (to < 1 || to > 12 ? cell : square(to - 1, Math.min(day, length(to))));
    if (key === above) return within(month - 1);
    if (key === below) return within(month + 1);
    if (key === "Home") return square(month - 1, 1);
    if (key === "End") return square(month - 1, length(month));
    if (key !== before && key !== after) return null;
    return nextDay(cell, key === after ? 1 : -1);
  }

  function nextDay(cell, days) {
    const to = new Date(`${isoDate(cell)}T12:00Z`);
    to.setUTCDate(to.getUTCDate() + days);
    return String(to.getUTCFullYear()) === table().dataset.year ? square(to.getUTCMonth(), to.getUTCDate()) : cell;
  }

  // --- What a person does -----------------------------------------------------------------------------
  const does = {
    click({ target }) {
      const button = target.closest("#today-card button");
      const cell = target.closest(SQUARE);
      if (button) onButton(button);
      else if (cell) look(cell);
      else if (target.closest("#look-away")) lookAway();
      else if (target.closest("#look-before, #look-after")) {
        look(nextDay(table().querySelector("[aria-selected]"), target.closest("#look-after") ? 1 : -1));
        target.closest("button").focus();
      }
    },
    keydown(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input, select, textarea")) return;
      const cell = event.target.closest(SQUARE);
      const to = cell && (["Enter", " "].includes(event.key) ? cell : step(cell, event.key));
      if (to) {
        event.preventDefault();
        look(to);
      } else if (event.key === "Escape") {
        if (changing) say("");
        choose(null);
        if (!find("look").hidden) lookAway();
      } else if (/^[1-5]$/.test(event.key) && !event.repeat && "keys" in card()) pick(Number(event.key));
    },
  };
  window.onclick = window.onkeydown = null; // of assets/early.js
  for (const event of early) does[event.type](event);
  document.addEventListener("click", does.click);
  document.addEventListener("keydown", does.keydown);
  if (draft()) write(draft());
  setTimeout(tellDays, PATIENCE); // as a rule the connection was sooner, and is not to wait for it

  const manifest = document.querySelector("link[rel=manifest]").href;
  navigator.serviceWorker?.register(new URL("worker.js", manifest)).catch(() => {});

  // Back from sleep, or in reach of a network again: try at once.
  const wake = () => {
    if (!document.hidden && window.socket && !window.socket.connected) window.socket.connect();
  };
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("online", wake);

  // --- What the server says ---------------------------------------------------------------------------
  const show = {
    slots: showEntries,
    look: showLook,
  };

  function showValue(name, value) {
    if (show[name]) return show[name](value);
    const element = find(name);
    if (!element) return;
    if (name.startsWith("day-")) [element.className, element.title] = value;
    else if (name.startsWith("mix-")) [element.style.cssText, element.ariaLabel] = value;
    else if (value.startsWith("<")) {
      element.outerHTML = value;
      if (name === "today-card" && draft()) write(draft());
      if (name === "year-card") tellDays((telling = null));
    } else element.textContent = value;
  }

  window.moodtracker = {
    // Called each time the page's connection stands.
    connected() {
      connected = true;
      if (!following) window.socket.on("disconnect", () => (connected = false));
      // Soon, in case it is the instance that is gone and not the network; growing to 5 s.
      window.socket.io.reconnectionDelay(250);
      following = true;
      send();
      tellDays();
      ask(); // for what was chosen while there was no connection
    },
    // Called with what changed, the taps that are dealt with, those of them that were refused, and
    // what there is to say.
    show({ values = {}, done = [], refused = [], message = null }) {
      const focused = document.activeElement?.id;
      tidy();
      for (const [name, value] of Object.entries(values)) showValue(name, value);
      settle(done, refused);
      // With the frame that shows it, for which all has its place anyway.
      if (focused && document.activeElement?.id !== focused)
        requestAnimationFrame(() => document.activeElement === document.body && find(focused)?.focus());
      if (message !== null) say(message);
      else if (done.length && !pending().length) say("");
    },
  };
})();
