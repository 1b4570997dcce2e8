// Rows that are made once and filled again and again: only what differs is written, and nothing moves or is made while
// prices come in. So a hundred changes a second cost a few text nodes, and the layout stands still.

import { element } from './dom.js';

/** A text that is written only where it differs. */
export class Text {
  /** @param {HTMLElement} node */
  constructor(node) {
    this.node = node;
    this._text = node.appendChild(document.createTextNode(''));
    this._value = '';
  }

  /** @param {string} value */
  set(value) {
    if (value === this._value) return;
    this._text = written(this._text, value);
    this._value = value;
  }

  get value() {
    return this._value;
  }
}

/** A decimal number whose trailing zeros are dim, so that the digits that say something stand out. */
export class Figure {
  /** @param {HTMLElement} node */
  constructor(node) {
    this.node = node;
    this._head = node.appendChild(document.createTextNode(''));
    this._zeros = node.appendChild(element('span', { class: 'zeros' })).appendChild(document.createTextNode(''));
    this._value = '';
  }

  /** @param {string} value Decimal text, or any other, which is shown as it is. */
  set(value) {
    if (value === this._value) return;
    const from = zerosFrom(value);
    const moved = value.length !== this._value.length;
    this._head = written(this._head, value.slice(0, from), moved);
    this._zeros = written(this._zeros, value.slice(from), moved);
    this._value = value;
  }

  get value() {
    return this._value;
  }
}

// A text of another length begins elsewhere where it is aligned to the right. Another node takes its place then: the
// same one would have moved, which browsers count as a shift of the layout.
function written(node, value, moved = false) {
  if (!moved && value.length === node.length) {
    if (node.data !== value) node.data = value;
    return node;
  }
  const fresh = document.createTextNode(value);
  node.replaceWith(fresh);
  return fresh;
}

/** Where the zeros at the end of a decimal text begin, its point with them: `1.50` at 3, `2.00` at 1, `200` at 3. */
export function zerosFrom(text) {
  if (!text.includes('.')) return text.length;
  let at = text.length;
  while (text[at - 1] === '0') at -= 1;
  return text[at - 1] === '.' ? at - 1 : at;
}

/** A class that is set or removed only where that changes something. */
export class Flag {
  /** @param {HTMLElement} node @param {string} name */
  constructor(node, name) {
    this._node = node;
    this._name = name;
    this._on = node.classList.contains(name);
  }

  /** @param {boolean} on */
  set(on) {
    if (on === this._on) return;
    this._on = on;
    this._node.classList.toggle(this._name, on);
  }
}

/** A bar behind a row, 0 to 1 of the row's width; the compositor stretches it, nothing is laid out. */
export class Bar {
  /** @param {HTMLElement} node */
  constructor(node) {
    this._node = node;
    this._drawn = -1;
  }

  /** @param {number} part */
  set(part) {
    const thousandths = Math.round(Math.min(Math.max(part, 0), 1) * 1000);
    if (thousandths === this._drawn) return;
    this._drawn = thousandths;
    this._node.style.transform = `scaleX(${thousandths / 1000})`;
  }
}

/** Equal rows of one parent, as many as are wanted, made when first needed and kept. */
export class Rows {
  /**
   * @param {HTMLElement} parent
   * @param {(index: number) => {node: HTMLElement}} make
   */
  constructor(parent, make) {
    this._parent = parent;
    this._make = make;
    this.all = [];
    this.count = 0;
  }

  /** Show exactly `count` rows. */
  resize(count) {
    while (this.all.length < count) {
      const row = this._make(this.all.length);
      this.all.push(row);
      this._parent.append(row.node);
    }
    for (let at = 0; at < this.all.length; at += 1) {
      if (this.all[at].node.hidden !== at >= count) this.all[at].node.hidden = at >= count;
    }
    this.count = count;
  }
}

/** A table whose caption is read out and not seen. Rows are grids of CSS, which takes their roles: they are said. */
export function table(caption, headings, attributes = {}) {
  const heading = ([text, kind]) => element('th', { role: 'columnheader', scope: 'col', class: kind, text });
  const cells = headings.map(heading);
  const head = element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...cells));
  const body = element('tbody', { role: 'rowgroup' });
  const node = element('table', { role: 'table', ...attributes }, element('caption', { text: caption }), head, body);
  return { node, head, body };
}
