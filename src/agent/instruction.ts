import { callAuthor } from '../isolation/author-call.ts';
import { toErrorDetails } from '../wire/error-text.ts';
import { WireError } from '../wire/wire-error.ts';
import type { ReadonlyContext } from './invocation-context.ts';
import type { ReadonlyState } from './state.ts';

/** Function that creates the instruction of an agent for a connection to the model (ADK: InstructionProvider). */
export type InstructionProvider = (context: ReadonlyContext) => string | Promise<string>;

/** Receives why an instruction could not be created: clients do not learn what code of the author has thrown. */
export interface InstructionLogger {
  warn(details: object, message: string): void;
}

/** Maximum duration of a function that creates an instruction, in ms. The user waits for the connection. */
const PROVIDER_MS = 5_000;
/** Maximum length of what such a function returns, in characters. */
const MAX_CHARACTERS = 256 * 1024;
/**
 * A text in braces. ADK reads `{{name}}` as `{name}`. A search that could begin inside a row of braces would take the square of its length where the
 * closing ones are missing.
 */
const PLACEHOLDER = /(?<!\{)\{+([^{}]*)\}+/g;
/** Name in a placeholder that is a key of the state. All other braces are text. */
const STATE_KEY = /^(?:(?:app|user|temp):)?[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Fills the placeholders of a template with values of the state, as ADK does: `{name}`, `{user:name}`, `{app:name}`, `{temp:name}`, and `{name?}` for a key that
 * may be missing. Braces around anything but a key stay as they are.
 * @throws {WireError} instruction_failed if a key is missing
 */
export function fillTemplate(template: string, state: ReadonlyState): string {
  return template.replace(PLACEHOLDER, (whole, inner: string) => {
    const name = inner.trim();
    const isOptional = name.endsWith('?');
    const key = isOptional ? name.slice(0, -1) : name;
    if (!STATE_KEY.test(key)) return whole;
    const value = state.get(key);
    if (value !== undefined) return typeof value === 'object' ? JSON.stringify(value) : String(value);
    if (isOptional) return '';
    throw new WireError(
      'instruction_failed',
      `The instruction of the agent needs the key "${key}" of the state, which is not set`,
      `set the key before the conversation begins, or write {${key}?} in the instruction`,
    );
  });
}

/**
 * Creates the instruction for a connection: fills a template, or calls a function, whose result is no template.
 * @throws {WireError} instruction_failed
 */
export async function createInstruction(
  instruction: string | InstructionProvider,
  context: ReadonlyContext,
  logger: InstructionLogger | undefined,
): Promise<string> {
  if (typeof instruction === 'string') return fillTemplate(instruction, context.state);
  const { userId, sessionId, agentName } = context;
  const log = (error: unknown, message: string) =>
    logger?.warn({ userId, sessionId, agent: agentName, err: toErrorDetails(error) }, message);
  let created: unknown;
  try {
    created = await callAuthor(() => instruction(context), {
      ms: PROVIDER_MS,
      onLateFault: (error) => log(error, 'the function that creates the instruction failed after its end'),
    });
    if (typeof created !== 'string') throw new TypeError('the function returned something other than a text');
    if (created.length > MAX_CHARACTERS) {
      throw new RangeError(`the function returned ${created.length} characters; the limit is ${MAX_CHARACTERS}`);
    }
    return created;
  } catch (error) {
    if (WireError.is(error)) throw error;
    log(error, 'the function that creates the instruction of the agent has failed');
    throw new WireError('instruction_failed');
  }
}
