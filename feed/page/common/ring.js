// A list that keeps the newest of its items, so that memory is bounded however long the page is open.

/** The newest `most` items of all that were pushed. */
export class Ring {
  /** @param {number} most items that are kept */
  constructor(most) {
    this.most = most;
    this.clear();
  }

  /** Forget all of them. */
  clear() {
    this.size = 0;
    this.evicted = 0; // items that had to make room
    this._items = [];
    this._next = 0;
  }

  /** Add the newest; the oldest makes room. */
  push(item) {
    if (this.size < this.most) {
      this._items.push(item);
      this.size += 1;
    } else {
      this._items[this._next] = item;
      this.evicted += 1;
    }
    this._next = (this._next + 1) % this.most;
  }

  /**
   * The newest first.
   * @param {number} count at most
   */
  newest(count = this.size) {
    const found = [];
    for (let at = 1; at <= Math.min(count, this.size); at += 1) {
      found.push(this._items[(this._next - at + this.most) % this.most]);
    }
    return found;
  }

  [Symbol.iterator]() {
    return this.newest()[Symbol.iterator]();
  }
}
