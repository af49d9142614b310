// Where the socket does not stand soon, or a page came without encryption that should have it, the
// page asks for what there is to say. Relative to its own address, since the path may be wrong.
setTimeout(() => {
  const { base, told } = document.getElementById("obstacle").dataset;
  if (window.did_handshake && base.startsWith(location.protocol)) return;
  document.head.append(Object.assign(document.createElement("script"), { src: told }));
}, 2000);
