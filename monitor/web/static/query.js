// The SQL editor: Ctrl+Enter runs, Tab indents a selection, a click on a name inserts it.
const editor = document.querySelector("#sql");
if (editor) {
  editor.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      editor.form.requestSubmit();
    }
  });
  for (const hint of document.querySelectorAll(".insert-hint")) hint.hidden = false;
  for (const name of document.querySelectorAll("code[data-insert]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "insert";
    button.textContent = name.textContent;
    button.addEventListener("click", () => {
      editor.focus();
      editor.setRangeText(button.textContent, editor.selectionStart, editor.selectionEnd, "end");
    });
    name.replaceWith(button);
  }
}
