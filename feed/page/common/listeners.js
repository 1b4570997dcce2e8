// Who wants to hear of changes, by the kind of change.

/** Listeners by kind. */
export class Listeners {
  constructor() {
    this._of = new Map();
  }

  /**
   * Call `listener` at each change of a kind.
   * @param {string} kind
   * @param {(value?: any) => void} listener
   * @returns {() => void} what ends it
   */
  on(kind, listener) {
    if (!this._of.has(kind)) this._of.set(kind, new Set());
    this._of.get(kind).add(listener);
    return () => this._of.get(kind).delete(listener);
  }

  /** There was a change. */
  tell(kind, value) {
    for (const listener of this._of.get(kind) ?? []) listener(value);
  }
}
