// Says that there is something new; never reloads by itself, so that nobody loses their place.
"use strict";
const link = document.getElementById("live");
const stream = new EventSource("/stream");
let known = null;
stream.onmessage = (event) => {
  if (known !== null && event.data !== known) link.classList.add("new");
  known = event.data;
};
