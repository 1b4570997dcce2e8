// What part of a chart is seen, and how pointer, wheel and keys change it.

/** Pixels of a candle: at first, at least, at most. */
const SPACING = { first: 8, least: 2, most: 40 };

/**
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} changed
 */
export function chartControls(canvas, changed) {
  const view = { spacing: SPACING.first, pointer: null, newest, back, key };
  // Candles between the newest one and the right edge; 0 keeps up with the market.
  let behind = 0;
  let most = 0;
  let dragged = null;

  function newest() {
    behind = 0;
    view.pointer = null;
  }

  /** How many candles the view lies back, at most so many that some can be seen. */
  function back(count, fits) {
    most = Math.max(0, count - Math.floor(fits / 2));
    behind = Math.min(behind, most);
    return behind;
  }

  function move(candles) {
    behind = Math.min(Math.max(behind + candles, 0), most);
    changed();
  }

  function zoom(by) {
    view.spacing = Math.min(Math.max(view.spacing * by, SPACING.least), SPACING.most);
    changed();
  }

  function key(event) {
    if (event.key === '+' || event.key === '=') zoom(1.25);
    else if (event.key === '-') zoom(0.8);
    else if (event.key === 'ArrowLeft') move(5);
    else if (event.key === 'ArrowRight') move(-5);
    else if (event.key === 'PageUp') move(50);
    else if (event.key === 'PageDown') move(-50);
    else if (event.key === 'Home') move(-behind);
    else return false;
    return true;
  }

  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    dragged = event.offsetX;
  };
  canvas.onpointermove = (event) => {
    view.pointer = { x: event.offsetX, y: event.offsetY };
    if (dragged !== null) {
      const candles = (event.offsetX - dragged) / view.spacing;
      dragged = event.offsetX;
      move(candles);
    } else changed();
  };
  canvas.onpointerup = () => { dragged = null; };
  canvas.onpointercancel = () => { dragged = null; };
  canvas.onpointerleave = () => {
    view.pointer = null;
    changed();
  };
  canvas.ondblclick = () => move(-behind);
  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) move(-event.deltaX / view.spacing);
    else zoom(event.deltaY > 0 ? 0.9 : 1.1);
  }, { passive: false });
  return view;
}
