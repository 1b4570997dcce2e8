// Requests of the page to its server: JSON, a bound on the wait, and errors in one line.

const WAIT_MS = 10_000;

/** A request that was refused, or not answered: the message says why. */
export class RequestError extends Error {
  /**
   * @param {string} message
   * @param {number} status of the answer; 0 without one
   */
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/**
 * What a path of this server has.
 * @param {string} path with its query
 * @param {Record<string, string>} headers
 * @returns {Promise<any>} the JSON of its answer
 * @throws {RequestError}
 */
export async function get(path, headers = {}) {
  let answer;
  let body;
  try {
    answer = await fetch(path, { headers, signal: AbortSignal.timeout(WAIT_MS) });
    body = await answer.text();
  } catch {
    throw new RequestError('the server does not answer');
  }
  let found;
  try {
    found = JSON.parse(body);
  } catch {
    found = null;
  }
  if (answer.ok && found !== null) return found;
  const said = typeof found?.error?.message === 'string' ? found.error.message : body.slice(0, 200);
  throw new RequestError(`${answer.status}: ${said || answer.statusText}`, answer.status);
}
