import { isJsonObject } from './json-object.ts';

/**
 * What goes wrong on which connection, as plain JSON: one entry for each WebSocket in the order in which they open (a connection
 * that is refused at the upgrade counts). Connections beyond the list behave; `"repeat"` as the last entry has the one before it
 * happen to all of them.
 */
export type Scenario = readonly (readonly ScenarioStep[] | 'repeat')[];

/** Happens once. Steps that fall due together happen in the order in which they are written. */
export interface ScenarioStep {
  readonly at: ScenarioMoment;
  readonly do: ScenarioAction;
}

/**
 * - `"upgrade"`: the client asks for the WebSocket. Only `refuse`, `drop` and `silence` can happen here.
 * - `"setup"`: its setup message has come, and is not answered yet.
 * - `frame`: the n-th frame of this connection that carries a piece of a reply (modelTurn) has been sent.
 * - `turn`: the n-th turnComplete has been sent, and the resumption update after it.
 * - `heard`: the n-th message of the client after setup has come, and is not acted on yet.
 * - `ms`: so long after setupComplete.
 */
export type ScenarioMoment =
  | 'upgrade'
  | 'setup'
  | { readonly frame: number }
  | { readonly turn: number }
  | { readonly heard: number }
  | { readonly ms: number };

/**
 * - `goAway`: sends goAway with that timeLeft, ms, and closes with 1008 when it is over and the client has not left.
 * - `close`: a WebSocket close with this code, and `reason` if there is one.
 * - `"drop"`: the TCP connection ends without a close frame: the client sees 1006.
 * - `"silence"`: from now on nothing is sent and nothing answered, not even a close frame. The socket stays open until the
 *   client ends the TCP connection.
 * - `send`: a frame. A string goes out as it is, so that it need not be JSON; anything else as JSON.
 * - `refuse`: the upgrade is answered with this HTTP status, 400 to 599. At `"upgrade"` only.
 * - `drain`: from now on at most so many bytes of the client are read per second, on average. What the kernels buffer (some
 *   hundred kilobytes) comes before that: a client notices when it is full.
 * - `"refuse handle"`: a resumption handle in setup is refused as an unknown one (1008). At `"setup"` only.
 * - `"not resumable"`: where the session has asked for handles, says now, and instead of each handle that falls due, that it
 *   cannot be resumed; until the end of the turn, which brings a handle again.
 */
export type ScenarioAction =
  | 'drop'
  | 'silence'
  | 'refuse handle'
  | 'not resumable'
  | { readonly goAway: number }
  | { readonly close: number; readonly reason?: string }
  | { readonly send: unknown }
  | { readonly refuse: number }
  | { readonly drain: number };

const MOMENTS = '"upgrade", "setup", {"frame": n}, {"turn": n}, {"heard": n} or {"ms": n}';
const ACTIONS =
  '"drop", "silence", "refuse handle", "not resumable", {"goAway": ms}, {"close": code, "reason": text}, {"send": anything}, ' +
  '{"refuse": status} or {"drain": bytesPerSecond}';
/** What a WebSocket close frame may hold (RFC 6455, 5.5). */
const MAX_REASON_BYTES = 123;

/**
 * Checks what a file may hold.
 * @throws {TypeError} that names the connection and the step
 */
export function readScenario(value: unknown): Scenario {
  if (!Array.isArray(value)) throw new TypeError('A scenario must be a list with an entry for each connection.');
  return value.map((entry: unknown, index) => {
    const connection = `Scenario, connection ${index + 1}`;
    if (entry === 'repeat') {
      if (index === 0 || index < value.length - 1)
        throw new TypeError(`${connection}: "repeat" must come last, after what it repeats.`);
      return entry;
    }
    if (!Array.isArray(entry)) throw new TypeError(`${connection} must be a list of steps.`);
    return entry.map((step: unknown, place) => readStep(step, `${connection}, step ${place + 1}`));
  });
}

function readStep(value: unknown, path: string): ScenarioStep {
  if (!isJsonObject(value)) throw new TypeError(`${path} must be {"at": …, "do": …}.`);
  const stray = Object.keys(value).find((key) => key !== 'at' && key !== 'do');
  if (stray !== undefined) throw new TypeError(`${path}: it has "at" and "do", and no "${stray}".`);
  if (!isMoment(value.at)) throw new TypeError(`${path}: "at" must be ${MOMENTS}; n is a whole number, 1 or more.`);
  if (!isAction(value.do)) throw new TypeError(`${path}: "do" must be ${ACTIONS}.`);
  const step = { at: value.at, do: value.do };
  const beforeItOpens = step.do === 'drop' || step.do === 'silence' || isRefusal(step.do);
  if (step.at === 'upgrade' && !beforeItOpens)
    throw new TypeError(`${path}: at "upgrade" only "drop", "silence" and {"refuse": status} can happen.`);
  if (step.at !== 'upgrade' && isRefusal(step.do))
    throw new TypeError(`${path}: {"refuse": status} can happen at "upgrade" only.`);
  if (step.at !== 'setup' && step.do === 'refuse handle')
    throw new TypeError(`${path}: "refuse handle" can happen at "setup" only.`);
  return step;
}

function isMoment(value: unknown): value is ScenarioMoment {
  if (value === 'upgrade' || value === 'setup') return true;
  const [name, amount, more] = single(value);
  if (more) return false;
  if (name === 'ms') return isNumber(amount, 0, 2 ** 31 - 1);
  return (name === 'frame' || name === 'turn' || name === 'heard') && isWhole(amount, 1, Number.MAX_SAFE_INTEGER);
}

function isAction(value: unknown): value is ScenarioAction {
  if (value === 'drop' || value === 'silence' || value === 'refuse handle' || value === 'not resumable') return true;
  if (isJsonObject(value) && 'close' in value) {
    const { close, reason = '', ...others } = value;
    return (
      isCloseCode(close) &&
      typeof reason === 'string' &&
      Buffer.byteLength(reason) <= MAX_REASON_BYTES &&
      Object.keys(others).length === 0
    );
  }
  const [name, amount, more] = single(value);
  if (more) return false;
  if (name === 'send') return true;
  if (name === 'goAway') return isNumber(amount, 0, 2 ** 31 - 1);
  if (name === 'refuse') return isWhole(amount, 400, 599);
  return name === 'drain' && isNumber(amount, 1, Number.MAX_SAFE_INTEGER);
}

function isRefusal(action: ScenarioAction): action is { readonly refuse: number } {
  return typeof action === 'object' && 'refuse' in action;
}

/** The one field of an object; `more` if it is not one with one. */
function single(value: unknown): [name: string, amount: unknown, more: boolean] {
  const [first, second] = isJsonObject(value) ? Object.entries(value) : [];
  return first === undefined ? ['', undefined, true] : [first[0], first[1], second !== undefined];
}

function isNumber(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return isNumber(value, least, most) && Number.isInteger(value);
}

/** Those that may travel in a close frame (RFC 6455, 7.4; the registry of IANA). */
function isCloseCode(value: unknown): value is number {
  return isWhole(value, 1000, 4999) && (value >= 3000 || (value <= 1014 && ![1004, 1005, 1006].includes(value)));
}
