// Runs before the board is drawn: what is clicked or typed until the board's script is there waits.
(() => {
  const early = [];
  const keep = (event) => early.push(event);
  const kinds = ["click", "keydown"];
  for (const kind of kinds) document.addEventListener(kind, keep);
  window.moodtracker = {
    handOver(to) {
      for (const kind of kinds) document.removeEventListener(kind, keep);
      for (const event of early) to[event.type](event);
    },
  };
})();
