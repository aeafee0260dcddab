/** Lists that a select opens are called as the select is: Ant Design gives its listboxes no name, and who hears the page needs one. */

/** What a field is called: by a label that is hidden in it, or by the one that stands for it. */
function nameOf(field: HTMLInputElement): string {
  const said = field.getAttribute("aria-label") ?? [...(field.labels ?? [])].map((each) => each.textContent).join(" ");
  return said.replaceAll("*", "").trim();
}

/** Names the list that belongs to a field, where both are there. */
function nameList(id: string): void {
  const [list, field] = [document.getElementById(id), document.querySelector<HTMLInputElement>(`input[aria-controls="${CSS.escape(id)}"]`)];
  if (list === null || field === null) return;
  const name = nameOf(field);
  // As a title, which names what has no other name: with a label, two fields of the page would be called the same.
  if (name !== "" && list.title !== name) list.title = name;
}

function listsIn(node: Node): readonly string[] {
  if (!(node instanceof Element)) return [];
  const found = [...node.querySelectorAll('[role="listbox"]'), ...(node.matches('[role="listbox"]') ? [node] : [])];
  return found.map((each) => each.id).filter((id) => id !== "");
}

/** Names lists as they open, until it is ended. */
export function nameLists(): () => void {
  const watch = new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      const opened = target instanceof HTMLInputElement ? target.getAttribute("aria-controls") : null;
      for (const id of [...(opened === null ? [] : [opened]), ...[...addedNodes].flatMap(listsIn)]) nameList(id);
    }
  });
  watch.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-controls"] });
  return () => watch.disconnect();
}
