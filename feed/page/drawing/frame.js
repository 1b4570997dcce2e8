// The one animation frame loop: whatever changes marks its panel, and a frame draws those that are marked and visible.
// Nothing is drawn by a timer, so a hidden tab draws nothing, and a thousand messages between two frames are one draw.

/** What the market changes is drawn no oftener than this: more cannot be read. Milliseconds. */
const EVERY = 33;

/** Draws panels when they have something new to show. */
export class Frame {
  /** @param {() => number|null} seq Number of the newest event that the page has applied. */
  constructor(seq) {
    this._seq = seq;
    this._panels = new Map();
    this._asked = false;
    this._canvases = false; // whether those are drawn where both kinds are due
    this._draw = this._draw.bind(this);
    /** What was drawn last: `seq`, and of each panel what its `shown()` says. */
    this.failures = 0;
  }

  /**
   * Take in a panel.
   *
   * @param {string} name
   * @param {{draw: (now: number) => void, shown: () => object, visible?: (on: boolean) => void}} panel
   * @param {{canvas?: boolean}} [how] Canvases and text are not drawn in the same frame where both are due: each
   *   takes a good part of one.
   */
  add(name, panel, { canvas = false } = {}) {
    const how = { canvas, visible: false, dirty: true, atOnce: false, drawn: -Infinity, seq: null };
    this._panels.set(name, { panel, ...how });
  }

  /** Something that the panel `name` shows has changed; `atOnce` for what follows the pointer. */
  touch(name, atOnce = false) {
    const entry = this._panels.get(name);
    if (!entry || (entry.dirty && entry.atOnce >= atOnce)) return;
    entry.dirty = true;
    entry.atOnce ||= atOnce;
    if (entry.visible) this._ask();
  }

  /** All panels are to be drawn anew: another theme, another instrument. */
  touchAll() {
    for (const entry of this._panels.values()) entry.dirty = entry.atOnce = true;
    this._ask();
  }

  /** Whether the panel `name` can be seen now; told by the layout. */
  setVisible(name, on) {
    const entry = this._panels.get(name);
    if (!entry || entry.visible === on) return;
    entry.visible = on;
    entry.dirty = entry.atOnce = true;
    entry.panel.visible?.(on);
    this._ask();
  }

  /** Draw at once what waits for the next frame. */
  drawNow() {
    for (const [name, entry] of this._dirty()) this._drawOne(name, entry, performance.now());
  }

  /** What the page shows: the number of the newest event drawn, and what each visible panel says of itself. */
  shown() {
    const panels = {};
    const seqs = {};
    for (const [name, entry] of this._panels) {
      if (!entry.visible) continue;
      panels[name] = entry.panel.shown();
      seqs[name] = entry.seq;
    }
    return { seq: this._seq(), settled: !this._asked, seqs, panels, failures: this.failures };
  }

  _ask() {
    if (this._asked) return;
    this._asked = true;
    requestAnimationFrame(this._draw);
  }

  _draw(now) {
    this._asked = false;
    const dirty = this._dirty();
    // Half a frame of tolerance: two frames of 16.7 ms are 33.3 ms, or a little less.
    const due = dirty.filter(([, entry]) => entry.atOnce || now - entry.drawn >= EVERY - 8);
    this._canvases = !this._canvases;
    const both = new Set(due.map(([, entry]) => entry.canvas)).size > 1;
    const drawn = both ? due.filter(([, entry]) => entry.atOnce || entry.canvas === this._canvases) : due;
    for (const [name, entry] of drawn) this._drawOne(name, entry, now);
    if (drawn.length < dirty.length) this._ask();
  }

  _dirty() {
    return [...this._panels].filter(([, entry]) => entry.dirty && entry.visible);
  }

  _drawOne(name, entry, now) {
    entry.dirty = false;
    entry.atOnce = false;
    entry.drawn = now;
    entry.seq = this._seq();
    try {
      entry.panel.draw(now);
    } catch (error) {
      // One panel that cannot be drawn must not stop the others.
      this.failures += 1;
      console.error(`panel ${name}:`, error);
    }
  }
}
