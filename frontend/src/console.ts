/** What every console page needs from a script; each part works on markup that the server wrote. */
import htmx from "htmx.org";
import { choosing } from "./choosing";
import { confirmations } from "./confirm";
import { copying } from "./copy";
import { charts, policyEditor } from "./lazy";
import { keyboard } from "./keyboard";
import { menus } from "./menu";
import { rows } from "./rows";
import { previews } from "./preview";
import { tabs } from "./tabs";
import { theme } from "./theme";
import { toasts } from "./toast";
import { writing } from "./writing";

htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.includeIndicatorStyles = false;
htmx.config.scrollBehavior = "auto";
// A refusal or an invalid form is an answer to show, not a fault of the network.
htmx.config.responseHandling = [
  { code: "204", swap: false },
  { code: "[23]..", swap: true },
  { code: "(400|403|409|422)", swap: true },
  { code: "[45]..", swap: false, error: true },
];

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content;
  if (token) (event as CustomEvent).detail.headers["X-CSRFToken"] = token;
});

theme();
tabs();
menus();
copying();
confirmations();
keyboard();
rows();
choosing();
toasts();
writing();
previews();
void policyEditor();
charts(document);
htmx.onLoad((element) => charts(element as HTMLElement));
