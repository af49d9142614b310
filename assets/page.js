// Draws what NiceGUI says is in the page, and has it connect. What differs between pages stands in
// `drawn`, which the page's own script has set (`assets/page/index.html`). It is a function since
// what it holds is read with names that NiceGUI's script brings.
//
// A page of somebody who is not signed in has forms and links alone: it tells nothing by a socket,
// and there is nothing that it could be told.
import * as Vue from "vue";
globalThis.Vue = Vue;
const [elements, settings] = drawn();
if (!settings.hasSocket) globalThis.io = () => ({ on() {}, io: { on() {} } });
const app = createApp(parseElements(elements), settings);
// What NiceGUI puts around the content of every page; nothing else here is made of Quasar.
for (const part of ["layout", "page-container", "page"])
  app.component("q-" + part, { render() { return Vue.h("div", this.$slots.default()); } });
app.mount("#app");
