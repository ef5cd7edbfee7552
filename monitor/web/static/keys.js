// Keys: "/" goes to the search field, j and k to the next and previous thing of a list, "?" to the help.
document.addEventListener("keydown", (event) => {
  const at = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return;
  if (event.key === "/") {
    const field = document.querySelector("main input[type=search]") || document.querySelector("#top-q");
    if (field) { field.focus(); field.select(); event.preventDefault(); }
  } else if (event.key === "j" || event.key === "k") {
    const stops = [...document.querySelectorAll("[data-stop], .event .what")];
    if (!stops.length) return;
    const here = stops.findIndex((one) => one === document.activeElement);
    const next = event.key === "j" ? Math.min(here + 1, stops.length - 1) : Math.max(here - 1, 0);
    stops[next].focus();
    stops[next].scrollIntoView({ block: "nearest" });
    event.preventDefault();
  } else if (event.key === "?") {
    const help = document.querySelector('footer a[href$="/help"]');
    if (help) help.click();
  }
});
