/** Light, dark, or what the system says. The choice lives in this browser; base.html applies it before the first paint. */
const KEY = "tillit-theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

type Choice = "light" | "dark" | "auto";

function chosen(): Choice {
  const stored = localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : "auto";
}

function apply(): void {
  const choice = chosen();
  const mode = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
  document.documentElement.dataset.bsTheme = mode;
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  }
  document.dispatchEvent(new CustomEvent("tillit:theme", { detail: mode }));
}

/** Bind the switch's buttons (`data-theme-choice`), follow the system while it says so, and tell the server the time zone. */
export function theme(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("[data-theme-choice]");
    if (!button) return;
    const choice = button.dataset.themeChoice as Choice;
    if (choice === "auto") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
    apply();
  });
  dark.addEventListener("change", apply);
  document.cookie = `tillit_zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax`;
  apply();
}
