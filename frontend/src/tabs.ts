/** On a narrow screen a row of tabs scrolls; the tab of this page is brought into it without moving the page. */
export function tabs(): void {
  for (const row of document.querySelectorAll<HTMLElement>(".tabs")) {
    const current = row.querySelector<HTMLElement>("[aria-current]");
    if (current) row.scrollLeft = current.offsetLeft - row.offsetLeft - (row.clientWidth - current.offsetWidth) / 2;
  }
}
