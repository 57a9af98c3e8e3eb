// Listens to the marks that the page names in `data-live`, so that a page of stances stays quiet when articles come.
// Brings what is new into the page without a reload; while someone reads with focus or selection in it, it only says so.
"use strict";
const line = document.getElementById("live");
const stream = new EventSource("/stream");
let known = null;

function busy() {
  const main = document.getElementById("content");
  const selected = document.getSelection();
  return main.contains(document.activeElement) && document.activeElement !== main || selected && !selected.isCollapsed;
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.getElementById("content").replaceWith(fresh.getElementById("content"));
  document.querySelector("footer").replaceWith(fresh.querySelector("footer"));
  line.textContent = line.dataset.updated;
}

stream.onmessage = (event) => {
  const mark = JSON.parse(event.data)[document.getElementById("content").dataset.live];
  const first = known === null;
  line.dataset.connected = "yes"; // what was there before is known: from here on every word is news
  if (mark === undefined || mark === known) return;
  known = mark;
  if (first) return;
  if (busy()) line.textContent = line.dataset.new;
  else refresh();
};
