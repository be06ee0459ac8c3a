// What a page that is followed needs beside htmx: times that go on, a stream that resumes where it broke off,
// and a word when the server does not answer. Loaded after htmx and its sse extension.
"use strict";
(function () {
  const live = document.getElementById("live");
  if (!live) return;
  // The server's clock counts, whatever this one says.
  const ahead = Date.parse(live.dataset.now) - Date.now();

  function span(seconds) {
    seconds = Math.max(0, Math.round(seconds));
    if (seconds < 60) return seconds + " s";
    const parts = [[86400, "d"], [3600, "h"], [60, "min"]].map(([size, unit]) => {
      const many = Math.floor(seconds / size);
      seconds %= size;
      return [many, unit];
    });
    const first = parts.findIndex(([many]) => many);
    return parts.slice(first, first + 2).filter(([many]) => many).map((part) => part.join(" ")).join(" ");
  }

  const said = {
    ago: (passed) => (passed < 1 ? "just now" : span(passed) + " ago"),
    for: (passed) => span(passed),
    left: (passed) => (passed < 0 ? span(-passed) + " left" : span(passed) + " late"),
  };

  function tick() {
    const now = Date.now() + ahead;
    for (const time of document.querySelectorAll("time[data-tick]")) {
      const text = said[time.dataset.tick]((now - Date.parse(time.dateTime)) / 1000);
      if (time.textContent !== text) time.textContent = text;
    }
  }
  setInterval(tick, 1000);

  // A stream that the extension opens anew is told how far the one before it got.
  let place = "";
  const offline = document.getElementById("offline");
  htmx.createEventSource = function (url) {
    const from = place ? url.replace(/([?&]after=)[^&]*/, "$1" + encodeURIComponent(place)) : url;
    const source = new EventSource(from);
    source.addEventListener("place", (event) => { place = event.lastEventId; });
    source.addEventListener("open", () => { offline.hidden = true; });
    source.addEventListener("error", () => { offline.hidden = false; });
    return source;
  };

  // What broke off comes again whole: an entry that stands here already is not shown twice.
  document.body.addEventListener("htmx:sseBeforeMessage", (event) => {
    const found = /id="(entry-\d+)"/.exec(event.detail.data || "");
    if (found && document.getElementById(found[1])) event.preventDefault();
  });
  document.body.addEventListener("htmx:sseMessage", tick);
})();
