/**
 * A form with `data-confirm="#dialog"` is sent only after the dialog was answered with its `value="yes"` button.
 * Without a script the form is sent at once, so whatever cannot be undone also asks on the server.
 */
export function confirmations(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const dialog = form.dataset.confirm ? document.querySelector<HTMLDialogElement>(form.dataset.confirm) : null;
    if (!dialog || form.dataset.confirmed) {
      delete form.dataset.confirmed;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = (event as SubmitEvent).submitter;
    dialog.returnValue = "";
    dialog.showModal();
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.confirmed = "yes";
      form.requestSubmit(submitter);
    }, { once: true });
  }, true);
  document.addEventListener("click", (event) => {
    const opener = (event.target as Element).closest<HTMLElement>("[data-dialog]");
    if (opener) document.querySelector<HTMLDialogElement>(opener.dataset.dialog!)?.showModal();
    if (event.target instanceof HTMLDialogElement && event.target.classList.contains("sheet")) event.target.close();
  });
}
