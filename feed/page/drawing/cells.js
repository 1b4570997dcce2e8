// Tables of the account and control panels: rows are filled again and again, and only what differs is written.

import { element } from './dom.js';
import { Rows } from './rows.js';

/**
 * A column.
 *
 * @typedef {Object} Column
 * @property {string} name of the cell in a row.
 * @property {string} title
 * @property {string} [kind] "num" for what stands at the right, "act" for buttons.
 */

/**
 * A row: `id`, `class`, and by the names of columns a text, `{text, class, title, value}`, or, in a column of
 * buttons, a list of `{act, text, label, pressed, disabled}`.
 *
 * @typedef {Object} Row
 */

/**
 * A table.
 *
 * @param {string} caption
 * @param {Column[]} columns
 * @param {{empty?: string, onact?: (act: string, id: string) => void, onchoose?: (id: string) => void}} [how]
 *   `empty` is shown while there is no row; `onact` hears of buttons, `onchoose` of rows that are clicked.
 * @returns {{node: HTMLElement, fill: (rows: Row[]) => void, focused: () => string|null}}
 */
export function makeTable(caption, columns, { empty = '', onact, onchoose } = {}) {
  const head = element('tr', {}, ...columns.map(({ title, kind = '' }) => heading(title, kind)));
  const body = element('tbody');
  const label = element('caption', { text: caption });
  const sheet = element('table', {}, label, element('thead', {}, head), body);
  const nothing = element('p', { class: 'empty', text: empty });
  const rows = new Rows(body, () => makeRow(columns));
  body.addEventListener('click', (event) => {
    const row = event.target.closest('tr');
    const button = event.target.closest('button[data-act]');
    if (button) onact?.(button.dataset.act, row.dataset.id);
    else if (row) onchoose?.(row.dataset.id);
  });
  if (onchoose) sheet.classList.add('choose');
  return {
    node: element('div', { class: 'sheet' }, sheet, nothing),
    fill(found) {
      rows.resize(found.length);
      for (let at = 0; at < found.length; at += 1) rows.all[at].fill(found[at]);
      nothing.hidden = found.length > 0 || !empty;
      sheet.hidden = !nothing.hidden;
    },
    /** Id of the row in which the focus is. */
    focused() {
      const row = document.activeElement?.closest('tr');
      return row && body.contains(row) ? row.dataset.id : null;
    },
  };
}

function heading(title, kind) {
  if (kind !== 'act') return element('th', { scope: 'col', class: kind, text: title });
  return element('th', { scope: 'col', class: 'act' }, element('span', { class: 'unseen', text: title }));
}

function makeRow(columns) {
  const node = element('tr');
  const cells = columns.map(({ name, kind = '' }) => {
    const cell = element('td', { class: kind, 'data-cell': name });
    node.append(cell);
    return kind === 'act' ? buttons(cell) : plain(cell, kind);
  });
  return {
    node,
    fill(row) {
      if (node.dataset.id !== row.id) node.dataset.id = row.id;
      if (node.className !== (row.class ?? '')) node.className = row.class ?? '';
      columns.forEach(({ name }, at) => cells[at](row[name] ?? ''));
    },
  };
}

function plain(node, kind) {
  const said = { text: '', class: '', title: '', value: '' };
  const text = node.appendChild(document.createTextNode(''));
  return (value) => {
    const found = typeof value === 'object' ? value : { text: value };
    const { class: look = '', title = '', value: exact = '' } = found;
    const next = { text: String(found.text), class: look, title, value: exact };
    if (next.text !== said.text) text.data = next.text;
    if (next.class !== said.class) node.className = `${kind} ${next.class}`.trim();
    if (next.title !== said.title) node.title = next.title;
    if (next.value !== said.value) node.dataset.value = next.value;
    Object.assign(said, next);
  };
}

function buttons(node) {
  let said = '';
  return (list) => {
    const wanted = list || [];
    const next = JSON.stringify(wanted);
    if (next === said) return;
    // The same buttons as before keep their places, and with them the focus.
    const acts = (all) => all.map((one) => one.act).join();
    if (!said || acts(JSON.parse(said)) !== acts(wanted)) {
      const made = ({ act }) => element('button', { type: 'button', class: 'button small', 'data-act': act });
      node.replaceChildren(...wanted.map(made));
    }
    wanted.forEach((one, at) => {
      const button = node.children[at];
      button.textContent = one.text;
      button.setAttribute('aria-label', one.label ?? one.text);
      button.title = one.title ?? one.label ?? '';
      button.disabled = Boolean(one.disabled);
      if (one.pressed !== undefined) button.setAttribute('aria-pressed', String(one.pressed));
    });
    said = next;
  };
}
