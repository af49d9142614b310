// Before the board is drawn: what is clicked or typed until the board's script is there waits for it.
const early = [];
onclick = onkeydown = (event) => early.push(event);
