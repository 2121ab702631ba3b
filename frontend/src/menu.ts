/** Place a menu (`<div popover class="menu">`) beside the button that opened it; the browser does the rest. */
export function menus(): void {
  document.addEventListener("toggle", (event) => {
    const menu = event.target as HTMLElement;
    if (!menu.classList.contains("menu")) return;
    const open = (event as ToggleEvent).newState === "open";
    const button = document.querySelector<HTMLElement>(`[popovertarget="${menu.id}"]`);
    button?.setAttribute("aria-expanded", String(open));
    if (open && button) place(menu, button);
  }, true);
  addEventListener("resize", () => {
    for (const menu of document.querySelectorAll<HTMLElement>(".menu:popover-open")) menu.hidePopover();
  });
}

function place(menu: HTMLElement, button: HTMLElement): void {
  const edge = 8;
  const from = button.getBoundingClientRect();
  menu.style.minWidth = menu.dataset.fit === "button" ? `${from.width}px` : "";
  const size = menu.getBoundingClientRect();
  const below = from.bottom + 4 + size.height <= innerHeight - edge;
  const left = menu.dataset.align === "end" ? from.right - size.width : from.left;
  menu.style.top = `${below ? from.bottom + 4 : Math.max(edge, from.top - 4 - size.height)}px`;
  menu.style.left = `${Math.max(edge, Math.min(left, innerWidth - size.width - edge))}px`;
}
