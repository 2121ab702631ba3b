/**
 * The YAML of a policy: a code editor over the form's textarea, which stays what is sent. The server checks the text while
 * one writes; what it finds stands in the gutter, and as a list whose lines lead to their places.
 */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

interface Problem {
  line: number;
  path: string;
  message: string;
  mend: string;
  level: "error" | "advice";
}

const WAIT_MS = 400;
const KEPT = "tillit-policy-place";

const colours = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--code-key)" },
  { tag: [tags.string, tags.content], color: "var(--code-text)" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace, tags.meta], color: "var(--code-mark)" },
]);

/** Put the editor over the textarea of a form, and check what is written. */
export function edit(form: HTMLFormElement): void {
  const field = form.querySelector<HTMLTextAreaElement>("textarea[name=text]")!;
  const label = form.querySelector(`label[for="${field.id}"]`)?.textContent ?? "";
  const found = new Found(form);
  let waiting = 0;
  const view = new EditorView({
    state: EditorState.create({
      doc: field.value,
      extensions: [
        extensions(label, field.readOnly),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          field.value = update.state.doc.toString();
          field.dispatchEvent(new Event("input", { bubbles: true }));
          clearTimeout(waiting);
          waiting = window.setTimeout(() => found.check(view), WAIT_MS);
        }),
      ],
    }),
  });
  view.scrollDOM.tabIndex = 0;
  field.before(view.dom);
  field.hidden = true;
  form.classList.add("is-enhanced");
  form.querySelector("[data-check-button]")?.addEventListener("click", (event) => {
    event.preventDefault();
    void found.check(view);
  });
  form.addEventListener("click", (event) => {
    const line = Number((event.target as Element).closest<HTMLElement>("[data-line]")?.dataset.line);
    if (line) goTo(view, line);
  });
  keepPlace(form, view);
  void found.check(view);
}

function extensions(label: string, readOnly: boolean): Extension {
  return [
    lineNumbers(),
    highlightActiveLineGutter(),
    foldGutter(),
    lintGutter(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    bracketMatching(),
    highlightSelectionMatches(),
    search({ top: true }),
    indentUnit.of("  "),
    EditorState.tabSize.of(2),
    EditorState.readOnly.of(readOnly),
    yaml(),
    syntaxHighlighting(colours),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": label }),
    // Tab indents; Escape and then Tab leaves the editor, which is the editor's own way for keyboards.
    keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, ...foldKeymap, ...lintKeymap, indentWithTab]),
  ];
}

/** After saving, the page comes anew: the caret and the lines stay where they were. A `#line-12` in the address goes there. */
function keepPlace(form: HTMLFormElement, view: EditorView): void {
  const asked = /^#line-(\d+)$/.exec(location.hash);
  if (asked) goTo(view, Number(asked[1]));
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as { path: string; head: number; top: number } | null;
  if (kept?.path === location.pathname && kept.head <= view.state.doc.length && !asked) {
    view.dispatch({ selection: { anchor: kept.head } });
    requestAnimationFrame(() => (view.scrollDOM.scrollTop = kept.top));
    view.focus();
  }
  sessionStorage.removeItem(KEPT);
  form.addEventListener("submit", () => {
    const place = { path: location.pathname, head: view.state.selection.main.head, top: view.scrollDOM.scrollTop };
    sessionStorage.setItem(KEPT, JSON.stringify(place));
  });
}

function goTo(view: EditorView, number: number): void {
  const line = view.state.doc.line(Math.min(Math.max(number, 1), view.state.doc.lines));
  view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
  view.focus();
}

/** What the server found in the text, in the gutter and in the list. */
class Found {
  private asked: AbortController | undefined;
  constructor(private readonly form: HTMLFormElement) {}

  async check(view: EditorView): Promise<void> {
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    const working = this.form.querySelector<HTMLElement>("[data-checking]");
    working?.removeAttribute("hidden");
    try {
      const token = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
      const body = new URLSearchParams({ text: view.state.doc.toString() });
      const answer = await fetch(this.form.dataset.check!, { method: "POST", headers: { "X-CSRFToken": token }, body, signal: asked.signal });
      if (!answer.ok) return;
      const { problems } = (await answer.json()) as { problems: Problem[] };
      view.dispatch(setDiagnostics(view.state, problems.map((each) => diagnostic(view, each))));
      this.list(problems);
    } catch (fault) {
      if ((fault as Error).name !== "AbortError") throw fault;
    } finally {
      if (this.asked === asked) working?.setAttribute("hidden", "");
    }
  }

  private list(problems: Problem[]): void {
    const region = this.form.querySelector<HTMLElement>("[data-problems]")!;
    const template = this.form.querySelector<HTMLTemplateElement>("template[data-problem]")!;
    const list = document.createElement("ul");
    list.className = "checks";
    list.append(...problems.map((each) => row(template, each)));
    region.replaceChildren(...(problems.length ? [list] : []));
    this.form.querySelector("[data-calm]")?.toggleAttribute("hidden", problems.length > 0);
  }
}

function diagnostic(view: EditorView, problem: Problem): Diagnostic {
  const line = view.state.doc.line(Math.min(Math.max(problem.line, 1), view.state.doc.lines));
  const from = line.from + line.text.length - line.text.trimStart().length;
  const severity = problem.level === "error" ? "error" : "info";
  return { from, to: Math.max(from, line.to), severity, message: `${problem.message} ${problem.mend}` };
}

function row(template: HTMLTemplateElement, problem: Problem): Node {
  const made = template.content.cloneNode(true) as DocumentFragment;
  made.querySelector("li")!.className = problem.level === "error" ? "is-error" : "is-warning";
  for (const part of made.querySelectorAll<HTMLElement>("[data-part]")) part.textContent = String(problem[part.dataset.part as keyof Problem]);
  made.querySelector<HTMLElement>("button")!.dataset.line = String(problem.line);
  return made;
}
