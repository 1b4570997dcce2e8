// Making elements. Text from the wire becomes text nodes and attributes, never markup: Trusted Types would throw.

/**
 * A new element.
 *
 * @param {string} tag
 * @param {object} [attributes] `class`, `text`, `onclick` and other listeners as properties; the rest as attributes,
 *     left out where false, null or undefined.
 * @param {...(Node|string)} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === 'text') made.textContent = value;
    else if (name === 'class') made.className = value;
    else if (name.startsWith('on')) made[name] = value;
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children);
  return made;
}

/**
 * The place for controls in the heading of the panel that `root` is the body of.
 *
 * @param {HTMLElement} root
 * @returns {HTMLElement}
 */
export function tools(root) {
  return root.closest('.panel').querySelector('.panel-tools');
}

/**
 * A row of buttons of which one is chosen, as radio buttons are.
 *
 * @param {string} label What is chosen, for who does not see it.
 * @param {Array<[string, string]>} choices Value and text of each.
 * @param {string} chosen Value at the beginning.
 * @param {(value: string) => void} choose Called at a click.
 * @returns {{node: HTMLElement, set: (value: string) => void}}
 */
export function segmented(label, choices, chosen, choose) {
  const buttons = new Map();
  const node = element('div', { class: 'segmented', role: 'radiogroup', 'aria-label': label });
  const set = (value) => {
    for (const [name, button] of buttons) {
      button.setAttribute('aria-checked', String(name === value));
      button.tabIndex = name === value || !buttons.has(value) ? 0 : -1;
    }
  };
  for (const [value, text] of choices) {
    const onclick = () => { set(value); choose(value); };
    const button = element('button', { type: 'button', role: 'radio', text, onclick });
    buttons.set(value, button);
    node.append(button);
  }
  node.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const all = [...buttons.values()];
    const next = all[(all.indexOf(document.activeElement) + by + all.length) % all.length];
    next.focus();
    next.click();
  };
  set(chosen);
  return { node, set };
}
