// The one animation frame loop: whatever changes marks its panel, and a frame draws those that are marked and visible.
// Nothing is drawn by a timer, so a hidden tab draws nothing, and a thousand messages between two frames are one draw.

/** Panels of text are drawn no oftener than this: more cannot be read. Milliseconds. */
const TEXT_EVERY = 33;

/** Draws panels when they have something new to show. */
export class Frame {
  /** @param {() => number|null} seq Number of the newest event that the page has applied. */
  constructor(seq) {
    this._seq = seq;
    this._panels = new Map();
    this._asked = false;
    this._draw = this._draw.bind(this);
    /** What was drawn last: `seq`, and of each panel what its `shown()` says. */
    this.failures = 0;
  }

  /**
   * Take in a panel.
   *
   * @param {string} name
   * @param {{draw: (now: number) => void, shown: () => object, visible?: (on: boolean) => void}} panel
   * @param {{everyFrame?: boolean}} [how] Canvases are drawn in each frame, text at most 30 times a second.
   */
  add(name, panel, { everyFrame = false } = {}) {
    const every = everyFrame ? 0 : TEXT_EVERY;
    this._panels.set(name, { panel, every, visible: false, dirty: true, drawn: -Infinity, seq: null });
  }

  /** Something that the panel `name` shows has changed. */
  touch(name) {
    const entry = this._panels.get(name);
    if (!entry || entry.dirty) return;
    entry.dirty = true;
    if (entry.visible) this._ask();
  }

  /** All panels are to be drawn anew: another theme, another instrument. */
  touchAll() {
    for (const entry of this._panels.values()) entry.dirty = true;
    this._ask();
  }

  /** Whether the panel `name` can be seen now; told by the layout. */
  setVisible(name, on) {
    const entry = this._panels.get(name);
    if (!entry || entry.visible === on) return;
    entry.visible = on;
    entry.dirty = true;
    entry.panel.visible?.(on);
    this._ask();
  }

  /** Draw at once what waits for the next frame. */
  drawNow() {
    this._draw(performance.now());
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
    let later = false;
    for (const [name, entry] of this._panels) {
      if (!entry.dirty || !entry.visible) continue;
      // Half a frame of tolerance: two frames of 16.7 ms are 33.3 ms, or a little less.
      if (now - entry.drawn < entry.every - 8) {
        later = true;
        continue;
      }
      entry.dirty = false;
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
    if (later) this._ask();
  }
}
