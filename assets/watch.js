// Where the socket does not stand soon, or a page came without encryption that should have it, the
// page asks for what there is to say. A page without a socket does where it is not at the address
// that the app believes it to be at. Relative to its own address, since the path may be wrong.
setTimeout(() => {
  const { base, path, socket, told } = document.getElementById("obstacle").dataset;
  if (socket === undefined && location.origin + location.pathname === base + path) return;
  if (window.did_handshake && base.startsWith(location.protocol)) return;
  document.head.append(Object.assign(document.createElement("script"), { src: told }));
}, 2000);
