// Loaded before the first paint, so that an open timeline does not push the map about. Not a module on purpose.
(function () {
  try {
    if (sessionStorage.getItem("dongseon.timeline") === "open") document.documentElement.dataset.timeline = "open";
  } catch {
    // Storage may be switched off; the timeline is closed then.
  }
})();
