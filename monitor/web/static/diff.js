// The diff page: n and p go to the next and the previous change; a change in a folded stretch unfolds it.
(() => {
  const bar = document.querySelector(".jump");
  const phone = window.matchMedia("(max-width: 40rem)");
  const here = new URL(location.href);
  if (phone.matches && !here.searchParams.has("view") && document.body.classList.contains("wide")) {
    here.searchParams.set("view", "inline");
    location.replace(here);
    return;
  }
  const total = bar ? Number(bar.dataset.total) : 0;
  let at = 0;
  const show = (n) => {
    const target = document.getElementById(`c${n}`);
    if (!target) return;
    document.querySelectorAll(".here").forEach((one) => one.classList.remove("here"));
    document.querySelectorAll(`[data-n="${n}"]`).forEach((one) => one.classList.add("here"));
    for (let one = target.parentElement; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
    if (!target.hasAttribute("tabindex")) target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "center", inline: "nearest" });
    at = n;
    if (bar) bar.querySelector(".at").textContent = `${n}/${total}`;
  };
  const go = (step) => {
    if (!total) return;
    const n = at === 0 ? (step > 0 ? 1 : total) : ((at - 1 + step + total) % total) + 1;
    history.replaceState(null, "", `#c${n}`);
    show(n);
  };
  const follow = () => {
    const found = /^#c(\d+)(-from)?$/.exec(location.hash);
    if (found && !found[2]) show(Number(found[1]));
  };
  if (bar && total) {
    bar.hidden = false;
    bar.addEventListener("click", (event) => {
      const button = event.target.closest("[data-go]");
      if (button) go(Number(button.dataset.go));
    });
  }
  document.addEventListener("keydown", (event) => {
    const on = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || on.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(on.tagName)) return;
    if (event.key === "n" || event.key === "p") {
      go(event.key === "n" ? 1 : -1);
      event.preventDefault();
    }
  });
  window.addEventListener("hashchange", follow);
  follow();
})();
