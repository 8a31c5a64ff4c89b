// A classic script, because modules run after the first paint and the page would flash in the other theme.
(() => {
  try {
    const kept = localStorage.getItem("alcca-theme");
    if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
  } catch {
    // Without storage the system's theme stands.
  }
})();
