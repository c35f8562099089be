// Loaded before the first paint, so that a page never flashes in the other theme. Not a module on purpose.
(function () {
  try {
    const theme = localStorage.getItem("dongseon.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be switched off; the system's theme is shown then.
  }
})();
