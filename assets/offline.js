// On the page for no network: back to where the person was as soon as there is one.
const back = () => location.reload();
addEventListener("online", back);
setInterval(() => fetch(location.href, { method: "HEAD" }).then(back, () => {}), 5000);
