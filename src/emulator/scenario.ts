import { isJsonObject } from './json-object.ts';

/**
 * A list of faults, as plain JSON. Each entry holds the faults of one WebSocket, in the order in which the WebSockets are opened.
 * A connection that is refused at the upgrade counts. Connections beyond the list have no faults, unless the last entry is
 * `"repeat"`: then the entry before it applies to all of them.
 */
export type Scenario = readonly (readonly ScenarioStep[] | 'repeat')[];

/** An action and its moment. The action runs once. Steps that fall due together run in the order in which they are written. */
export interface ScenarioStep {
  readonly at: ScenarioMoment;
  readonly do: ScenarioAction;
}

/**
 * Moments of a connection:
 * - `"upgrade"`: the client has requested the WebSocket. Allows only `refuse`, `drop` and `silence`.
 * - `"setup"`: the client's setup message has arrived and is not answered yet.
 * - `frame`: the n-th frame that carries a piece of a reply (Gemini: modelTurn) has been sent.
 * - `turn`: the end of the n-th turn (Gemini: turnComplete and the resumption update after it) has been sent.
 * - `heard`: the n-th message of the client after setup has arrived and is not processed yet.
 * - `ms`: this time has passed since setup was completed, in ms.
 */
export type ScenarioMoment =
  | 'upgrade'
  | 'setup'
  | { readonly frame: number }
  | { readonly turn: number }
  | { readonly heard: number }
  | { readonly ms: number };

/**
 * Actions of the emulator:
 * - `goAway`: sends goAway with this timeLeft, in ms. Closes with 1008 if the client has not left by then.
 * - `close`: closes the WebSocket with this code and `reason`.
 * - `"drop"`: ends the TCP connection without a close frame. The client sees 1006.
 * - `"silence"`: sends nothing more and answers nothing more, not even a close frame. The socket stays open until the client
 *   ends the TCP connection.
 * - `"ignore"`: does not process the message that has just arrived. Allowed at `heard` only. Gemini 3.1 processes the message when realtime text
 *   arrives.
 * - `send`: sends a frame. A string is sent as it is, and need not be JSON. Any other value is sent as JSON.
 * - `refuse`: answers the upgrade with this HTTP status, 400 to 599. Allowed at `"upgrade"` only.
 * - `drain`: reads at most this many bytes of the client per second, on average. Kernel buffers hold some hundred kilobytes
 *   more. A client notices the limit when they are full.
 * - `"refuse handle"`: refuses a resumption handle in setup as unknown (1008). Allowed at `"setup"` only.
 * - `"not resumable"`: reports that the session cannot be resumed, now and in place of each further handle, until the turn ends
 *   and a handle is sent again. Applies only to a client that asked for handles.
 */
export type ScenarioAction =
  | 'drop'
  | 'silence'
  | 'ignore'
  | 'refuse handle'
  | 'not resumable'
  | { readonly goAway: number }
  | { readonly close: number; readonly reason?: string }
  | { readonly send: unknown }
  | { readonly refuse: number }
  | { readonly drain: number };

const MOMENTS = '"upgrade", "setup", {"frame": n}, {"turn": n}, {"heard": n} or {"ms": n}';
const ACTIONS =
  '"drop", "silence", "ignore", "refuse handle", "not resumable", {"goAway": ms}, {"close": code, "reason": text}, {"send": anything}, ' +
  '{"refuse": status} or {"drain": bytesPerSecond}';
const NAMED_ACTIONS: ReadonlySet<string> = new Set(['drop', 'silence', 'ignore', 'refuse handle', 'not resumable']);
/** Maximum size of the reason in a WebSocket close frame, in bytes. @see RFC 6455, section 5.5 */
const MAX_REASON_BYTES = 123;

/**
 * Validates a scenario.
 * @throws {TypeError} with a message that names the connection and the step
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
  if (stray !== undefined) throw new TypeError(`${path}: unknown field "${stray}"; a step has "at" and "do".`);
  if (!isMoment(value.at)) throw new TypeError(`${path}: "at" must be ${MOMENTS}; n is a whole number, 1 or more.`);
  if (!isAction(value.do)) throw new TypeError(`${path}: "do" must be ${ACTIONS}.`);
  const step = { at: value.at, do: value.do };
  const isAllowedAtUpgrade = step.do === 'drop' || step.do === 'silence' || isRefusal(step.do);
  if (step.at === 'upgrade' && !isAllowedAtUpgrade)
    throw new TypeError(`${path}: at "upgrade" only "drop", "silence" and {"refuse": status} can happen.`);
  if (step.at !== 'upgrade' && isRefusal(step.do))
    throw new TypeError(`${path}: {"refuse": status} can happen at "upgrade" only.`);
  if (step.at !== 'setup' && step.do === 'refuse handle')
    throw new TypeError(`${path}: "refuse handle" can happen at "setup" only.`);
  if (step.do === 'ignore' && !(isJsonObject(step.at) && 'heard' in step.at))
    throw new TypeError(`${path}: "ignore" can happen at {"heard": n} only.`);
  return step;
}

function isMoment(value: unknown): value is ScenarioMoment {
  if (value === 'upgrade' || value === 'setup') return true;
  const [name, amount, more] = readSingleField(value);
  if (more) return false;
  if (name === 'ms') return isNumber(amount, 0, 2 ** 31 - 1);
  return (name === 'frame' || name === 'turn' || name === 'heard') && isInteger(amount, 1, Number.MAX_SAFE_INTEGER);
}

function isAction(value: unknown): value is ScenarioAction {
  if (typeof value === 'string') return NAMED_ACTIONS.has(value);
  if (isJsonObject(value) && 'close' in value) {
    const { close, reason = '', ...others } = value;
    return (
      isCloseCode(close) &&
      typeof reason === 'string' &&
      Buffer.byteLength(reason) <= MAX_REASON_BYTES &&
      Object.keys(others).length === 0
    );
  }
  const [name, amount, more] = readSingleField(value);
  if (more) return false;
  if (name === 'send') return true;
  if (name === 'goAway') return isNumber(amount, 0, 2 ** 31 - 1);
  if (name === 'refuse') return isInteger(amount, 400, 599);
  return name === 'drain' && isNumber(amount, 1, Number.MAX_SAFE_INTEGER);
}

function isRefusal(action: ScenarioAction): action is { readonly refuse: number } {
  return typeof action === 'object' && 'refuse' in action;
}

/** Returns the only field of an object. `more` is true if the value is not an object with exactly one field. */
function readSingleField(value: unknown): [name: string, amount: unknown, more: boolean] {
  const [first, second] = isJsonObject(value) ? Object.entries(value) : [];
  return first === undefined ? ['', undefined, true] : [first[0], first[1], second !== undefined];
}

function isNumber(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}

function isInteger(value: unknown, least: number, most: number): value is number {
  return isNumber(value, least, most) && Number.isInteger(value);
}

/** Checks for a code that may travel in a close frame. @see RFC 6455, section 7.4, and IANA's registry of close codes */
function isCloseCode(value: unknown): value is number {
  return isInteger(value, 1000, 4999) && (value >= 3000 || (value <= 1014 && ![1004, 1005, 1006].includes(value)));
}
