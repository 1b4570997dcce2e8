// Charts on a canvas: scales, axes, candles, bars, lines, areas, marks, a crosshair. It knows neither market nor page,
// only its canvas and the colours it is given. Values are integers (units of a decimal place), pixels are floats.

/** A canvas in device pixels, drawn in CSS pixels, that keeps the size of the box it stands in. */
export class Surface {
  /**
   * @param {HTMLCanvasElement} canvas Laid out by CSS; it is never given another size by what is drawn.
   * @param {() => void} resized Called when it has to be drawn anew.
   */
  constructor(canvas, resized) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    this.width = 0;
    this.height = 0;
    this.colours = {};
    this.font = '11px sans-serif';
    new ResizeObserver((entries) => {
      const box = entries[entries.length - 1].contentRect;
      this.width = box.width;
      this.height = box.height;
      const ratio = globalThis.devicePixelRatio || 1;
      canvas.width = Math.max(1, Math.round(box.width * ratio));
      canvas.height = Math.max(1, Math.round(box.height * ratio));
      this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
      resized();
    }).observe(canvas);
  }

  /** Take over the colours (token without dashes to colour) and the font of the page. */
  theme(colours, font) {
    this.colours = colours;
    this.font = font;
  }

  /** Begin a drawing: empty, with the page's font. */
  clear() {
    const { context } = this;
    context.clearRect(0, 0, this.width, this.height);
    context.font = this.font;
    context.lineWidth = 1;
    context.textBaseline = 'middle';
  }

  /** Draw `draw()` inside a box alone. */
  clip(box, draw) {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(box.x, box.y, box.width, box.height);
    context.clip();
    draw();
    context.restore();
  }

  /** Grid lines and labels of values at the right of `box`; none where `free`, a height, has a label of its own. */
  valueAxis(box, scaled, values, label, free = -100) {
    const { context, colours } = this;
    context.strokeStyle = colours.grid;
    context.fillStyle = colours.dim;
    context.textAlign = 'left';
    context.beginPath();
    for (const value of values) {
      const y = crisp(scaled.at(value));
      context.moveTo(box.x, y);
      context.lineTo(box.x + box.width, y);
    }
    context.stroke();
    for (const value of values) {
      const y = scaled.at(value);
      if (Math.abs(y - free) > 15) context.fillText(label(value), box.x + box.width + 7, y);
    }
  }

  /** Grid lines and labels along the bottom of `box`, each `{x, text}`. */
  bottomAxis(box, marks) {
    const { context, colours } = this;
    context.strokeStyle = colours.grid;
    context.fillStyle = colours.dim;
    context.textAlign = 'center';
    context.beginPath();
    for (const { x } of marks) {
      context.moveTo(crisp(x), box.y);
      context.lineTo(crisp(x), box.y + box.height);
    }
    context.stroke();
    for (const { x, text } of marks) context.fillText(text, x, box.y + box.height + 11);
  }

  /** Candles `{x, open, high, low, close}` of `width` pixels: falling ones filled, rising ones hollow where wide. */
  candles(rows, scaled, width) {
    const { context, colours } = this;
    const body = Math.max(1, Math.floor(width));
    for (const rising of [true, false]) {
      context.strokeStyle = rising ? colours.buy : colours.sell;
      context.fillStyle = context.strokeStyle;
      context.beginPath();
      for (const row of rows) {
        if (row.close >= row.open !== rising) continue;
        const top = Math.round(scaled.at(Math.max(row.open, row.close)));
        const bottom = Math.max(Math.round(scaled.at(Math.min(row.open, row.close))), top + 1);
        const x = crisp(row.x);
        context.moveTo(x, Math.round(scaled.at(row.high)));
        context.lineTo(x, rising && body > 4 ? top : bottom);
        if (rising && body > 4) {
          context.moveTo(x, bottom);
          context.lineTo(x, Math.round(scaled.at(row.low)));
          context.rect(x - Math.floor(body / 2), top + 0.5, body - 1, Math.max(bottom - top - 1, 0.5));
        } else {
          context.lineTo(x, Math.round(scaled.at(row.low)));
          context.fillRect(x - body / 2, top, body, bottom - top);
        }
      }
      context.stroke();
    }
  }

  /** Upright bars `{x, value, colour}` from the bottom of `box`. */
  bars(rows, scaled, box, width) {
    const { context } = this;
    const wide = Math.max(1, Math.floor(width));
    for (const { x, value, colour } of rows) {
      const top = scaled.at(value);
      context.fillStyle = colour;
      context.fillRect(Math.round(x - wide / 2), top, wide, box.y + box.height - top);
    }
  }

  /** A line through points `[x, y]`; `steps` keeps each height until the next point. */
  line(points, colour, { steps = false, width = 1.5 } = {}) {
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.lineJoin = 'round';
    context.beginPath();
    trace(context, points, steps);
    context.stroke();
    context.lineWidth = 1;
  }

  /** The area below such a line, down to `bottom`. */
  area(points, bottom, colour, { steps = false } = {}) {
    if (points.length === 0) return;
    const { context } = this;
    context.fillStyle = colour;
    context.beginPath();
    context.moveTo(points[0][0], bottom);
    trace(context, points, steps, true);
    context.lineTo(points[points.length - 1][0], bottom);
    context.closePath();
    context.fill();
  }

  /** A horizontal line over `box`, dashed, with its label in a filled box at the right. */
  level(box, y, text, colour, { dashed = true } = {}) {
    const { context } = this;
    context.strokeStyle = colour;
    context.setLineDash(dashed ? [2, 3] : []);
    context.beginPath();
    context.moveTo(box.x, crisp(y));
    context.lineTo(box.x + box.width, crisp(y));
    context.stroke();
    context.setLineDash([]);
    this.label(box.x + box.width + 3, y, text, colour);
  }

  /** Text in a filled box, its left edge at `x`. */
  label(x, y, text, colour) {
    const { context, colours } = this;
    const wide = context.measureText(text).width;
    context.fillStyle = colour;
    context.beginPath();
    context.roundRect(x, y - 8, wide + 8, 16, 2);
    context.fill();
    context.fillStyle = colours.panel;
    context.textAlign = 'left';
    context.fillText(text, x + 4, y + 0.5);
  }

  /** Triangles `{x, y, up, colour}`: up ones point to the price from below. */
  marks(rows) {
    const { context, colours } = this;
    for (const { x, y, up, colour } of rows) {
      const far = up ? 9 : -9;
      context.fillStyle = colour;
      context.strokeStyle = colours.panel;
      context.beginPath();
      context.moveTo(x, y + far / 4);
      context.lineTo(x - 5, y + far * 1.25);
      context.lineTo(x + 5, y + far * 1.25);
      context.closePath();
      context.fill();
      context.stroke();
    }
  }

  /** Dots `{x, y, colour}`. */
  dots(rows, radius) {
    const { context } = this;
    for (const { x, y, colour } of rows) {
      context.fillStyle = colour;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    }
  }

  /** An upright rule with a word beside it, where what is left and right of it does not belong together. */
  rule(box, x, text) {
    const { context, colours } = this;
    context.strokeStyle = colours.warn;
    context.fillStyle = colours.warn;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.moveTo(crisp(x), box.y);
    context.lineTo(crisp(x), box.y + box.height);
    context.stroke();
    context.setLineDash([]);
    context.textAlign = 'left';
    context.fillText(text, x + 4, box.y + box.height - 8);
  }

  /** Two thin lines through a point of `box`. */
  crosshair(box, x, y) {
    const { context, colours } = this;
    context.strokeStyle = colours.edge;
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(crisp(x), box.y);
    context.lineTo(crisp(x), box.y + box.height);
    if (y !== null) {
      context.moveTo(box.x, crisp(y));
      context.lineTo(box.x + box.width, crisp(y));
    }
    context.stroke();
    context.setLineDash([]);
  }

  /** A sentence in the middle of `box`: what there is instead of a drawing. */
  say(box, text) {
    const { context, colours } = this;
    context.fillStyle = colours.dim;
    context.textAlign = 'center';
    context.fillText(text, box.x + box.width / 2, box.y + box.height / 2);
  }
}

/**
 * A linear scale from values to pixels.
 *
 * @returns {{at: (value: number) => number, value: (pixel: number) => number, min: number, max: number}}
 */
export function scale(min, max, from, to) {
  const span = max - min || 1;
  const pixels = to - from;
  return {
    min,
    max,
    at: (value) => from + ((value - min) / span) * pixels,
    value: (pixel) => min + ((pixel - from) / pixels) * span,
  };
}

/** Round values between `min` and `max`, at most `most`: multiples of 1, 2 or 5 times a power of ten times `unit`. */
export function ticks(min, max, unit, most) {
  let step = unit;
  for (let factor = 0; (max - min) / step > most; factor += 1) {
    step = unit * [1, 2, 5][factor % 3] * 10 ** Math.floor(factor / 3);
  }
  const all = [];
  for (let value = Math.ceil(min / step) * step; value <= max; value += step) all.push(value);
  return all;
}

/** Index of the row whose `x` is nearest; rows are in order of `x`. -1 where there is none. */
export function nearest(rows, x) {
  let low = 0;
  let high = rows.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].x < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - rows[low - 1].x < rows[low].x - x ? low - 1 : Math.min(low, rows.length - 1);
}

function crisp(pixel) {
  return Math.floor(pixel) + 0.5;
}

function trace(context, points, steps, begun = false) {
  for (let at = 0; at < points.length; at += 1) {
    const [x, y] = points[at];
    if (at === 0 && !begun) context.moveTo(x, y);
    else {
      if (steps && at > 0) context.lineTo(x, points[at - 1][1]);
      context.lineTo(x, y);
    }
  }
}
