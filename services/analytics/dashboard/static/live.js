// Says how fresh the page is. The page itself is refreshed by htmx when the server says "moved";
// without this script everything still works, and the page says as of when its numbers are.
(() => {
  const STALE_AFTER = 5000;
  const SPOKEN = {
    live: "Live: figures move by themselves.",
    stale: "Stale: the connection is lost; trying again.",
    stopped: "The scorecard has stopped.",
  };
  const stream = document.getElementById("stream");
  const freshness = document.getElementById("freshness");
  const announcement = document.getElementById("announcement");
  if (!stream || !freshness) return;
  const text = freshness.querySelector(".text");
  let heardAt = Date.now();
  let heard = null;
  let failed = false;

  const region = () => document.getElementById("region");

  function say(state, words) {
    if (text.textContent !== words) text.textContent = words;
    if (freshness.dataset.state === state) return;
    freshness.dataset.state = state;
    announcement.textContent = SPOKEN[state];
  }

  function look() {
    if (Date.now() - heardAt > STALE_AFTER || failed) {
      say("stale", `Stale since ${new Date(heardAt).toTimeString().slice(0, 8)}, trying again`);
    } else if (heard?.stopped) {
      say("stopped", "Stopped: a person must resume it");
    } else if (heard) {
      say("live", `Live, as of ${heard.moved_at}`);
    }
  }

  function hear(event) {
    heardAt = Date.now();
    heard = JSON.parse(event.detail.data);
    if (failed && event.type === "beat") htmx.trigger(region(), "again");
    look();
  }

  stream.addEventListener("moved", hear);
  stream.addEventListener("beat", hear);

  // A refresh that failed leaves old numbers on the page, whatever the stream says.
  const ofRegion = (event) => event.target.id === "region";
  for (const name of ["htmx:response:error", "htmx:error"]) {
    document.addEventListener(name, (event) => {
      if (ofRegion(event)) failed = true;
      look();
    });
  }
  document.addEventListener("htmx:after:swap", () => {
    failed = false;
    look();
  });

  setInterval(() => {
    look();
    // The first connection is not retried by itself; one that was open is.
    if (Date.now() - heardAt > STALE_AFTER) htmx.trigger(stream, "reconnect");
  }, 1000);
})();
