// Fills the field for the time zone with all that there are, `zones`, and puts in what was chosen
// before, or else what the browser thinks of as home, to be confirmed.
addEventListener("DOMContentLoaded", () => {
  const field = document.getElementById("zone");
  for (const name of zones) field.add(new Option(name.replaceAll("_", " "), name));
  const chosen = field.dataset.chosen || Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zones.includes(chosen)) field.value = chosen;
});
