// All the script there is: parts of the page that change, timers, copying, and asking before what cannot be undone.
"use strict";
(() => {
  const body = document.body;
  const byId = (id) => document.getElementById(id);

  // Parts arrive as HTML the server made; whoever was at a button stays at it, and what was opened stays open.
  const replace = (id, html) => {
    const part = byId(id);
    if (!part) return;
    const open = [...part.querySelectorAll("details[open][id]")].map((details) => details.id);
    const at = part.contains(document.activeElement) ? document.activeElement.id : "";
    const said = part.querySelector(".answer");
    const text = said ? said.textContent : "";
    part.innerHTML = html;
    const again = part.querySelector(".answer");
    if (again && text) again.textContent = text;
    for (const details of open) if (byId(details)) byId(details).open = true;
    if (at && byId(at)) byId(at).focus();
    tick();
  };

  const listen = () => {
    if (!body.dataset.live) return;
    const source = new EventSource(body.dataset.live);
    source.addEventListener("part", (event) => {
      const part = JSON.parse(event.data);
      replace(part.id, part.html);
      if (part.id === "order-state") handOver();
    });
    source.addEventListener("toast", (event) => toast(JSON.parse(event.data)));
    source.addEventListener("pop", (event) => pop(JSON.parse(event.data)));
    source.addEventListener("go", (event) => location.assign(JSON.parse(event.data).to));
    source.addEventListener("locked", () => {
      source.close();
      location.reload();
    });
    addEventListener("pagehide", () => source.close());
  };

  // The code is of no use while a call has the order, and worth nothing once it is paid.
  const handOver = () => {
    const state = document.querySelector("#order-state [data-state]");
    if (!state) return;
    const card = byId("handover");
    const open = state.dataset.state === "open";
    if (card) card.hidden = !open;
    for (const until of document.querySelectorAll(".until")) until.hidden = !open;
    // A paid order is not cancelled but given back.
    const cancel = byId("cancel-order");
    if (cancel) cancel.hidden = !["open", "collecting", "expired"].includes(state.dataset.state);
  };

  const toast = (told, stays) => {
    if (location.pathname === told.to) return;
    const box = document.createElement("div");
    box.innerHTML = told.html;
    byId("toasts").append(box);
    if (!stays) setTimeout(() => box.remove(), 15000);
  };

  // A call came back: its order opens, unless something half written would be lost.
  const pop = (told) => {
    const fields = document.querySelectorAll("main form input:not([type=hidden]), main form textarea");
    const written = [...fields].some((field) => field.value !== field.defaultValue);
    if (written) toast(told, true);
    else if (location.pathname !== told.to) location.assign(told.to);
  };

  const tick = () => {
    for (const timer of document.querySelectorAll("time[data-since]")) {
      const seconds = Math.max(0, Math.floor((Date.now() - Number(timer.dataset.since)) / 1000));
      timer.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      const field = document.createElement("textarea");
      field.value = button.dataset.copy;
      body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    const label = button.textContent;
    button.textContent = body.dataset.copied;
    setTimeout(() => { button.textContent = label; }, 1500);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.dataset.sure && !confirm(form.dataset.sure)) {
      event.preventDefault();
      return;
    }
    if (!form.dataset.quiet) return;
    // A command: the page stays, the answer is said beside the buttons.
    event.preventDefault();
    const fields = new URLSearchParams(new FormData(form));
    if (event.submitter) fields.set(event.submitter.name, event.submitter.value);
    fields.set("quiet", "1");
    const buttons = form.querySelectorAll("button:not([disabled])");
    for (const button of buttons) button.disabled = true;
    const answer = await fetch(form.action, { method: "POST", body: fields });
    for (const button of buttons) button.disabled = false;
    if (answer.status === 401) location.reload();
    const said = document.querySelector(".commands .answer");
    if (said) said.textContent = await answer.text();
  });

  // Somebody who works with the page is not idle, even where nothing is sent.
  let told = Date.now();
  const active = () => {
    if (!body.dataset.csrf || Date.now() - told < 60000) return;
    told = Date.now();
    fetch("/console/alive", { method: "POST", body: new URLSearchParams({ csrf: body.dataset.csrf }) })
      .then((answer) => { if (answer.status === 401) location.reload(); });
  };
  for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, active, { passive: true });

  listen();
  tick();
  setInterval(tick, 1000);
})();
