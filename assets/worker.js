// The service worker does one thing: where there is no network, a page is answered by the one that
// was kept for it, instead of the browser's own error. It keeps no page of a person.
const KEPT = "moodtracker-offline";
const files = ["offline", "offline.js"].map((name) => new URL(name, self.registration.scope).href);

self.addEventListener("install", (event) => {
  const keep = async () => {
    const cache = await caches.open(KEPT);
    await cache.addAll(files.map((file) => new Request(file, { cache: "reload" })));
    await self.skipWaiting();
  };
  event.waitUntil(keep());
});
self.addEventListener("activate", (event) => {
  // A page is asked for while the worker starts, rather than after it.
  event.waitUntil(Promise.all([self.registration.navigationPreload?.enable(), self.clients.claim()]));
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const kept = request.mode === "navigate" ? files[0] : request.url === files[1] && files[1];
  const asked = async () => (await event.preloadResponse) ?? fetch(request);
  if (kept) event.respondWith(asked().catch(() => caches.match(kept)));
});
